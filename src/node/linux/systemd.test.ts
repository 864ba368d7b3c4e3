import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Host } from '../../ports.ts';
import { findProgram } from './command.ts';
import { removeUnit, renderUnit, startUnit, stopUnit } from './systemd.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-systemd-'));
after(() => rmSync(root, { recursive: true, force: true }));
const unitFile = join(root, 'cnsmo.service');
const places = { binary: '/usr/local/bin/cnsmo', state: '/var/lib/cnsmo', run: '/run/cnsmo' };

/** A host that notes what it is told; commands that begin with `failing` fail. */
function fakeHost(failing = 'nothing'): { host: Host; ran: string[] } {
  const ran: string[] = [];
  const fail = async (): Promise<never> => assert.fail();
  const host: Host = {
    run: async ({ argv }) => {
      ran.push(argv.join(' '));
      const isFailing = argv.join(' ').startsWith(failing);
      return { status: isFailing ? 5 : 0, stdout: '', stderr: isFailing ? 'a\nno such\n' : '' };
    },
    facts: fail,
    addresses: fail,
  };
  return { host, ran };
}

test('the unit keeps children alive, starts again and locks down only what we do not need', () => {
  // Goal: invariants 1 and 2. Method: lines that must and that must not be there.
  const lines = renderUnit(places).split('\n');
  for (const line of [
    'Type=exec',
    'ExecStart=/usr/local/bin/cnsmo daemon --state /var/lib/cnsmo --run /run/cnsmo',
    'Restart=always',
    'RestartSec=1',
    'KillMode=process',
    'After=network-online.target',
    'Wants=network-online.target',
    'NoNewPrivileges=yes',
    'WantedBy=multi-user.target',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  const banned = /^(PrivateDevices|PrivateTmp|ProtectClock|DeviceAllow|MemoryDenyWriteExecute)=/;
  for (const line of lines) assert.doesNotMatch(line, banned);
});

test('systemd itself finds no fault with the unit', async (t) => {
  // Goal: no misspelt setting. Method: systemd-analyze, with a binary that exists here.
  if (!(await findProgram('systemd-analyze'))) return t.skip('needs systemd-analyze');
  const path = join(root, 'cnsmo-verified.service');
  writeFileSync(path, renderUnit({ ...places, binary: '/usr/bin/env' }));
  const verify = 'systemd-analyze verify --man=no "$0" 2>&1 || true';
  const said = execFileSync('sh', ['-c', verify, path], { encoding: 'utf8' });
  const ours = said.split('\n').filter((line) => line.includes('cnsmo-verified'));
  assert.deepEqual(ours, []);
});

for (const path of ['/a b', '/a%n', '/a$x', '/a"b', "/a'b", '/a\nExecStart=/bin/sh', '/a;b', '']) {
  test(`the path ${JSON.stringify(path)} is refused`, () => {
    // Goal: no path adds a line or a word to the unit. Method: it in each of the three places.
    for (const name of ['binary', 'state', 'run']) {
      assert.throws(() => renderUnit({ ...places, [name]: path }), /cannot take as it is/);
    }
  });
}

test('starting writes the unit, enables and restarts it; twice is harmless', async () => {
  // Goal: the order of steps. Method: a host that notes them.
  for (let round = 0; round < 2; round += 1) {
    const { host, ran } = fakeHost();
    await startUnit(host, places, unitFile);
    const steps = ['daemon-reload', 'enable cnsmo.service', 'restart cnsmo.service'];
    assert.deepEqual(
      ran,
      steps.map((step) => `systemctl ${step}`),
    );
    assert.equal(readFileSync(unitFile, 'utf8'), renderUnit(places));
    assert.equal(statSync(unitFile).mode & 0o777, 0o644);
  }
});

test('a step that fails is a Fault that names it', async () => {
  // Goal: a clear error. Method: the second step fails; the third is not run.
  const { host, ran } = fakeHost('systemctl enable');
  const expected =
    /^Fault: systemd: systemctl enable cnsmo\.service: failed with status 5: no such/;
  await assert.rejects(startUnit(host, places, unitFile), expected);
  assert.equal(ran.length, 2);
});

test('stopping and removing do their steps, and nothing where there is no unit', async () => {
  // Goal: harmless when repeated. Method: with a unit, then on a host that knows none.
  writeFileSync(unitFile, 'x');
  const { host, ran } = fakeHost();
  await stopUnit(host);
  await removeUnit(host, unitFile);
  assert.deepEqual(ran, [
    'systemctl cat cnsmo.service',
    'systemctl stop cnsmo.service',
    'systemctl cat cnsmo.service',
    'systemctl disable --now cnsmo.service',
    'systemctl daemon-reload',
  ]);
  assert.equal(existsSync(unitFile), false);
  const bare = fakeHost('systemctl cat');
  await stopUnit(bare.host);
  await removeUnit(bare.host, unitFile);
  assert.deepEqual(bare.ran, ['systemctl cat cnsmo.service', 'systemctl cat cnsmo.service']);
});
