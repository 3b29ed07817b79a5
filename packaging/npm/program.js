// Finds the program for this platform. It is in a package of its own, of which npm installs the one that fits.
'use strict';

const path = require('node:path');
const platforms = require('./platforms.json');

// Only musl has no version of glibc in the report of Node.
function libc() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

function folder(name) {
  try {
    return path.dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** The path of the program. Throws a message that says what to do. */
module.exports = function program() {
  const platform = `${process.platform} ${process.arch}`;
  const fitting = platforms.filter(({ os, cpu }) => `${os} ${cpu}` === platform);
  if (fitting.length === 0) {
    const known = [...new Set(platforms.map(({ os, cpu }) => `${os} ${cpu}`))].join(', ');
    throw new Error(`clearance has no package for ${platform}, only for ${known}`);
  }
  // An npm that does not know `libc` installs both of Linux.
  const installed = fitting.filter(({ name }) => folder(name) !== undefined);
  const chosen = installed.length > 1 ? installed.find((one) => one.libc === libc()) : installed[0];
  if (chosen === undefined) {
    const names = fitting.map(({ name }) => name).join(' or ');
    throw new Error(
      `the package ${names} is not installed. Install clearance again with its optional dependencies: ` +
        'npm install --global --include=optional clearance',
    );
  }
  return path.join(folder(chosen.name), 'bin', 'clearance');
};
