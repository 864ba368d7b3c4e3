import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from './test-ports.ts';

const PROCESSES = 6;
const PORTS = 120;

test('processes that draw ports at once never draw the same one', async () => {
  // Goal: no test file takes another's port. Method: more ports than a block holds, drawn by
  // several processes at once and by this one, none of which listens on what it drew.
  const code = `
    import { freePort } from '${import.meta.dirname}/test-ports.ts';
    const ports = [];
    while (ports.length < ${PORTS}) ports.push(await freePort());
    console.log(JSON.stringify(ports));
    process.stdin.resume();`;
  const children = Array.from({ length: PROCESSES }, () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]),
  );
  const own: number[] = [];
  while (own.length < PORTS) own.push(await freePort());
  const said = children.map(
    ({ child }) => new Promise<string>((done) => child.stdout?.once('data', done)),
  );
  const drawn = [own, ...(await Promise.all(said)).map((text) => JSON.parse(text) as number[])];
  for (const { child } of children) child.stdin?.end();
  await Promise.all(children);
  const ports = drawn.flat();
  assert.equal(ports.length, (PROCESSES + 1) * PORTS);
  assert.equal(new Set(ports).size, ports.length);
});
