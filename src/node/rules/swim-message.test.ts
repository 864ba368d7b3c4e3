import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemberId, memberIdOf, meshIdOf } from '../../crdt/ids.ts';
import { openCrypto } from '../linux/crypto.ts';
import { createSwim, type Swim } from './swim.ts';
import {
  abbreviate,
  createSwimSigner,
  decodeSwim,
  encodeSwim,
  type Rumour,
  type SwimMessage,
} from './swim-message.ts';
import { LAN, presetFor, suspicionMs, WAN } from './swim-presets.ts';
import { LIFE, lifeAfter, lifeBeganMs, lifeOf, shownState } from './swim-sighting.ts';

const crypto = openCrypto();
const MESH = meshIdOf(new Uint8Array(32).fill(3));
const seedOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const idOf = (n: number): MemberId => memberIdOf(crypto.publicKey(seedOf(n)));
const signerOf = (n: number) => createSwimSigner(crypto, seedOf(n), MESH);
const signature = new Uint8Array(64).fill(9);
const about = abbreviate(idOf(2));

test('swim messages: each comes out as it went in, and nothing else comes out', () => {
  // Goal: the format. Method: one of each act with each rumour; then each prefix, and odd records.
  const rumours: readonly Rumour[] = [
    { kind: 'alive', about, incarnation: 7, signature },
    { kind: 'hearsay', about, incarnation: 7 },
    { kind: 'suspect', about, incarnation: 0 },
    { kind: 'dead', about, incarnation: 7 },
  ];
  const messages: readonly SwimMessage[] = [
    { act: 'news', rumours },
    { act: 'ping', sequence: 5, asker: null, rumours: [] },
    { act: 'ping', sequence: 5, asker: { member: about, sequence: 8 }, rumours },
    { act: 'ack', sequence: 5, signature: null, rumours: [] },
    { act: 'ack', sequence: 5, signature, rumours },
    { act: 'nack', sequence: 5, rumours: [] },
    { act: 'ask', sequence: 5, target: about, rumours: [] },
  ];
  for (const message of messages) {
    const bytes = encodeSwim(message);
    assert.deepEqual(decodeSwim(bytes), message);
    for (let end = 0; end < bytes.length; end += 1) {
      assert.equal(decodeSwim(bytes.subarray(0, end)), null);
    }
  }
  const many = {
    act: 'news',
    rumours: Array.from({ length: 41 }, () => rumours[1]),
  } as SwimMessage;
  assert.equal(decodeSwim(encodeSwim(many)), null);
  assert.equal(decodeSwim(encodeSwim({ act: 'nack', sequence: 2 ** 50, rumours: [] })), null);
});

/** A detector of member 1 that knows members 2 to 4, connected, and has heard of no doubt. */
const detector = (): Swim => {
  const own = { self: idOf(1), signer: signerOf(1), incarnation: 5 };
  const swim = createSwim({ ...own, draw: () => 0.5, neighboursOf: () => new Set() });
  const others = new Set([2, 3, 4].map(idOf));
  swim.setMembers(new Set([1, 2, 3, 4].map(idOf)), others);
  for (const n of [2, 3, 4]) swim.connected(idOf(n), 0);
  swim.take();
  return swim;
};

const news = (...rumours: readonly Rumour[]): SwimMessage => ({ act: 'news', rumours });

test('swim: only the member itself can say that it is alive, and only anew', () => {
  // Goal: forged, replayed and reordered words of life. Method: the same word signed by another,
  // for another incarnation, in another mesh; then the true one, an older one, the same again.
  const swim = detector();
  const alive = (incarnation: number, signed: Uint8Array): SwimMessage =>
    news({ kind: 'alive', about, incarnation, signature: signed });
  const known = (): number => swim.sighting(idOf(2))?.incarnation ?? -1;
  swim.hear(idOf(3), alive(9, signerOf(3).alive(9)), 1);
  swim.hear(idOf(3), alive(9, signerOf(2).alive(8)), 2);
  const elsewhere = createSwimSigner(crypto, seedOf(2), meshIdOf(new Uint8Array(32).fill(4)));
  swim.hear(idOf(3), alive(9, elsewhere.alive(9)), 3);
  assert.equal(known(), 0);
  swim.hear(idOf(3), alive(9, signerOf(2).alive(9)), 4);
  assert.equal(known(), 9);
  swim.hear(idOf(3), alive(8, signerOf(2).alive(8)), 5);
  assert.equal(known(), 9);
  assert.equal(swim.take().incarnation, null);
});

