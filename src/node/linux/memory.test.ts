import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { DAEMON_ENVIRONMENT, saveMemory } from './memory.ts';

/** A small buffer out of a slab that was made after now: 64 KiB of the one before are used up. */
const laterBuffer = (): Buffer => {
  for (let count = 0; count < 256; count += 1) Buffer.allocUnsafe(256);
  return Buffer.allocUnsafe(100);
};

test('a small buffer that is kept keeps 1 KiB at most', () => {
  // Goal: a member that came and went costs what is known of it. Method: look at the slab that
  // holds a buffer, before and after.
  assert.ok(laterBuffer().buffer.byteLength > 1024);
  saveMemory();
  assert.ok(laterBuffer().buffer.byteLength <= 1024);
});

/** Has 8 MB, then 20 MB in parts between which something small stays; says how many KB are left. */
const USER_OF_MEMORY = `
const { readFileSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const ownKb = () => Number(/^RssAnon:\\s+(\\d+)/m.exec(readFileSync('/proc/self/status'))[1]);
const freed = async () => { gc(); await sleep(50); gc(); await sleep(50); };
const used = (bytes) => Buffer.allocUnsafeSlow(bytes).fill(1);
const small = [];
const work = () => {
  const large = [];
  for (let count = 0; count < 100; count += 1) {
    large.push(used(200_000));
    small.push(used(20_000));
  }
};
(async () => {
  const emptyKb = ownKb();
  used(8e6);
  while (ownKb() > emptyKb + 4_000) await freed();
  const beforeKb = ownKb();
  work();
  for (let times = 0; times < 3; times += 1) await freed();
  console.log(ownKb() - beforeKb, small.length);
})();`;

const keptKb = (environment: Readonly<Record<string, string>>): number => {
  const argv = ['--expose-gc', '-e', USER_OF_MEMORY];
  return Number.parseInt(execFileSync(process.execPath, argv, { env: environment }).toString(), 10);
};

test('large memory goes back to the system, also after something larger was freed', () => {
  // Goal: what a daemon needed for a moment is not its own for ever. Method: a process that frees
  // what lies between small things, with a daemon's environment and, as a negative twin, without.
  assert.ok(keptKb(DAEMON_ENVIRONMENT) < 5_000);
  assert.ok(keptKb({}) > 15_000);
});
