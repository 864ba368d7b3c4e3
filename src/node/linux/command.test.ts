import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault, type FaultCode } from '../../fault.ts';
import { findProgram, missingTool, runCommand } from './command.ts';

const limits = { timeoutMs: 10_000, outputBytesMax: 1_000_000 };
const root = mkdtempSync(join(tmpdir(), 'cnsmo-command-'));
after(() => rmSync(root, { recursive: true, force: true }));

function isFault(code: FaultCode, ...parts: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code);
    for (const part of parts) assert.ok(error.message.includes(part), error.message);
    return true;
  };
}

test('status and both streams come back, also of a failing command', async () => {
  // Goal: non-zero is a result. Method: a script that prints on both streams and exits 3.
  const argv = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
  const expected = { status: 3, stdout: 'out\n', stderr: 'err\n' };
  assert.deepEqual(await runCommand({ argv }, limits), expected);
});

test('a signal counts as 128 + its number', async () => {
  // Goal: a status for every end. Method: a script that kills itself with 9.
  const result = await runCommand({ argv: ['sh', '-c', 'kill -9 $$'] }, limits);
  assert.equal(result.status, 137);
});

for (const hostile of ['; touch X', '$(touch X)', '`touch X`', 'a\nb', '-o', "'", '"', '*', '']) {
  test(`the argument ${JSON.stringify(hostile)} arrives literally`, async () => {
    // Goal: invariant 1. Method: printf repeats its operand; nothing was touched meanwhile.
    const operand = hostile.replace('X', join(root, 'X'));
    const result = await runCommand({ argv: ['printf', '%s|', operand, 'end'] }, limits);
    assert.deepEqual(result, { status: 0, stdout: `${operand}|end|`, stderr: '' });
    assert.equal(existsSync(join(root, 'X')), false);
  });
}

test('an argument with a NUL is refused and shown escaped', async () => {
  // Goal: a clear error instead of a cut argument. Method: NUL and a line break in one argument.
  const run = runCommand({ argv: ['printf', 'a\0b\nc'] }, limits);
  await assert.rejects(run, isFault('refused', 'command: printf a\\u0000b\\nc: holds a NUL'));
});

test('standard input reaches the command as bytes, and none is an empty one', async () => {
  // Goal: secrets by stdin. Method: bytes that are no text through od; then cat without any.
  const stdin = Uint8Array.from([0, 255, 10, 0]);
  const dump = await runCommand({ argv: ['od', '-An', '-tx1'], stdin }, limits);
  assert.equal(dump.stdout.trim(), '00 ff 0a 00');
  assert.equal((await runCommand({ argv: ['cat'] }, limits)).stdout, '');
});

test('a command that does not read its input is no failure', async () => {
  // Goal: a closed pipe is the command's choice. Method: 1 MB for `true`.
  const result = await runCommand({ argv: ['true'], stdin: new Uint8Array(1_000_000) }, limits);
  assert.equal(result.status, 0);
});

test('the environment is the fixed one', async () => {
  // Goal: invariant 2. Method: a secret and a locale in our own environment, then `env`.
  process.env.CNSMO_TOKEN = 'canary';
  process.env.LC_ALL = 'de_DE.UTF-8';
  const { stdout } = await runCommand({ argv: ['env'] }, limits);
  assert.deepEqual(stdout.trim().split('\n').sort(), [
    'LANG=C',
    'LC_ALL=C',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
});

test('at the deadline the whole group is killed, deaf ones and grandchildren too', async () => {
  // Goal: invariant 3 in time. Method: a child deaf to TERM waits for a grandchild that holds the
  // pipe; both must be gone, and the call must end long before they would.
  const script = `trap '' TERM; sleep 77 & echo $! > ${root}/pid; wait; sleep 77`;
  const startMs = performance.now();
  const run = runCommand({ argv: ['sh', '-c', script] }, { ...limits, timeoutMs: 1_000 });
  await assert.rejects(run, isFault('timeout', 'command: sh -c', 'after 1000 ms'));
  assert.ok(performance.now() - startMs < 10_000);
  const pid = readFileSync(join(root, 'pid'), 'utf8').trim();
  const deadlineMs = performance.now() + 10_000;
  while (existsSync(`/proc/${pid}`) && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(existsSync(`/proc/${pid}`), false);
});

test('a command that prints without end is stopped, one just below the cap is not', async () => {
  // Goal: invariant 3 in memory. Method: `yes`, then exactly as many bytes as allowed.
  const run = runCommand({ argv: ['yes'] }, { ...limits, outputBytesMax: 5000 });
  await assert.rejects(run, isFault('internal', 'command: yes: printed more than 5000 bytes'));
  const argv = ['head', '-c', '5000', '/dev/zero'];
  const fine = await runCommand({ argv }, { ...limits, outputBytesMax: 5000 });
  assert.equal(fine.stdout.length, 5000);
});

test('a missing tool names its package', () => {
  // Goal: the remedy. Method: known tools, an unknown one, one that would break the line.
  const remedies = ['ip', 'wg', 'nft', 'frob', 'a\nb'].map((tool) => missingTool(tool).message);
  const again = 'or run again with --install-tools';
  assert.deepEqual(remedies, [
    `tool: ip: not found; install the package iproute2, ${again}`,
    `tool: wg: not found; install the package wireguard-tools, ${again}`,
    `tool: nft: not found; install the package nftables, ${again}`,
    'tool: frob: not found; install frob and run it again',
    'tool: a\\nb: not found; install a\\nb and run it again',
  ]);
});

test('a file that cannot be executed counts as missing', async () => {
  // Goal: EACCES is no crash. Method: a file without the x bit, a directory, then the file with it.
  const path = join(root, 'tool');
  writeFileSync(path, '#!/bin/sh\necho works\n');
  await assert.rejects(runCommand({ argv: [path] }, limits), isFault('refused', 'not found'));
  assert.equal(await findProgram(path), null);
  assert.equal(await findProgram(root), null);
  chmodSync(path, 0o755);
  assert.equal((await runCommand({ argv: [path] }, limits)).stdout, 'works\n');
  assert.equal(await findProgram(path), path);
});

test('input can be opened by name, as wg opens it', async () => {
  // Goal: a command may open /dev/stdin, and one that just reads it gets all. By cat in both ways.
  const content = new TextEncoder().encode('secret\n'.repeat(20_000));
  for (const argv of [['cat', '/dev/stdin'], ['cat']]) {
    const result = await runCommand({ argv, stdin: content }, limits);
    assert.equal(result.stdout, new TextDecoder().decode(content));
  }
});