test('swim: which life a member is in is sure once it has said so itself', () => {
  // Goal: old words that are told again are known as such. Method: who knows nothing hears an old
  // word of member 2 and then the true one, by others, by itself, or without a signature.
  const word = (life: number): Rumour => ({
    ...{ kind: 'alive', about, incarnation: life * LIFE },
    signature: signerOf(2).alive(life * LIFE),
  });
  const sureAfter = (told: readonly (readonly [from: number, rumour: Rumour])[]) => {
    const swim = detector();
    return told.map(([from, rumour], index) => {
      swim.hear(idOf(from), news(rumour), 1_000 * (index + 1));
      const { incarnation = 0, heardMs = null, isLifeSure } = swim.sighting(idOf(2)) ?? {};
      return [lifeOf(incarnation), heardMs, isLifeSure];
    });
  };
  const sureLives = (told: readonly (readonly [from: number, life: number])[]) =>
    sureAfter(told.map(([from, life]) => [from, word(life)] as const));
  const [liar, old] = [[3, 2] as const, [2, 1_000, false] as const];
  const [byOthers, byItself] = [[5, 1_000, false] as const, [5, 1_000, true] as const];
  assert.deepEqual(sureLives([liar, [4, 2], [4, 5]]), [old, old, byOthers]);
  assert.deepEqual(sureLives([liar, [2, 5], liar]), [old, byItself, byItself]);
  assert.deepEqual(sureLives([liar, [4, 5], [2, 5]]), [old, byOthers, byItself]);
  const forged = { kind: 'alive', about, incarnation: 2 * LIFE, signature } as const;
  assert.deepEqual(sureAfter([[2, forged]]), [[0, null, false]]);
});

test('swim: a life is numbered by the minute it begins in, and later than the last', () => {
  // Goal: the age of a word shows, and no clock makes a life that others refuse. Method: the lives
  // after none, after one of this minute, after one of a clock that was ahead; clocks far off.
  const nowMs = Date.UTC(2026, 10, 29, 12, 0, 30);
  const life = lifeAfter(0, nowMs);
  assert.equal(lifeBeganMs(life), Date.UTC(2026, 10, 29, 12, 1));
  assert.equal(lifeAfter(life * LIFE + 3, nowMs), life + 1);
  assert.equal(lifeAfter((life + 90) * LIFE, nowMs), life + 91);
  assert.equal(lifeAfter(0, 0), 1);
  assert.equal(lifeAfter(LIFE, 0), 2);
  assert.ok(lifeAfter(0, Number.MAX_SAFE_INTEGER) * LIFE < 2 ** 48 / 2 + LIFE);
});

test('swim: whose greeting was lost is asked for its word, and gives it', () => {
  // Goal: who started before the other listened is known all the same. Method: connected and
  // silent, then its word; and what a member answers that is asked of itself.
  const swim = detector();
  const asks = (nowMs: number): readonly MemberId[] => {
    swim.tick(nowMs);
    const { messages } = swim.take();
    const own = messages.filter(
      ({ to, message }) => message.act === 'pull' && message.names.join() === abbreviate(to),
    );
    return own.map(({ to }) => to).toSorted();
  };
  assert.deepEqual(asks(1_000), [2, 3, 4].map(idOf).toSorted());
  const signature = signerOf(2).alive(LIFE);
  const word: Rumour = { kind: 'alive', about, incarnation: LIFE, signature };
  swim.hear(idOf(2), { act: 'news', rumours: [word] }, 1_500);
  assert.deepEqual(asks(2_500), [3, 4].map(idOf).toSorted());
  swim.hear(idOf(2), { act: 'pull', names: [abbreviate(idOf(1))], rumours: [] }, 2_600);
  const answers = swim.take().messages.flatMap(({ message }) => message.rumours);
  assert.ok(
    answers.some(({ kind, about: whom }) => kind === 'alive' && whom === abbreviate(idOf(1))),
  );
});

test('swim: a doubt about this member is refuted with its next life, once a second at most', () => {
  // Goal: a restarted member refutes old rumours, a flood of them wears nothing out. Method: a
  // doubt about an earlier life is none; a hundred about this one give one refutation; our own
  // word from a life that the disk has forgotten is outdone.
  const swim = detector();
  const self = abbreviate(idOf(1));
  const doubt = (incarnation: number) => news({ kind: 'dead', about: self, incarnation });
  swim.hear(idOf(2), doubt(4), 1_000);
  assert.equal(swim.take().incarnation, null);
  for (let n = 0; n < 100; n += 1) swim.hear(idOf(2), doubt(2 ** 40), 2_000 + n);
  assert.equal(swim.take().incarnation, 6);
  const forgotten = { kind: 'alive', about: self, incarnation: 41 } as const;
  swim.hear(idOf(2), news({ ...forgotten, signature: signerOf(2).alive(41) }), 4_000);
  assert.equal(swim.take().incarnation, null);
  swim.hear(idOf(2), news({ ...forgotten, signature: signerOf(1).alive(41) }), 4_001);
  assert.equal(swim.take().incarnation, LIFE);
});

