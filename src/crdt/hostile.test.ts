import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as Y from 'yjs';
import { frameHash } from './frame.ts';
import { clientIdOf, inspectUpdate } from './gate.ts';
import { bytesOfId } from './ids.ts';
import { attacksAfter, bytesOf, firstAttacks, honestUpdates } from './test-attacks.ts';
import { entriesWith, REFUSED } from './test-cbor.ts';
import { floodsOn, manyRoots, nestedMaps, runLengthBomb } from './test-floods.ts';
import {
  bodyOf,
  entryBytes,
  forge,
  idOf,
  NOW,
  openTestStore,
  pair,
  picture,
  say,
  stateOf,
  testCrypto,
  verdictOf,
} from './test-mesh.ts';
import type { View } from './view.ts';

const clientOf = (name: string): number => clientIdOf(testCrypto, bytesOfId(idOf(name)), 0);

/** The founder with an honest frame of `a`, and a frame of `a` behind it with any body. */
const stage = () => {
  const { founder } = pair();
  const [first, second] = honestUpdates(clientOf('a'));
  const before = forge('a', { body: first ?? bytesOf() });
  assert.equal(founder.receive(before, NOW).verdict, 'taken');
  const previous = frameHash(testCrypto, before);
  const next = (body: Uint8Array, signer = 'a') =>
    forge('a', { sequence: 1, previous, body, signer });
  return { founder, next, honest: next(second ?? bytesOf()) };
};

describe('a certified member with a good signature', () => {
  it('gets no hostile update of any kind past the gate, and hurts nobody by trying', () => {
    // Goal: every form of `test-attacks.ts` from a member. Method: each signed and chained as its
    // next frame; all are rejected for everybody, the state is as before, and what it says honestly
    // afterwards is taken.
    const { founder, next, honest } = stage();
    const before = picture(founder);
    const attacks = attacksAfter(clientOf('a'));
    assert.ok(attacks.length >= 30);
    for (const [what, body] of attacks) {
      assert.equal(verdictOf(founder.receive(next(body), NOW)), 'rejected: structure', what);
    }
    assert.deepEqual(picture(founder), before);
    assert.equal(founder.receive(honest, NOW).verdict, 'taken');
    const fresh = pair().founder;
    for (const [what, body] of firstAttacks(clientOf('a'))) {
      assert.equal(
        verdictOf(fresh.receive(forge('a', { body }), NOW)),
        'rejected: structure',
        what,
      );
    }
    assert.deepEqual(fresh.heads(), pair().founder.heads());
  });
});

/** The founder with an honest frame of `a`, who is an operator or none, and its next generation. */
const floodStage = (isOperator: boolean) => {
  const { founder } = pair();
  if (isOperator) say(founder, [{ path: `trust/role/${idOf('a')}`, value: true }]);
  const [first] = honestUpdates(clientOf('a'));
  const before = forge('a', { body: first ?? bytesOf() });
  assert.equal(founder.receive(before, NOW).verdict, 'taken');
  const previous = [0, 0, frameHash(testCrypto, before)] as const;
  const next = (body: Uint8Array, signer = 'a') =>
    forge('a', { generation: 1, previous, body, signer });
  return { founder, next };
};

/** Frames that are sent of each flood; the gate sees all its updates. */
const SENT = 40;
/** Far more than all of it costs here, far less than one of the floods costs Yjs. Unit: ms. */
const CPU_MS_MAX = 8_000;

describe('updates that do harm by their number or expansion', () => {
  const own = clientIdOf(testCrypto, bytesOfId(idOf('a')), 1);
  const floods = floodsOn(own);

  it('are what they say: Yjs takes them', () => {
    // Goal: no test of bytes that nobody would take. Method: small ones of each kind into Yjs.
    const bomb = Y.decodeUpdateV2(runLengthBomb(7, 1_000));
    assert.equal(bomb.structs.length, 1_000);
    assert.ok(runLengthBomb(own, 20_000_000).length <= 32);
    const nested = new Y.Doc();
    Y.applyUpdate(nested, nestedMaps(7, 3));
    assert.deepEqual(nested.getMap('kv').toJSON(), { k: { k: { k: {} } } });
    const roots = new Y.Doc();
    Y.applyUpdate(roots, manyRoots(7, 50));
    assert.equal(roots.share.size, 50);
    for (const [what, updates] of floods) {
      if (/v2|roots|nested/.test(what)) continue;
      const document = new Y.Doc();
      for (const update of updates.slice(0, 5)) Y.applyUpdate(document, update);
      const { pendingStructs, pendingDs } = document.store;
      const waits = pendingStructs !== null || pendingDs !== null;
      assert.equal(waits, what.startsWith('pending'), what);
      assert.equal(document.store.clients.size, waits ? 0 : 5, what);
    }
  });

  it('of a member, node or operator, are refused, cost little and leave nothing', () => {
    // Goal: every form of `test-floods.ts`, at its size. Method: the gate reads each update; then
    // they come as the next generation of a certified member. Work is CPU time, not the clock.
    const start = process.cpuUsage();
    for (const isOperator of [false, true]) {
      const { founder, next } = floodStage(isOperator);
      const [before, weight] = [picture(founder), founder.weight()];
      for (const [what, updates, why] of floods) {
        for (const update of updates) {
          const read = inspectUpdate(update, { client: own, clock: 0 });
          assert.match(read.ok ? '' : read.why, why, what);
        }
        for (const update of updates.slice(0, SENT)) {
          const verdict = verdictOf(founder.receive(next(update), NOW));
          const isBulky = !isOperator && update.length > 384 * 1024;
          assert.equal(verdict, isBulky ? 'held: quota' : 'rejected: structure', what);
        }
        assert.deepEqual(founder.weight(), weight, what);
      }
      assert.deepEqual(picture(founder), before);
    }
    const { user } = process.cpuUsage(start);
    assert.ok(user / 1_000 < CPU_MS_MAX, `${user / 1_000} ms of CPU`);
  });

  it('of the holder of a token are not looked at', () => {
    // Goal: the same from one whose key nobody certified. Method: in its own name and another's.
    const { founder, next } = floodStage(false);
    const weight = founder.weight();
    for (const [what, updates] of floods) {
      for (const update of updates.slice(0, 5)) {
        const inName = verdictOf(founder.receive(next(update, 'token'), NOW));
        const isBulky = update.length > 384 * 1024;
        assert.equal(inName, isBulky ? 'held: quota' : 'rejected: signature', what);
        const generation = { generation: 1, previous: [0, 0, new Uint8Array(32)] as const };
        const alone = forge('t', { ...generation, body: update });
        assert.equal(verdictOf(founder.receive(alone, NOW)), 'held: unknown-author', what);
      }
    }
    assert.deepEqual(founder.weight(), weight);
  });
});

