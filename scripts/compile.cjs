// Compiles a program for scripts/boot.cjs: `node compile.cjs PROGRAM OUTPUT all|start`. Runs on the
// Node of the binary, as V8 takes only what was compiled by itself.
const { readFileSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const [, , path, output, how] = process.argv;
const source = readFileSync(path, 'latin1');
const filename = 'cnsmo.cjs';

const keep = (compiled) => {
  const cachedData = compiled.createCachedData();
  if (new Script(source, { filename, cachedData }).cachedDataRejected) {
    throw new Error('V8 refuses what it compiled itself');
  }
  writeFileSync(output, cachedData);
};

const compileAll = () => {
  setFlagsFromString('--no-lazy');
  const compiled = new Script(source, { filename });
  // V8 notes its settings in what it gives out, and takes it only where they are the same.
  setFlagsFromString('--lazy');
  keep(compiled);
};

// What a command compiles on its way to a daemon that is not there: most of what any command runs.
const compileStart = () => {
  const compiled = new Script(source, { filename });
  process.argv = [process.execPath, filename, 'status', '--run', '/nonexistent'];
  process.stderr.write = () => true;
  let isBroken = false;
  process.once('uncaughtExceptionMonitor', () => {
    isBroken = true;
  });
  process.once('exit', () => {
    if (isBroken) return;
    keep(compiled);
    process.exitCode = 0;
  });
  compiled.runInThisContext()(exports, require, module, __filename, __dirname);
};

if (how === 'all') compileAll();
else compileStart();
