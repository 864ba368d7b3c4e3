import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import { NO_INTRODUCTION } from './rules/sync-message.ts';
import { idOf } from './test-replica.ts';
import { openTwins } from './test-twins.ts';
import type { Twins } from './twins.ts';

interface Run {
  readonly key: PeerKey;
  readonly twins: Twins;
}

const run = (fill: number): Run => ({ key: idOf(fill), twins: openTwins(fill) });

/** One request and its answer. Tells whether either side heard news. */
const meet = (asking: Run, asked: Run): boolean => {
  const first = asked.twins.hear(asking.key, asking.twins.introduce(asked.key));
  return asking.twins.hear(asked.key, asked.twins.introduce(asking.key)) || first;
};

test('twins: a member that meets both VMs with one key brings each the proof of the other', () => {
  // Goal: a clone is noticed without anything being written. Method: rounds by way of one member.
  const [member, first, second] = [run(1), run(2), run(2)];
  assert.equal(meet(first, member), false, 'one run is no news');
  assert.equal(meet(second, member), true);
  for (let round = 0; round < 3; round += 1) {
    meet(member, first);
    meet(member, second);
  }
  assert.ok(first.twins.isTwinned());
  assert.ok(second.twins.isTwinned());
  assert.equal(member.twins.isTwinned(), false);
  assert.equal(meet(member, first) || meet(member, second), false, 'and then there is peace');
});

test('twins: a restart is no twin, however often', () => {
  // Goal: no false alarm stops an honest member. Method: five runs after one another.
  const member = run(1);
  for (let restart = 0; restart < 5; restart += 1) {
    const again = run(2);
    for (let round = 0; round < 4; round += 1) {
      meet(again, member);
      meet(member, again);
    }
    assert.equal(again.twins.isTwinned(), false);
  }
});

test('twins: what no holder of the key signed for this run is no proof', () => {
  // Goal: no member can stop another. Method: proofs of another key, of an earlier run, and junk.
  const [victim, twin, hostile] = [run(2), run(2), run(3)];
  const { instance } = victim.twins.introduce(hostile.key);
  assert.ok(instance !== null);
  const heard = { ...NO_INTRODUCTION, instance: new Uint8Array(16), heard: [instance] };
  twin.twins.hear(hostile.key, heard);
  const proofs = twin.twins.introduce(hostile.key).twins;
  assert.equal(proofs.length, 1);
  const tell = (told: readonly Uint8Array[]) =>
    victim.twins.hear(hostile.key, { ...NO_INTRODUCTION, instance: new Uint8Array(16), told });
  hostile.twins.hear(twin.key, heard);
  tell([...hostile.twins.introduce(victim.key).twins, Uint8Array.of(1), new Uint8Array(200)]);
  assert.equal(victim.twins.isTwinned(), false);
  victim.twins.renew();
  tell(proofs);
  assert.equal(victim.twins.isTwinned(), false, 'it speaks of an instance that is gone');
});

test('twins: the proof counts for the run of which it speaks', () => {
  // Goal: the positive twin of the test above, and what recovering rests on. Method: as there.
  const [victim, twin] = [run(2), run(2)];
  const tellEachOther = () => {
    const { instance } = victim.twins.introduce(twin.key);
    const heard = instance === null ? [] : [instance];
    twin.twins.hear(idOf(1), { ...NO_INTRODUCTION, instance: new Uint8Array(16), heard });
    const told = twin.twins.introduce(idOf(1)).twins;
    victim.twins.hear(idOf(1), { ...NO_INTRODUCTION, instance: new Uint8Array(16), told });
  };
  tellEachOther();
  assert.ok(victim.twins.isTwinned());
  victim.twins.renew();
  assert.equal(victim.twins.isTwinned(), false);
  tellEachOther();
  assert.ok(victim.twins.isTwinned(), 'it lives on');
});

test('twins: nobody fills memory', () => {
  // Goal: bounded. Method: a peer with a thousand instances that tells of a thousand of ours.
  const [member, flood] = [run(1), 'flood'.padEnd(52, 'a') as PeerKey];
  for (let count = 0; count < 1_000; count += 1) {
    const instance = new Uint8Array(16).fill(count).fill(count >> 8, 8);
    member.twins.hear(flood, { ...NO_INTRODUCTION, instance, heard: [instance] });
  }
  const { heard, told, twins } = member.twins.introduce(flood);
  assert.ok(heard.length <= 4 && told.length <= 4 && twins.length <= 4);
});
