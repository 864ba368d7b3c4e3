// Runs after `npm ci`, on whatever Node the machine has, so it is plain JavaScript. Everything else
// runs on the Node in node_modules, which npm scripts find first in PATH. npm up to 10 drops the
// link to it, as the packages of both architectures have a command of that name: it is made here.
const { existsSync, mkdirSync, symlinkSync } = require('node:fs');
const { join } = require('node:path');

const name = `node-linux-${process.arch}`;
const link = join('node_modules', '.bin', 'node');
if (!existsSync(join('node_modules', name, 'bin', 'node'))) {
  console.error(
    `node_modules/${name} is missing: npm ci installs Node 24 there as an optional dependency, on ` +
      'Linux x64 and arm64; run it there, without --omit=optional',
  );
  process.exit(1);
}
if (!existsSync(link)) {
  mkdirSync(join('node_modules', '.bin'), { recursive: true });
  symlinkSync(join('..', name, 'bin', 'node'), link);
}
