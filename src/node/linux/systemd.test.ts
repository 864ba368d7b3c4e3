import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Host } from '../../ports.ts';
import { removeUnit, startUnit, stopUnit } from './systemd.ts';
import { renderUnit } from './systemd-unit.ts';

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

test('starting writes the unit, enables and restarts it; twice is harmless', async (t) => {
  // Goal: the order of steps, a unit that all may read. Method: a host that notes the steps; our
  // own tight umask.
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
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
