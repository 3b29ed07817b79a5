#!/usr/bin/env node
// Prints the path of the program, for what should start it without Node.
'use strict';

try {
  process.stdout.write(`${require('./program.js')()}\n`);
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(127);
}
