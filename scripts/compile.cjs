// Compiles a program for scripts/boot.cjs: `node compile.cjs PROGRAM OUTPUT all|start`. Runs on the
// Node of the binary, as V8 takes only what was compiled by itself.
const { readFileSync, writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const [, , path, output, how] = process.argv;
const source = readFileSync(path, 'latin1');
if (how === 'all') setFlagsFromString('--no-lazy');
const compiled = new Script(source, { filename: 'cnsmo.cjs' });
// V8 notes its settings in what it gives out, and takes it only where they are the same.
if (how === 'all') setFlagsFromString('--lazy');
const cachedData = compiled.createCachedData();
if (new Script(source, { filename: 'cnsmo.cjs', cachedData }).cachedDataRejected) {
  throw new Error('V8 refuses what it compiled itself');
}
writeFileSync(output, cachedData);
