import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_LIMITS, openAudit } from './audit.ts';
import { makeArchive } from './backup.ts';
import { prepareInit } from './init.ts';
import { openCrypto } from './linux/crypto.ts';
import { readLocalState } from './local-state.ts';
import { openReplica } from './replica.ts';
import { restoreMember } from './restore.ts';
import { readArchive } from './rules/archive.ts';
import { readSettings } from './rules/settings.ts';
import { listOf } from './test-audit.ts';
import { openHost } from './test-restore.ts';

const crypto = openCrypto();
const ALL = { sinceMs: null, path: 'intent/', author: null, countMax: 99, withFrames: false };

async function openOn({ ports }: ReturnType<typeof openHost>) {
  const replica = await openReplica(ports, await readLocalState(crypto, ports.disk));
  const audit = await openAudit(ports, replica, () => AUDIT_LIMITS);
  replica.onFrames(audit.note);
  return { replica, audit };
}

async function archived(host: ReturnType<typeof openHost>) {
  const { bytes } = await makeArchive(host.ports, { withKeys: true, version: '1.0.0' });
  const read = readArchive(crypto, bytes);
  assert.ok(read.ok);
  return read.archive;
}

test('audit copy: a restored member knows what generations replaced, and notes on', async () => {
  // Goal: nothing of history is lost with a VM. Method: three words at one path and a generation;
  // a backup, another host, a word more; the list is whole, and no file of another name is made.
  const host = openHost();
  const settings = readSettings({ mesh: 'shop', member: 'vm1', port: '7400' }, 'vm1', []);
  await prepareInit(host.ports, settings, async () => undefined);
  const { replica, audit } = await openOn(host);
  for (const value of [1, 2, 3]) await replica.write([{ path: 'intent/x', value }]);
  replica.reclaimKey();
  await replica.republish();
  await audit.flush();
  const archive = await archived(host);
  const fresh = openHost();
  const odd = { name: 'genesis', bytes: new Uint8Array(3) };
  const both = { ...archive, audit: [...archive.audit, odd, { ...odd, name: 'audit-../x-1' }] };
  await restoreMember(fresh.ports, both, {}, false);
  assert.ok(!fresh.files.has('audit-../x-1'));
  const again = await openOn(fresh);
  again.replica.confirm();
  await again.replica.write([{ path: 'intent/x', value: 4 }]);
  const changes = await listOf(again.audit, again.replica, ALL);
  assert.deepEqual(
    changes.map(({ before, after }) => [before, after]),
    [
      [null, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ],
  );
});

test('audit copy: of a log that is kept longer a backup has the newest', async () => {
  // Goal: bounded memory and file. Method: files of 25 MiB, three that count and a void one.
  const host = openHost();
  const settings = readSettings({ mesh: 'shop', member: 'vm1', port: '7400' }, 'vm1', []);
  await prepareInit(host.ports, settings, async () => undefined);
  const names = ['audit-0000000001-1', 'audit-0000000002-1', 'audit-0000000003-1'];
  for (const name of [...names, 'voided-0000000001-1']) {
    host.files.set(name, new Uint8Array(25 * 1024 * 1024));
  }
  const { audit } = await archived(host);
  assert.deepEqual(
    audit.map(({ name }) => name),
    ['audit-0000000003-1', 'audit-0000000002-1'],
  );
});
