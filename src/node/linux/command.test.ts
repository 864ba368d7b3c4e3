import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { Fault, type FaultCode } from '../../fault.ts';
import type { HostCommand } from '../../ports.ts';
import { findProgram, missingTool, runCommand } from './command.ts';
import { type RunLimits, type RunToEnd, runToEnd } from './command-run.ts';
import { environmentOf, FIXED_ENVIRONMENT } from './environment.ts';
import { FORK_SERVER } from './fork-frames.ts';
import { openForkServer } from './fork-server.ts';

const limits = { timeoutMs: 10_000, outputBytesMax: 1_000_000 };

function isFault(code: FaultCode, ...parts: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code);
    for (const part of parts) assert.ok(error.message.includes(part), error.message);
    return true;
  };
}

const main = join(import.meta.dirname, '../../main.ts');
const log = { warn: (event: string) => assert.fail(event) };
/** Who runs them: the same is true of both. */
const RUNNERS: Readonly<Record<string, RunToEnd>> = {
  'this process': runToEnd,
  'a fork server': openForkServer([process.execPath, main, FORK_SERVER], log, () => 1e9),
};

for (const [who, run] of Object.entries(RUNNERS)) {
  suite(`started by ${who}`, () => testRuns(run));
}

function testRuns(run: RunToEnd): void {
  const root = mkdtempSync(join(tmpdir(), 'cnsmo-command-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const start = (command: HostCommand, bounds: RunLimits) => runCommand(command, bounds, { run });

  test('status and both streams come back, also of a failing command', async () => {
    // Goal: non-zero is a result. Method: a script that prints on both streams and exits 3.
    const argv = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
    const expected = { status: 3, stdout: 'out\n', stderr: 'err\n' };
    assert.deepEqual(await start({ argv }, limits), expected);
  });

  test('a signal counts as 128 + its number', async () => {
    // Goal: a status for every end. Method: a script that kills itself with 9.
    const result = await start({ argv: ['sh', '-c', 'kill -9 $$'] }, limits);
    assert.equal(result.status, 137);
  });

  for (const hostile of ['; touch X', '$(touch X)', '`touch X`', 'a\nb', '-o', "'", '"', '*', '']) {
    test(`the argument ${JSON.stringify(hostile)} arrives literally`, async () => {
      // Goal: invariant 1. Method: printf repeats its operand; nothing was touched meanwhile.
      const operand = hostile.replace('X', join(root, 'X'));
      const result = await start({ argv: ['printf', '%s|', operand, 'end'] }, limits);
      assert.deepEqual(result, { status: 0, stdout: `${operand}|end|`, stderr: '' });
      assert.equal(existsSync(join(root, 'X')), false);
    });
  }

  test('standard input reaches the command as bytes, and none is an empty one', async () => {
    // Goal: secrets by stdin. Method: bytes that are no text through od; then cat without any.
    const stdin = Uint8Array.from([0, 255, 10, 0]);
    const dump = await start({ argv: ['od', '-An', '-tx1'], stdin }, limits);
    assert.equal(dump.stdout.trim(), '00 ff 0a 00');
    assert.equal((await start({ argv: ['cat'] }, limits)).stdout, '');
  });

  test('a command that does not read its input is no failure', async () => {
    // Goal: a closed pipe is the command's choice. Method: 1 MB for `true`.
    const result = await start({ argv: ['true'], stdin: new Uint8Array(1_000_000) }, limits);
    assert.equal(result.status, 0);
  });

  test('the environment is the fixed one', async () => {
    // Goal: invariant 2. Method: a secret and a locale in our own environment, then `env`.
    process.env.CNSMO_TOKEN = 'canary';
    process.env.LC_ALL = 'de_DE.UTF-8';
    const { stdout } = await start({ argv: ['env'] }, limits);
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
    const run = start({ argv: ['sh', '-c', script] }, { ...limits, timeoutMs: 1_000 });
    await assert.rejects(run, isFault('timeout', 'command: sh -c', 'after 1000 ms'));
    assert.ok(performance.now() - startMs < 10_000);
    const pid = readFileSync(join(root, 'pid'), 'utf8').trim();
    const deadlineMs = performance.now() + 10_000;
    while (existsSync(`/proc/${pid}`) && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(existsSync(`/proc/${pid}`), false);
  });

  test('what is no text comes back as text, the mark of a byte order once less', async () => {
    // Goal: the same whoever runs it. Method: two such marks, and bytes that are no UTF-8.
    const { stdout } = await start(
      { argv: ['printf', '\\357\\273\\277\\357\\273\\277\\377x'] },
      limits,
    );
    assert.equal(stdout, '\ufeff\ufffdx');
  });

  test('a command that prints without end is stopped, one just below the cap is not', async () => {
    // Goal: invariant 3 in memory. Method: `yes`, then exactly as many bytes as allowed.
    const run = start({ argv: ['yes'] }, { ...limits, outputBytesMax: 5000 });
    await assert.rejects(run, isFault('internal', 'command: yes: printed more than 5000 bytes'));
    const argv = ['head', '-c', '5000', '/dev/zero'];
    const fine = await start({ argv }, { ...limits, outputBytesMax: 5000 });
    assert.equal(fine.stdout.length, 5000);
  });

  test('a file that cannot be executed counts as missing', async () => {
    // Goal: EACCES is no crash. Method: a file without the x bit, a directory, then one with it.
    const path = join(root, 'tool');
    writeFileSync(path, '#!/bin/sh\necho works\n');
    await assert.rejects(start({ argv: [path] }, limits), isFault('refused', 'not found'));
    assert.equal(await findProgram(path), null);
    assert.equal(await findProgram(root), null);
    chmodSync(path, 0o755);
    assert.equal((await start({ argv: [path] }, limits)).stdout, 'works\n');
    assert.equal(await findProgram(path), path);
  });

  test('input can be opened by name, as wg opens it', async () => {
    // Goal: a command may open /dev/stdin, and one that just reads it gets all. Method: cat, twice.
    const content = new TextEncoder().encode('secret\n'.repeat(20_000));
    for (const argv of [['cat', '/dev/stdin'], ['cat']]) {
      const result = await start({ argv, stdin: content }, limits);
      assert.equal(result.stdout, new TextDecoder().decode(content));
    }
  });

  test('a program that cannot be started is a Fault, whatever keeps it from that', async () => {
    // Goal: what somebody typed as the program of a check stops no daemon. Method: names that lead
    // through a file, in a circle, or are too long; a file that is being written; an argument that
    // the kernel does not take.
    const circle = join(root, 'circle');
    symlinkSync(circle, circle);
    for (const path of ['/etc/passwd/x', circle, `/${'x'.repeat(1_000)}`]) {
      await assert.rejects(start({ argv: [path] }, limits), isFault('refused', 'not found'));
    }
    const busy = join(root, 'busy');
    writeFileSync(busy, '#!/bin/sh\n');
    chmodSync(busy, 0o755);
    const writer = openSync(busy, 'r+');
    const written = isFault('internal', 'could not be started: ETXTBSY');
    await assert.rejects(start({ argv: [busy] }, limits), written);
    closeSync(writer);
    assert.equal((await start({ argv: [busy] }, limits)).status, 0);
    const long = start({ argv: ['true', 'x'.repeat(200_000)] }, limits);
    await assert.rejects(long, isFault('internal', 'could not be started: E2BIG'));
  });

  test('whoever holds the pipe after the end in a session of its own holds up nobody', async () => {
    // Goal: invariant 3 in time, where the group is left. Method: a grandchild that setsid takes
    // out of the group sleeps on with our pipe.
    const startMs = performance.now();
    const argv = ['sh', '-c', `setsid sleep 77 & echo $! > ${root}/left`];
    await assert.rejects(start({ argv }, { ...limits, timeoutMs: 2_000 }), isFault('timeout'));
    assert.ok(performance.now() - startMs < 60_000);
    execFileSync('sh', ['-c', `kill -9 "$(cat ${root}/left)" || true`], { stdio: 'ignore' });
  });

  test('of whom nothing is heard, what it prints and leaves is nobody’s trouble', async () => {
    // Goal: checks of backends are any programs. Method: one prints 100 MB, more than is ever kept;
    // one leaves a child behind that holds what it prints to, which is gone as well; one hangs.
    const run = (script: string, timeoutMs = limits.timeoutMs) =>
      start({ argv: ['sh', '-c', script], isUnheard: true }, { ...limits, timeoutMs });
    const much = await run('head -c 100000000 /dev/zero; echo; exit 3');
    assert.deepEqual(much, { status: 3, stdout: '', stderr: '' });
    const startMs = performance.now();
    assert.equal((await run(`sleep 77 & echo $! > ${root}/child; exit 4`)).status, 4);
    assert.ok(performance.now() - startMs < limits.timeoutMs);
    const pid = readFileSync(join(root, 'child'), 'utf8').trim();
    const deadlineMs = performance.now() + 10_000;
    while (existsSync(`/proc/${pid}`) && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(existsSync(`/proc/${pid}`), false);
    await assert.rejects(run('sleep 77', 500), isFault('timeout'));
  });
}

test('a command that prints too much, or fails at length, costs little more than it prints', () => {
  // Goal: invariant 3 in memory. Method: 32 MiB and one byte, and 15 MiB of one that fails, in a
  // process of their own, which says how large it became; 90 MB of that is Node.
  const script = `
    import { runCommand } from '${import.meta.dirname}/command.ts';
    const limits = { timeoutMs: 60000, outputBytesMax: 32 * 1024 * 1024 };
    const run = (text) =>
      runCommand({ argv: ['sh', '-c', text] }, limits).catch(({ code }) => code);
    const [more, failed] = [await run('head -c 33554433 /dev/zero'),
      await run('head -c 15000000 /dev/zero; exit 3')];
    console.log(more, failed.status, failed.stdout.length, process.resourceUsage().maxRSS >> 10);`;
  const argv = ['--input-type=module', '-e', script];
  const said = execFileSync(process.execPath, argv, { encoding: 'utf8' }).trim().split(' ');
  const mostMb = Number(said.pop());
  assert.deepEqual(said, ['internal', '3', '15000000']);
  assert.ok(mostMb < 400, `${mostMb} MB`);
});

test('an argument with a NUL is refused and shown escaped', async () => {
  // Goal: a clear error instead of a cut argument. Method: NUL and a line break in one argument.
  const run = runCommand({ argv: ['printf', 'a\0b\nc'] }, limits);
  await assert.rejects(run, isFault('refused', 'command: printf a\\u0000b\\nc: holds a NUL'));
});

test('a missing tool names its package', () => {
  // Goal: the remedy. Method: known tools, an unknown one, one that would break the line.
  const remedies = ['ip', 'wg', 'nft', 'frob', 'a\nb'].map((tool) => missingTool(tool).message);
  const again = 'or run again with --install-tools';
  assert.deepEqual(remedies, [
    `tool: ip: not found; install the package iproute2 (dnf: iproute), ${again}`,
    `tool: wg: not found; install the package wireguard-tools, ${again}`,
    `tool: nft: not found; install the package nftables, ${again}`,
    'tool: frob: not found; install frob and run it again',
    'tool: a\\nb: not found; install a\\nb and run it again',
  ]);
});

test('nft is told how to take memory, and no other tool', async () => {
  // Goal: changes of large tables cost half of what they would. Method: what two tools find in
  // their environment, and what is handed to nft.
  assert.equal(environmentOf('ip'), FIXED_ENVIRONMENT);
  const { GLIBC_TUNABLES: told = '', ...rest } = environmentOf('nft');
  assert.match(told, /^glibc\.malloc\.hugetlb=1:/);
  assert.deepEqual(rest, FIXED_ENVIRONMENT);
  const { stdout } = await runCommand({ argv: ['env'] }, limits);
  assert.doesNotMatch(stdout, /GLIBC/);
});

test('a full memory file system is a Fault, and none while another has room', async (t) => {
  // Goal: anybody may fill /dev/shm, and stops no daemon by that. Method: file systems of 64 KiB in
  // place of both, of one of them, of none; 200 kB for a command.
  if (process.getuid?.() !== 0) return t.skip('needs root to mount');
  const script = `
    import { runCommand } from '${import.meta.dirname}/command.ts';
    const limits = { timeoutMs: 10000, outputBytesMax: 1000000 };
    const run = runCommand({ argv: ['wc', '-c'], stdin: new Uint8Array(200000) }, limits);
    console.log(await run.then(({ stdout }) => stdout.trim(), (e) => e.code + ' ' + e.message));`;
  const told = (...full: readonly string[]): string => {
    const mounts = full.map((place) => `mount -t tmpfs -o size=64k none ${place} && `).join('');
    const shell = `${mounts}exec "$0" --input-type=module -e "$1"`;
    const argv = ['-m', 'sh', '-c', shell, process.execPath, script];
    return execFileSync('unshare', argv, { encoding: 'utf8' }).trim();
  };
  assert.equal(told(), '200000');
  assert.equal(told('/dev/shm'), '200000');
  assert.match(told('/dev/shm', '/run'), /^refused disk: \/run: no space left on the file system/);
});

test('commands that are asked for at once start in turns of their own', async () => {
  // Goal: nobody waits for the sum of their starts. Method: four at once, and in which turn of the
  // event loop Node makes the process of each.
  const starts: number[] = [];
  let turn = 0;
  let next = setImmediate(() => undefined);
  const count = (): void => {
    turn += 1;
    next = setImmediate(count);
  };
  count();
  const note = (_: number, type: string): void => {
    if (type === 'PROCESSWRAP') starts.push(turn);
  };
  const hook = createHook({ init: note }).enable();
  await Promise.all(Array.from({ length: 4 }, () => runCommand({ argv: ['true'] }, limits)));
  hook.disable();
  clearImmediate(next);
  assert.deepEqual([starts.length, new Set(starts).size], [4, 4]);
});
