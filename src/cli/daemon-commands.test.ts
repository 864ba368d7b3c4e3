import assert from 'node:assert/strict';
import { test } from 'node:test';
import { done, noDaemon, run } from './test-local.ts';

const USUAL = { state: '/var/lib/cnsmo', run: '/run/cnsmo' };

const build = (version: string, commit?: string) =>
  done({ self: { version, ...(commit === undefined ? {} : { commit }) } });

test('daemon, start, stop: one act each, and a word about it', async () => {
  // Goal: what the machine is asked, and what a person is told. Method: a table of commands.
  const table = [
    ['daemon', false, ''],
    ['start', true, 'The daemon runs.\n'],
    ['stop', false, 'The daemon is stopped; the VPN keeps running.\n'],
  ] as const;
  const nowhere = await run(['stop'], { isMember: false });
  assert.equal(nowhere.out, 'The daemon is stopped; this VM is in no mesh.\n');
  for (const [command, running, says] of table) {
    const { status, out, err, acts } = await run([command]);
    assert.deepEqual([status, out, err], [0, says, ''], command);
    assert.deepEqual(acts, [[command, USUAL]]);
    const json = await run([command, '-o', 'json']);
    assert.deepEqual(JSON.parse(json.out), { running });
  }
});

test('restart: says which version ran before, and which runs now', async () => {
  // Goal: after an upgrade one sees that it took. Method: other, equal and unknown builds; the
  // stop comes before the start.
  const [old, next] = [build('0.1.0', 'aaa'), build('0.2.0', 'bbb')];
  const said = async (...answers: readonly (typeof old | typeof noDaemon)[]) =>
    (await run(['restart'], { answers: { 'GET /v1/status': answers } })).out;
  assert.equal(
    await said(old, next),
    'The daemon was restarted: 0.1.0 (aaa) before, 0.2.0 (bbb) now.\n',
  );
  assert.equal(await said(old, old), 'The daemon was restarted: still 0.1.0 (aaa).\n');
  assert.equal(await said(noDaemon, next), 'The daemon runs: 0.2.0 (bbb).\n');
  assert.equal(
    await said(build('0.0.9'), next),
    'The daemon was restarted: 0.0.9 before, 0.2.0 (bbb) now.\n',
  );
  const answers = { 'GET /v1/status': [old, next] };
  const { out, acts } = await run(['restart', '-o', 'json'], { answers });
  assert.deepEqual(JSON.parse(out), { running: true, before: '0.1.0 (aaa)', now: '0.2.0 (bbb)' });
  assert.deepEqual(
    acts.map(([act]) => act),
    ['call', 'stop', 'start', 'call'],
  );
});

test('help: no command names a longest wait that it may exceed', async () => {
  // Goal: start waits 180 s, stop 60, join as long as it gets on. Method: what each help says.
  for (const name of ['', 'start', 'stop', 'restart', 'init', 'join', 'status']) {
    const { out } = await run([name, '--help'].filter((word) => word !== ''));
    const said = /longest wait \(default: ([^)]*)\)/.exec(out.replaceAll(/\s+/g, ' '))?.[1];
    assert.equal(said, 'what the command needs, mostly 30s', name);
  }
});

test('help: services that may run are those that this build has', async () => {
  // Goal: nobody consents to what does not exist. Method: the help of each command that takes them.
  for (const name of ['init', 'join', 'consent']) {
    const help = (await run([name, '--help'])).out.replaceAll(/\s+/g, ' ');
    assert.match(
      help,
      /--services <list> services that may run here\W+(default: |of )vpn,firewall,lb\b/,
    );
    assert.doesNotMatch(help, /dns/, name);
  }
});
