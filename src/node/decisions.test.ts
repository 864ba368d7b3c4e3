import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trustPath } from '../crdt/paths.ts';
import { Fault } from '../fault.ts';
import type { Offer } from '../services/verb.ts';
import { labelMember, renameMember } from './naming.ts';
import { openApi, SELF } from './test-api.ts';

const ASKED = { caller: null, isForced: false };

/** A service that yields, and does not have a member with both labels. */
const ONE_OF_TWO: Offer = {
  name: 'fussy',
  verbs: {
    ...{ help: '', verbs: [], local: [], families: {} },
    *mustUphold(_scene, after) {
      yield;
      if (!after.members.some(({ labels }) => labels.a !== undefined && labels.b === '2'))
        return [];
      throw new Fault('refused', { field: 'a', value: 'b', why: 'both', remedy: 'one' });
    },
    *effects() {
      yield;
      return [];
    },
  },
};

/** The founder's node with a service that yields; `meanwhile`: what another says in each pause. */
async function openMesh(meanwhile: readonly Readonly<Record<string, string>>[] = []) {
  const { context, replica } = await openApi();
  const rest = [...meanwhile];
  const sleep = async (): Promise<void> => {
    const labels = rest.shift();
    if (labels !== undefined) {
      await replica.write([{ path: trustPath('label', SELF), value: { labels } }]);
    }
  };
  const ports = { ...context.ports, clock: { ...context.ports.clock, sleep } };
  const labelsNow = () => ({ ...replica.view().members[0]?.labels });
  return { context: { ...context, ports, services: [ONE_OF_TWO] }, labelsNow };
}

test('decisions: of two who change labels of one member at once none is lost', async () => {
  // Goal: what succeeded is true. Method: different labels, asked for in one turn.
  const { context, labelsNow } = await openMesh();
  const label = (change: string) => labelMember(context, 'vm1', [change], ASKED);
  await Promise.all([label('a=1'), label('b=1'), label('c=1')]);
  assert.deepEqual(labelsNow(), { a: '1', b: '1', c: '1' });
});

test('decisions: of two changes that are fine only alone the second is refused', async () => {
  // Goal: what operators asked for holds. Method: both asked for in one turn; the first stays.
  const { context, labelsNow } = await openMesh();
  const label = (change: string) => labelMember(context, 'vm1', [change], ASKED);
  const outcomes = await Promise.allSettled([label('a=1'), label('b=2')]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.deepEqual(labelsNow(), { a: '1' });
});

test('decisions: what others say of members meanwhile is judged, and kept', async () => {
  // Goal: no decision on what was. Method: labels that come in the pauses, harmless and not; as
  // many as there are pauses.
  const harmless = await openMesh([{ z: '1' }, { z: '2' }, { z: '3' }]);
  await labelMember(harmless.context, 'vm1', ['a=1'], ASKED);
  assert.deepEqual(harmless.labelsNow(), { a: '1', z: '3' });
  const clash = await openMesh([{ b: '2' }]);
  await assert.rejects(labelMember(clash.context, 'vm1', ['a=1'], ASKED), /both/);
  assert.deepEqual(clash.labelsNow(), { b: '2' });
});

test('decisions: changes are judged in the order in which they were asked for', async () => {
  // Goal: a refusal holds nothing up. Method: two renames of one name, and none between them.
  const { context } = await openMesh();
  const rename = (wish: string) => renameMember(context, 'vm1', wish);
  const outcomes = await Promise.allSettled([rename('db-1'), rename('!'), rename('web')]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  );
  assert.equal(context.replica.view().members[0]?.name, 'db-1');
});
