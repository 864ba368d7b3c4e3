import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemberId, memberIdOf } from '../../crdt/ids.ts';
import { openCrypto } from '../linux/crypto.ts';
import { abbreviate, encodeSwim, SWIM_BYTES_MAX } from './swim-message.ts';
import { createRumours } from './swim-rumours.ts';

const crypto = openCrypto();
const idOf = (n: number): MemberId => memberIdOf(crypto.publicKey(new Uint8Array(32).fill(n)));

test('swim rumours: they fit their room, take turns, and end', () => {
  // Goal: dissemination bounded in bytes. Method: a hundred doubts, taken by sixteen members until
  // nothing comes.
  const rumours = createRumours();
  for (let n = 0; n < 100; n += 1) {
    const name = abbreviate(idOf(10 + n));
    rumours.put({ kind: 'suspect', about: name, incarnation: 1 });
    rumours.put({ kind: 'dead', about: name, incarnation: 1 });
  }
  const told = new Map<string, number>();
  for (let round = 0; round < 1_000 && rumours.isUrgent(); round += 1) {
    const taken = rumours.take(idOf(round % 16), 500, 20);
    assert.ok(encodeSwim({ act: 'news', rumours: taken }).length <= 520);
    for (const { about: name, kind } of taken) {
      assert.equal(kind, 'dead');
      told.set(name, (told.get(name) ?? 0) + 1);
    }
  }
  assert.deepEqual([told.size, new Set(told.values())], [100, new Set([12])]);
  assert.ok(SWIM_BYTES_MAX > 520);
});

test('swim rumours: nobody is told twice, nor who told it', () => {
  // Goal: no gossip of what is known. Method: hearsay, a doubt at first hand and a word of life,
  // which some have told themselves; who is still to be told, and when it is over.
  const rumours = createRumours();
  const about = abbreviate(idOf(9));
  const [teller, near, far] = [idOf(1), idOf(2), idOf(3)];
  const toldTo = (to: MemberId) => rumours.take(to, 500, 20).map(({ kind }) => kind);
  const hearsay = { kind: 'hearsay', about, incarnation: 2 } as const;
  rumours.put(hearsay);
  rumours.note(teller, { kind: 'suspect', about, incarnation: 2 });
  rumours.note(near, { kind: 'hearsay', about, incarnation: 1 });
  assert.deepEqual([toldTo(teller), toldTo(near), toldTo(near)], [[], ['hearsay'], []]);
  rumours.settle([]); // Nobody is there to be told, and nobody tells the others.
  rumours.settle([teller, near, far]);
  assert.deepEqual([rumours.isUrgentFor(near), rumours.isUrgentFor(far)], [false, true]);
  rumours.settle([teller, near]);
  assert.deepEqual(toldTo(far), []);
  // What a member has not been able to reach itself counts with each who hears it.
  rumours.put({ kind: 'suspect', about, incarnation: 2 });
  rumours.note(teller, { kind: 'suspect', about, incarnation: 2 });
  assert.deepEqual(toldTo(teller), ['suspect']);
  const alive = { kind: 'alive', about, incarnation: 3, signature: new Uint8Array(64) } as const;
  rumours.put(alive, true);
  rumours.note(teller, hearsay);
  rumours.note(near, alive);
  assert.deepEqual([toldTo(teller), toldTo(near)], [['alive'], []]);
});

test('swim rumours: what a full queue lost is told again', () => {
  // Goal: news that was dropped on its way does not count as told. Method: told to one of two, who
  // then loses it, and to both before all is settled.
  const rumours = createRumours();
  const about = abbreviate(idOf(5));
  rumours.put({ kind: 'suspect', about, incarnation: 1 });
  const toldTo = (member: ReturnType<typeof idOf>) => rumours.take(member, 1_000, 20).length;
  assert.deepEqual([toldTo(idOf(2)), toldTo(idOf(3)), toldTo(idOf(2))], [1, 1, 0]);
  rumours.untell(idOf(2));
  rumours.settle([idOf(2), idOf(3)]);
  assert.deepEqual([toldTo(idOf(2)), toldTo(idOf(3))], [1, 0]);
  rumours.settle([idOf(2), idOf(3)]);
  rumours.untell(idOf(2));
  assert.equal(toldTo(idOf(2)), 0);
});

test('swim rumours: who takes nothing keeps no news from its end, and knows what it told', () => {
  // Goal: a queue that stays full costs a bounded number of messages. Method: one loses all that it
  // is told, until it is told nothing more; the twin has told the news itself.
  const timesTold = (isTeller: boolean): number => {
    const rumours = createRumours();
    const about = abbreviate(idOf(5));
    const hearsay = { kind: 'hearsay', about, incarnation: 1 } as const;
    rumours.put(hearsay);
    if (isTeller) rumours.note(idOf(2), hearsay);
    let times = 0;
    for (let round = 0; round < 100; round += 1) {
      rumours.settle([idOf(2), idOf(3)]);
      times += rumours.take(idOf(2), 1_000, 20).length;
      rumours.untell(idOf(2));
    }
    assert.equal(rumours.isUrgent(), isTeller);
    return times;
  };
  assert.deepEqual([timesTold(false), timesTold(true)], [12, 0]);
});