test('swim: a helper cannot answer for the member that was asked', () => {
  // Goal: an indirect answer is the asked member's. Method: a probe without a direct answer; a
  // helper sends acks without a signature, with its own, with one for another question.
  const swim = detector();
  let probed: { readonly to: MemberId; readonly sequence: number } | null = null;
  for (let nowMs = 0; nowMs <= 600 && probed === null; nowMs += 100) {
    swim.tick(nowMs);
    for (const { to, message } of swim.take().messages) {
      if (message.act === 'ping') probed = { to, sequence: message.sequence };
    }
  }
  assert.ok(probed !== null);
  const { to, sequence } = probed;
  const helper = [2, 3, 4].map(idOf).find((id) => id !== to) ?? idOf(4);
  const number = [2, 3, 4].find((n) => idOf(n) === to) ?? 0;
  const asker = { member: abbreviate(idOf(1)), sequence };
  const ack = (signed: Uint8Array | null): SwimMessage => ({
    ...{ act: 'ack', sequence, signature: signed, rumours: [] },
  });
  swim.hear(helper, ack(null), 300);
  swim.hear(helper, ack(signerOf(9).answer(asker)), 310);
  swim.hear(helper, ack(signerOf(number).answer({ ...asker, sequence: sequence + 1 })), 320);
  for (let nowMs = 400; nowMs <= 2_500; nowMs += 100) swim.tick(nowMs);
  assert.equal(swim.sighting(to)?.mesh, 'suspect');
  const twin = detector();
  for (let nowMs = 0; nowMs <= 600; nowMs += 100) twin.tick(nowMs);
  twin.hear(helper, ack(signerOf(number).answer(asker)), 700);
  for (let nowMs = 800; nowMs <= 1_000; nowMs += 100) twin.tick(nowMs);
  assert.equal(twin.sighting(to)?.mesh, 'alive');
});

test('swim: time in which this program stood still is nobody’s fault', () => {
  // Goal: a pause of one's own makes nobody dead. Method: a probe is under way, then the clock
  // jumps by a minute; the twin's clock goes on and gets no answers.
  const [stood, went] = [detector(), detector()];
  for (const swim of [stood, went]) for (let nowMs = 0; nowMs < 900; nowMs += 100) swim.tick(nowMs);
  for (let nowMs = 60_000; nowMs < 60_900; nowMs += 100) stood.tick(nowMs);
  for (let nowMs = 900; nowMs < 60_900; nowMs += 100) went.tick(nowMs);
  const words = (swim: Swim) =>
    new Set(
      [2, 3, 4].map((n) => shownState(swim.sighting(idOf(n)) ?? { mesh: 'dead', own: 'untried' })),
    );
  assert.deepEqual([...words(stood)], ['alive']);
  assert.deepEqual([...words(went)], ['dead']);
});

test('swim: a probe that fails once is told to nobody', () => {
  // Goal: lost messages make no gossip. Method: nobody answers; what this member says of anybody
  // after one probe, and after the second. The twin has heard the doubt of another before.
  const told = (heard: boolean): readonly number[] => {
    const swim = detector();
    const atMs: number[] = [];
    for (let nowMs = 0; nowMs <= 3_000; nowMs += 100) {
      if (heard && nowMs === 500) {
        for (const n of [2, 3, 4]) {
          const doubt = { kind: 'hearsay', about: abbreviate(idOf(n)), incarnation: 0 } as const;
          swim.hear(idOf(n === 2 ? 3 : 2), news(doubt), nowMs);
        }
      }
      swim.tick(nowMs);
      const said = swim.take().messages.flatMap(({ message }) => message.rumours);
      if (said.some(({ kind }) => kind === 'suspect')) atMs.push(nowMs);
    }
    return atMs;
  };
  assert.deepEqual([told(false)[0], told(true)[0]], [2_500, 1_000]);
});

test('swim: a newcomer is greeted with the doubts that others know of, and no others', () => {
  // Goal: a doubt that is told to nobody is not told by way of greeting. Method: nobody answers;
  // what somebody who connects hears after one probe, and after the second.
  const toldAt = (connectMs: number): number => {
    const swim = detector();
    for (let nowMs = 0; nowMs < connectMs; nowMs += 100) swim.tick(nowMs);
    swim.take();
    swim.connected(idOf(4), connectMs);
    const said = swim.take().messages.filter(({ to }) => to === idOf(4));
    const rumours = said.flatMap(({ message }) => message.rumours);
    return rumours.filter(({ kind }) => kind === 'suspect' || kind === 'hearsay').length;
  };
  assert.equal(toldAt(2_000), 0);
  assert.ok(toldAt(3_500) > 0);
});

test('swim presets: most round trips decide; a suspicion shrinks with those who share it', () => {
  // Goal: the numbers. Method: tables.
  assert.equal(presetFor([1, 2, 150, 400], LAN), LAN);
  assert.equal(presetFor([1, 300, 250, 400], LAN), WAN);
  assert.equal(presetFor([150, 160], WAN), WAN);
  assert.equal(presetFor([80, 90], WAN), LAN);
  assert.equal(presetFor([], WAN), WAN);
  const seconds = [0, 1, 2, 9].map((others) => Math.round(suspicionMs(LAN, 20, others) / 100) / 10);
  assert.deepEqual(seconds, [24, 11.4, 4, 4]);
  assert.equal(suspicionMs(LAN, 2, 0), 4_000);
});
