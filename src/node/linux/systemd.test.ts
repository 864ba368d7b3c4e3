import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Host } from '../../ports.ts';
import { removeUnit, startUnit, stopUnit, whyNotStarted } from './systemd.ts';
import { renderBootUnit, renderUnit } from './systemd-unit.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-systemd-'));
after(() => rmSync(root, { recursive: true, force: true }));
const unitFile = join(root, 'cnsmo.service');
const places = { binary: '/usr/local/bin/cnsmo', state: '/var/lib/cnsmo', run: '/run/cnsmo' };

/** Answers to commands that begin so; `status` 0 and nothing printed when it is not said. */
type Answers = Readonly<Record<string, { status?: number; stdout?: string; stderr?: string }>>;

/** A host that notes what it is told, and answers as it was told to. */
function fakeHost(answers: Answers = {}): { host: Host; ran: string[] } {
  const ran: string[] = [];
  const fail = async (): Promise<never> => assert.fail();
  const host: Host = {
    run: async ({ argv }) => {
      const line = argv.join(' ');
      ran.push(line);
      const answer = Object.entries(answers).find(([begin]) => line.startsWith(begin))?.[1];
      return { status: 0, stdout: '', stderr: '', ...answer };
    },
    facts: fail,
    probe: fail,
    addresses: fail,
  };
  return { host, ran };
}

test('starting writes the unit, enables and starts it; twice is harmless', async (t) => {
  // Goal: the order of steps, a unit that all may read. Method: a host that notes the steps; our
  // own tight umask.
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  for (let round = 0; round < 2; round += 1) {
    const { host, ran } = fakeHost();
    await startUnit(host, places, unitFile);
    const steps = [
      'daemon-reload',
      'enable cnsmo.service cnsmo-boot.service',
      'start --no-block cnsmo.service',
    ];
    assert.deepEqual(
      ran,
      steps.map((step) => `systemctl ${step}`),
    );
    assert.equal(readFileSync(unitFile, 'utf8'), renderUnit(places));
    assert.equal(statSync(unitFile).mode & 0o777, 0o644);
    const bootFile = join(root, 'cnsmo-boot.service');
    assert.equal(readFileSync(bootFile, 'utf8'), renderBootUnit(places));
  }
});

test('a step that fails is a Fault that names it', async () => {
  // Goal: a clear error. Method: the second step fails; the third is not run.
  const { host, ran } = fakeHost({
    'systemctl enable': { status: 5, stderr: 'a\nno such\n' },
  });
  const expected =
    /^Fault: systemd: systemctl enable cnsmo.* cnsmo-boot\.service: failed with status 5: no such/;
  await assert.rejects(startUnit(host, places, unitFile), expected);
  assert.equal(ran.length, 2);
});

const LOADED = { 'systemctl show': { stdout: 'LoadState=loaded\n' } };
const UNKNOWN = { 'systemctl show': { stdout: 'LoadState=not-found\n' } };
const QUESTION = 'systemctl show --property=LoadState cnsmo.service';

test('stopping and removing do their steps, and nothing where there is no unit', async () => {
  // Goal: harmless when repeated. Method: with a unit, then on a host that knows none.
  writeFileSync(unitFile, 'x');
  const { host, ran } = fakeHost(LOADED);
  await stopUnit(host);
  await removeUnit(host, unitFile);
  assert.deepEqual(ran, [
    QUESTION,
    'systemctl stop cnsmo.service',
    QUESTION,
    'systemctl disable --now cnsmo.service',
    'systemctl disable cnsmo-boot.service',
    'systemctl reset-failed cnsmo.service',
    'systemctl daemon-reload',
  ]);
  assert.equal(existsSync(unitFile), false);
  assert.equal(existsSync(join(root, 'cnsmo-boot.service')), false);
  const bare = fakeHost(UNKNOWN);
  await stopUnit(bare.host);
  await removeUnit(bare.host, unitFile);
  assert.deepEqual(bare.ran, [QUESTION, QUESTION]);
});

test('a start has failed when its job is done and the daemon does not run', async () => {
  // Goal: no person waits for what has ended. Method: table of what systemd shows.
  const show = (job: string, state: string) =>
    `Job=${job}\nActiveState=${state}\nExecMainStatus=3\n`;
  const cases = [
    [show('17', 'inactive'), null],
    [show('17', 'activating'), null],
    [show('', 'active'), null],
    ['ActiveState=active\n', null],
    [show('', 'failed'), 'ended with status 3: port: 7300: in use'],
    [show('', 'activating'), 'ended with status 3: port: 7300: in use'],
  ] as const;
  for (const [stdout, expected] of cases) {
    const { host } = fakeHost({
      'systemctl show': { stdout },
      journalctl: { stdout: 'port: 7300: in use\n' },
    });
    assert.equal(await whyNotStarted(host), expected, stdout);
  }
  const silent = fakeHost({ 'systemctl show': { stdout: show('', 'failed') } });
  assert.equal(await whyNotStarted(silent.host), 'ended with status 3');
});
