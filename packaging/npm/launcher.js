#!/usr/bin/env node
// Starts the program, and ends as it ends.
'use strict';

const { spawn } = require('node:child_process');
const program = require('./program.js');

/** Ends like a shell that cannot find a command: clearance itself never ends with this code. */
function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(127);
}

let file;
try {
  file = program();
} catch (error) {
  fail(error.message);
}

const child = spawn(file, process.argv.slice(2), { stdio: 'inherit' });
child.on('error', (error) => fail(`${file} cannot be started: ${error.message}`));
// A terminal sends these to both processes. The program decides what they do.
for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
