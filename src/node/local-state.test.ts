import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64 } from '@scure/base';
import { memberIdOf } from '../crdt/ids.ts';
import { readAcquaintances } from './acquaintances.ts';
import { AUDIT_LIMITS, openAudit } from './audit.ts';
import { listAudit } from './audit-list.ts';
import { openTerms } from './core-terms.ts';
import { openEventLog } from './event-log.ts';
import { checkKeys } from './key-sums.ts';
import { openLedger } from './ledger.ts';
import { openCrypto } from './linux/crypto.ts';
import { readLocalState } from './local-state.ts';
import { openReplica } from './replica.ts';
import type { ListedChange } from './rules/audit-answer.ts';
import { GOLDEN_STATE } from './state-golden.table.ts';
import { createDisk, testClock } from './test-replica.ts';

const crypto = openCrypto();
const faults: string[] = [];
const log = {
  info: () => undefined,
  warn: (event: string) => void faults.push(event),
  error: (event: string) => void faults.push(event),
};

function goldenDisk() {
  const { disk, files } = createDisk();
  for (const [name, content] of Object.entries(GOLDEN_STATE)) {
    files.set(name, base64.decode(content));
  }
  return { disk, files };
}

test('golden: a state directory of the first format is read, file by file', async () => {
  // Goal: no later build strands a member. Method: what the first one wrote, read by all that read
  // it at a start, down to what it says; nothing of it is complained of or written anew.
  const { disk, files } = goldenDisk();
  const ports = { clock: testClock, crypto, disk, log };
  const local = await readLocalState(crypto, disk);
  await checkKeys(ports, local);
  assert.deepEqual([local.config.name, local.config.port], ['vm1', 7300]);
  const replica = await openReplica(ports, local);
  const { mesh, members, operators, intent } = replica.view();
  assert.deepEqual([mesh.name, members.map(({ name }) => name)], ['golden', ['vm1', 'web1']]);
  assert.deepEqual([operators.length, members[1]?.labels], [2, { role: 'web' }]);
  assert.deepEqual(
    intent.map(({ path, value }) => [path, JSON.stringify(value)]),
    [['intent/firewall/default/mesh-in', '{"action":"deny"}']],
  );

  const audit = await openAudit(ports, replica, () => AUDIT_LIMITS);
  const all = { sinceMs: null, path: 'intent/', author: null, countMax: 99, withFrames: true };
  const founder = memberIdOf(local.genesis.founderKey);
  const scene = { view: replica.view(), founder, spokenOf: replica.spokenOf };
  const listed: ListedChange[] = [];
  for await (const { changes } of listAudit(ports, audit, scene, all)) {
    listed.push(...changes);
  }
  assert.deepEqual(
    listed.map((one) => [one.path, one.isSigned]),
    [
      ['intent/firewall/rule/web', true],
      ['intent/firewall/default/mesh-in', true],
      ['intent/firewall/rule/web', true],
    ],
  );
  const [peer] = await readAcquaintances(disk);
  assert.deepEqual(peer?.endpoint, { host: '192.0.2.2', port: 7300 });
  assert.notEqual((await openTerms(disk, () => Number.MAX_SAFE_INTEGER)).highest(), null);
  const { earlier } = await openEventLog(ports);
  assert.ok(earlier.some(({ kind, member }) => kind === 'renamed' && member === 'web1'));
  const undoable = (await openLedger(disk)).ids();
  assert.deepEqual([...undoable].toSorted(), ['firewall-table', 'vpn-link', 'vpn-table']);
  assert.deepEqual(faults, []);
  for (const [name, content] of Object.entries(GOLDEN_STATE)) {
    assert.equal(base64.encode(files.get(name) ?? new Uint8Array()), content, name);
  }
});
