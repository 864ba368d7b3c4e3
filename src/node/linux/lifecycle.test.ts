import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { Host } from '../../ports.ts';
import { startDaemon, stopDaemon } from './lifecycle.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-life-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

const fail = async (): Promise<never> => assert.fail();

/** A host with or without systemd, which notes what it is told. */
function hostWith(hasSystemd: boolean): { host: Host; ran: string[] } {
  const ran: string[] = [];
  const facts = { hostname: 'vm', isRoot: true, hasTun: true };
  const host: Host = {
    run: async ({ argv }) => {
      ran.push(argv.join(' '));
      return { status: 0, stdout: '', stderr: '' };
    },
    facts: async () => ({ ...facts, hasSystemd, tools: {} }),
    probe: fail, // Whether systemd runs is no reason to make an interface.
    addresses: fail,
  };
  return { host, ran };
}

let count = 0;

/** A process that holds a fresh state as `holder` and does `act` besides. */
async function hold(holder: 'daemon' | 'command', act: string) {
  count += 1;
  const directories = { state: join(root, `state-${count}`), run: join(root, `run-${count}`) };
  const code = `
    import { appendFileSync } from 'node:fs';
    import { createServer } from 'node:http';
    import { lockState } from '${import.meta.dirname}/daemon-lock.ts';
    const [state, run] = process.argv.slice(1);
    await lockState(state, run, '${holder}');
    process.once('SIGTERM', () => process.exit(7));
    ${act}
    console.log('held');
    setInterval(() => undefined, 1000);`;
  const argv = ['--input-type=module', '-e', code, directories.state, directories.run];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return { child, directories, ended: once(child, 'exit') };
}

const ANSWERS = `
  const serve = (request, response) => {
    response.end('{}');
    if (request.url === '/v1/stop') setTimeout(() => process.exit(0), 100);
  };
  await new Promise((done) => createServer(serve).listen(run + '/api.sock', done));`;
const SILENT = `
  await new Promise((done) => createServer(() => undefined).listen(run + '/api.sock', done));`;

test('stop: a daemon that answers is asked and not signalled', async () => {
  // Goal: an orderly end. Method: how the process ended.
  const { directories, ended } = await hold('daemon', ANSWERS);
  await stopDaemon(hostWith(false).host, directories);
  assert.deepEqual(await ended, [0, null]);
});

test('stop: a daemon that was started by hand is asked after the unit was stopped', async () => {
  // Goal: on hosts with systemd too. Method: the same, as if these were the unit's directories.
  const { directories, ended } = await hold('daemon', ANSWERS);
  const { host, ran } = hostWith(true);
  await stopDaemon(host, directories, null, directories);
  assert.deepEqual(await ended, [0, null]);
  assert.ok(ran.includes('systemctl stop cnsmo.service'));
});

test('stop: a daemon that does not answer is signalled', async () => {
  // Goal: no daemon that only kill ends. Method: one without an API, one that is silent on it.
  for (const act of ['', SILENT]) {
    const { directories, ended } = await hold('daemon', act);
    await stopDaemon(hostWith(false).host, directories);
    assert.deepEqual(await ended, [7, null]);
  }
});

test('stop: a command that holds the state is waited for and not signalled', async () => {
  // Goal: a join is not cut by a stop. Method: a holder that is no daemon and ends after a while.
  const { directories, ended } = await hold('command', 'setTimeout(() => process.exit(0), 1_000);');
  await stopDaemon(hostWith(false).host, directories);
  assert.deepEqual(await ended, [0, null]);
});

test('stop: it waits no longer than it may', async () => {
  // Goal: --timeout is kept. Method: a holder that stays, and a limit far below the usual one.
  const { directories } = await hold('command', '');
  const startMs = performance.now();
  await assert.rejects(stopDaemon(hostWith(false).host, directories, 300), { code: 'timeout' });
  assert.ok(performance.now() - startMs < 5_000);
});

test('start: a daemon that another command has just started is waited for', async () => {
  // Goal: two starts at once are one. Method: a daemon that has the state and answers later on;
  // starting one here would run this file again, and that ends at once.
  const { directories } = await hold('daemon', `setTimeout(async () => { ${ANSWERS} }, 500);`);
  await startDaemon(hostWith(false).host, directories, async () => undefined);
});

test('start: a command that keeps the state is no daemon', async () => {
  // Goal: no success that is none, and no second process on the state. Method: a holder that stays.
  const { directories } = await hold('command', '');
  const starting = startDaemon(hostWith(false).host, directories, async () => undefined, 300);
  await assert.rejects(starting, { code: 'timeout' });
});

test('start: a daemon that is slow to answer is waited for, and asked once', async () => {
  // Goal: no failure that is none on a host with little CPU; nor is what it works on thrown away
  // and asked again. Method: each answer takes longer than other looks at a daemon may take.
  const slow = `
    const asked = run + '/asked';
    const serve = (request, response) => {
      appendFileSync(asked, '.');
      setTimeout(() => response.end('{}'), 2_500);
    };
    await new Promise((done) => createServer(serve).listen(run + '/api.sock', done));`;
  const { directories } = await hold('daemon', slow);
  await startDaemon(hostWith(false).host, directories, async () => undefined, 20_000);
  assert.equal(readFileSync(join(directories.run, 'asked'), 'utf8'), '.');
});

test('start: a daemon that lives is not said to have failed', async () => {
  // Goal: the exit status of a wait that is over, and what to do. Method: one that stays silent.
  const { directories } = await hold('daemon', SILENT);
  const starting = startDaemon(hostWith(false).host, directories, async () => undefined, 300);
  const message = /not answer yet.*status --wait ready/;
  await assert.rejects(starting, { code: 'timeout', message });
});

/** Directories of a daemon that is this script; what runs us is put back after the test. */
function directoriesOf(t: TestContext, script: string) {
  count += 1;
  const directories = { state: join(root, `state-${count}`), run: join(root, `run-${count}`) };
  mkdirSync(directories.state);
  const file = join(root, `daemon-${count}.ts`);
  writeFileSync(file, script);
  const [, before = ''] = process.argv;
  process.argv[1] = file;
  t.after(() => {
    process.argv[1] = before;
  });
  return directories;
}

test('start: a daemon that ends is told at once, how and by its last word', async (t) => {
  // Goal: nobody waits for it, nor has to look into the log. Method: daemons that end by
  // themselves and by a signal; an old log, whose last word is none of theirs.
  const says = "console.error('port: 7300: in use; choose another');";
  const cases = [
    [`${says} process.exit(3);`, /ended with status 3: port: 7300: in use; choose another; read/],
    ["process.kill(process.pid, 'SIGKILL');", /ended by SIGKILL; read/],
  ] as const;
  for (const [script, expected] of cases) {
    const directories = directoriesOf(t, script);
    writeFileSync(join(directories.state, 'log'), 'old\n');
    const startMs = performance.now();
    const starting = startDaemon(hostWith(false).host, directories, async () => undefined);
    await assert.rejects(starting, { code: 'internal', message: expected });
    assert.ok(performance.now() - startMs < 30_000);
  }
});

test('start: a state that a leave has just taken away is told as that', async () => {
  // Goal: no failure that should not happen. Method: a directory that is gone at the second check.
  const directories = { state: join(root, 'gone'), run: join(root, 'gone-run') };
  let checks = 0;
  const check = async (): Promise<void> => {
    checks += 1;
    if (checks > 1) throw new Error('empty');
  };
  await assert.rejects(startDaemon(hostWith(false).host, directories, check), /empty/);
});
