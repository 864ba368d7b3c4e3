import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type LogLevel, openLog } from './log.ts';
import { openDescriptor } from './log-file.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-log-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** The lines that `act` makes a log of this level write. */
function logged(level: LogLevel, act: (log: ReturnType<typeof openLog>) => void): string[] {
  count += 1;
  const path = join(root, String(count));
  const descriptor = openSync(path, 'w');
  act(openLog(level, openDescriptor(descriptor)));
  closeSync(descriptor);
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

test('an event is one line with time, level, event and its facts apart', () => {
  // Goal: the form of a line. Method: facts with the names of the line's own members.
  const [line = ''] = logged('info', (log) =>
    log.info('joined', { level: 'x', time: 1, event: 2 }),
  );
  const parsed = JSON.parse(line);
  assert.deepEqual(Object.keys(parsed), ['level', 'time', 'facts', 'event']);
  assert.match(parsed.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(
    { ...parsed, time: '' },
    { level: 'info', time: '', event: 'joined', facts: { level: 'x', time: 1, event: 2 } },
  );
});

for (const [level, expected] of [
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
  ['silent', []],
] as const) {
  test(`level ${level} writes ${expected.join(', ') || 'nothing'}`, () => {
    // Goal: levels. Method: one event of each.
    const lines = logged(level, (log) => {
      log.info('a');
      log.warn('b');
      log.error('c');
    });
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).level),
      expected,
    );
  });
}

test('no text can forge a line, drive a terminal or fill the disk', () => {
  // Goal: no trust in what peers say. Method: hostile texts as event, as name and as value; the raw
  // bytes.
  const hostile = 'a\n{"level":"error"}\r\u001b[2J\u009b\u202e\u2028\u0000%s %d';
  const [line = '', ...rest] = logged('info', (log) =>
    log.info(hostile, { [hostile]: hostile, long: 'x'.repeat(100_000) }),
  );
  assert.deepEqual(rest, []);
  assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}]/u);
  const parsed = JSON.parse(line);
  const shown = 'a\\n{"level":"error"}\\r\\u{1b}[2J\\u{9b}\\u{202e}\\u{2028}\\u{0}%s %d';
  assert.equal(parsed.event, shown);
  assert.equal(parsed.facts[shown], shown);
  assert.equal(parsed.facts.long.length, 300);
  assert.match(parsed.facts.long, /^x{299}…$/);
});

test('what is named as a secret is not written, wherever it stands', () => {
  // Goal: a net for secrets. Method: canaries under every name, as text, bytes and inside of
  // records.
  const canary = 'canary';
  const bytes = new TextEncoder().encode(canary);
  const facts: Record<string, unknown> = { fine: 'yes', bytes, keyring: 1, exitCode: 3 };
  for (const name of ['key', 'seed', 'secret', 'token', 'psk', 'code', 'password', 'keys']) {
    facts[name] = canary;
    facts[`some${name.toUpperCase()}`] = bytes;
    facts[`in-${name}`] = { deep: [canary] };
    facts[`of ${name}`] = { [name]: canary };
  }
  const [line = ''] = logged('info', (log) => log.info('x', facts));
  assert.doesNotMatch(line, /canary|Y2FuYXJ5|99,97,110/);
  const parsed = JSON.parse(line).facts;
  assert.equal(parsed.fine, 'yes');
  assert.equal(parsed.bytes, '(6 bytes)');
  assert.equal(parsed.exitCode, 3);
});

for (const [name, redirection] of [
  ['a full disk', '> /dev/full'],
  ['a reader that went away', '| true'],
] as const) {
  test(`${name} does not stop the daemon`, () => {
    // Goal: invariant 3. Method: a real process whose output cannot be written says on stderr that
    // it went on.
    const code = `
      import { openLog } from '${import.meta.dirname}/log.ts';
      await new Promise((resolve) => setTimeout(resolve, 100));
      const log = openLog('info');
      for (let i = 0; i < 100; i += 1) log.info('x', { i });
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.error('went on');`;
    const shell = `{ "$0" --input-type=module -e "$1" ${redirection}; } 2>&1`;
    const argv = ['-c', shell, process.execPath, code];
    assert.equal(execFileSync('sh', argv, { encoding: 'utf8' }), 'went on\n');
  });
}