describe('the holder of a token, whose key nobody certified', () => {
  it('says nothing at all in its own name, nor in that of a member', () => {
    // Goal: the same forms from one that only holds a token. Method: under its own key they wait
    // for nobody; under the member's name with its own signature they are bad for everybody.
    const { founder, next } = stage();
    const before = picture(founder);
    for (const [what, body] of [...attacksAfter(clientOf('a')), ...firstAttacks(clientOf('t'))]) {
      assert.equal(
        verdictOf(founder.receive(next(body, 'token'), NOW)),
        'rejected: signature',
        what,
      );
      const own = forge('t', { body });
      assert.equal(verdictOf(founder.receive(own, NOW)), 'held: unknown-author', what);
    }
    assert.deepEqual(picture(founder), before);
    assert.equal(founder.weight().frames, 2);
  });
});

/** Hostile forms of CBOR, in each part of an entry that grants a role: to Yjs they are bytes. */
const FORMS = [...REFUSED, [`${'81'.repeat(4_000)}f6`, 'lists in each other'] as const].flatMap(
  ([hex, why]) =>
    entriesWith(hex, `trust/role/${idOf('a')}`).map(
      ([part, bytes]) => [`${why} as ${part}`, bytes] as const,
    ),
);

describe('hostile CBOR inside honest updates', () => {
  it('of a member is kept, not read, and neither changes nor hides anything', () => {
    // Goal: what the gate lets through is no way around it. Method: each form in a frame of its
    // own, beside an honest entry; then all members, operators and other states are as before, and
    // whoever loads the frames finds the same. The same entry with a good value grants the role.
    assert.ok(FORMS.length > 150);
    for (const [what, hostile] of FORMS) {
      const { founder } = pair();
      const [before, whoBefore] = [stateOf(founder, 'founder'), whoIn(founder.view())];
      const honest = entryBytes('member/version', what);
      const frame = forge('a', { body: bodyOf('a', [hostile, honest]) });
      assert.equal(founder.receive(frame, NOW).verdict, 'taken', what);
      assert.deepEqual(whoIn(founder.view()), whoBefore, what);
      assert.deepEqual(stateOf(founder, 'founder'), before, what);
      assert.deepEqual(
        stateOf(founder, 'a').entries.map(({ path, value }) => [path, value]),
        [['member/version', what]],
      );
      const again = openTestStore('founder');
      again.load(founder.framesAfter([], 1e9), NOW);
      assert.deepEqual(picture(again), picture(founder), what);
    }
    const { founder } = pair();
    const good = entryBytes(`trust/role/${idOf('a')}`, true);
    founder.receive(forge('a', { body: bodyOf('a', [good]) }), NOW);
    assert.deepEqual(
      founder.view().operators.map(({ member }) => member),
      ['founder', 'a'].map(idOf),
    );
  });

  it('of the holder of a token is not taken', () => {
    // Goal: the same from one whose key nobody certified. Method: each form in its own name and, by
    // its own signature, in that of a member; nothing is held of either.
    const { founder } = pair();
    const [before, weight] = [picture(founder), founder.weight()];
    for (const [what, hostile] of FORMS) {
      const own = forge('t', { body: bodyOf('t', [hostile]) });
      assert.equal(verdictOf(founder.receive(own, NOW)), 'held: unknown-author', what);
      const inName = forge('a', { body: bodyOf('a', [hostile]), signer: 't' });
      assert.equal(verdictOf(founder.receive(inName, NOW)), 'rejected: signature', what);
    }
    assert.deepEqual(picture(founder), before);
    assert.deepEqual(founder.weight(), weight);
  });
});

const whoIn = ({ members, operators, evicted }: View) => [members, operators, evicted];
