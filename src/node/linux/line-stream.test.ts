import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProgram } from './command.ts';
import { followLines } from './line-stream.ts';

const never = new AbortController().signal;

test('arguments are literal and the last line comes before the end', async () => {
  // Goal: no shell, no lost tail. Method: a hostile operand printed without a line end.
  const lines: string[] = [];
  await followLines(['printf', '%s', '$(id); x'], (line) => void lines.push(line), never);
  assert.deepEqual(lines, ['$(id); x']);
});

test('an abort kills a monitor that prints nothing', async () => {
  // Goal: no wait without end. Method: a silent monitor; the abort comes from outside.
  const controller = new AbortController();
  const ended = followLines(['sleep', '600'], assert.fail, controller.signal);
  setTimeout(() => controller.abort(), 50);
  await ended;
});

test('monitors that start together try once whether they can be made to die', async (t) => {
  // Goal: no process more than needed as a daemon starts. Method: three monitors, in a mount
  // namespace where setpriv notes its arguments before it does what it is asked.
  const guard = await findProgram('setpriv');
  if (!guard || process.getuid?.() !== 0) return t.skip('needs setpriv, and root to replace it');
  const folder = mkdtempSync(join(tmpdir(), 'cnsmo-guard-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [real, noting, noted] = ['real', 'noting', 'noted'].map((name) => join(folder, name));
  copyFileSync(guard, real ?? '');
  const script = `#!/bin/sh\necho "$*" >> ${noted}\nexec ${real} "$@"\n`;
  writeFileSync(noting ?? '', script, { mode: 0o755 });
  const code = `
    import { followLines } from '${import.meta.dirname}/line-stream.ts';
    const follow = () => followLines(['echo', 'said'], console.log, new AbortController().signal);
    await Promise.all([follow(), follow(), follow()]);`;
  const argv = [noting ?? '', guard, process.execPath, '--input-type=module', '-e', code];
  const daemon = spawn('unshare', [
    '-m',
    'sh',
    '-c',
    'mount --bind "$0" "$1"; shift; "$@"',
    ...argv,
  ]);
  let said = '';
  daemon.stdout.on('data', (text: Buffer) => {
    said += text.toString();
  });
  await once(daemon, 'close');
  assert.equal(said, 'said\n'.repeat(3));
  const words = readFileSync(noted ?? '', 'utf8')
    .trimEnd()
    .split('\n');
  assert.equal(words.filter((line) => line.endsWith(' true')).length, 1);
  assert.equal(words.length, 1 + 3);
});

for (const [how, hidesGuard] of [
  ['SIGKILL', false],
  ['exit', false],
  ['exit', true],
] as const) {
  const where = hidesGuard ? ', without setpriv too' : '';
  test(`a monitor does not outlive a daemon that ends by ${how}${where}`, async (t) => {
    // Goal: no orphans. Method: another process follows a silent monitor, then ends. Without
    // setpriv: in a mount namespace where something that does not run covers it.
    const guard = await findProgram('setpriv');
    if (!guard && how === 'SIGKILL') return t.skip('needs setpriv');
    if (hidesGuard && process.getuid?.() !== 0) return t.skip('needs root to hide setpriv');
    const code = `
      import { followLines } from '${import.meta.dirname}/line-stream.ts';
      const argv = ['sh', '-c', 'echo $$; exec sleep 600'];
      process.on('SIGTERM', () => process.exit(0));
      await followLines(argv, console.log, new AbortController().signal);`;
    const daemonArgv = [process.execPath, '--input-type=module', '-e', code];
    const hide = 'mount --bind /dev/null "$0" && exec "$@"';
    const hiding = ['unshare', '-m', 'sh', '-c', hide, guard ?? '', ...daemonArgv];
    const [program = '', ...operands] = hidesGuard && guard ? hiding : daemonArgv;
    const daemon = spawn(program, operands);
    const [printed] = await once(daemon.stdout, 'data');
    const path = `/proc/${String(printed).trim()}`;
    assert.ok(existsSync(path));
    daemon.kill(how === 'exit' ? 'SIGTERM' : 'SIGKILL');
    await once(daemon, 'exit');
    const deadlineMs = performance.now() + 10_000;
    while (existsSync(path) && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(existsSync(path), false);
  });
}
