import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkJoinRequest, type JoinRequestValue, makeJoinRequest } from '../../crdt/admission.ts';
import { decode, encode } from '../../crdt/codec.ts';
import { isSigned, makeFrame, readFrame } from '../../crdt/frame.ts';
import { makeGenesis, readGenesis } from '../../crdt/genesis.ts';
import { inviteIdOf, memberIdOf, meshIdOf } from '../../crdt/ids.ts';
import { finish, UNMETERED } from '../../crdt/meter.ts';
import { checkRoot, makeRoot, type RootValue, rootHashOf } from '../../crdt/recovery.ts';
import type { Kind } from '../../crdt/signed.ts';
import { makeTwin, readTwin } from '../../crdt/twin.ts';
import { Fault } from '../../fault.ts';
import { openCrypto } from '../linux/crypto.ts';
import { encodeAnswer as encodeApplied, encodeQuestion, readAnswer } from './applied-message.ts';
import { createCoreSigner } from './core-message.ts';
import { decodeDigest, encodeDigest } from './digest.ts';
import * as question from './question.ts';
import {
  abbreviate,
  createSwimSigner,
  decodeSwim,
  encodeSwim,
  type Rumour,
  type SwimAct,
  type SwimMessage,
} from './swim-message.ts';
import { GOLDEN_SIGNED, GOLDEN_TALK } from './talk-golden.table.ts';
import { createWordSigner, decodeWords, encodeWords } from './word-message.ts';

const crypto = openCrypto();
const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const toHex = (raw: Uint8Array): string => Buffer.from(raw).toString('hex');
const ofHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

const seed = bytes(32, 1);
const key = crypto.publicKey(seed);
const self = memberIdOf(key);
const mesh = bytes(32, 2);
const meshId = meshIdOf(mesh);
const about = abbreviate(memberIdOf(bytes(32, 3)));
const asker = { member: about, sequence: 70_000 };

/** One of each kind, for the compiler to miss none. */
const RUMOURS: Readonly<Record<Rumour['kind'], Rumour>> = {
  alive: { kind: 'alive', about, incarnation: 3, signature: bytes(64, 4) },
  hearsay: { kind: 'hearsay', about, incarnation: 0 },
  suspect: { kind: 'suspect', about, incarnation: 1 },
  dead: { kind: 'dead', about, incarnation: 2 },
};
const ACTS: Readonly<Record<SwimAct['act'], readonly SwimAct[]>> = {
  ping: [
    { act: 'ping', sequence: 5, asker: null },
    { act: 'ping', sequence: 6, asker },
  ],
  ack: [
    { act: 'ack', sequence: 5, signature: null },
    { act: 'ack', sequence: 6, signature: bytes(64, 7) },
  ],
  nack: [{ act: 'nack', sequence: 8 }],
  ask: [{ act: 'ask', sequence: 9, target: about }],
  news: [{ act: 'news' }],
  pull: [
    { act: 'pull', names: [] },
    { act: 'pull', names: [about] },
  ],
};
const LIVENESS: readonly SwimMessage[] = Object.values(ACTS)
  .flat()
  .map((act, index) => ({ ...act, rumours: index === 0 ? Object.values(RUMOURS) : [] }));

const WISH: question.Question = { topic: 'log', wish: { lines: 10 } };
const facts = { field: 'topic', value: 'log', why: 'nobody knows it', remedy: 'ask another' };
const TOLD: readonly question.QuestionAnswer[] = [
  { ok: true, said: { lines: ['a'] } },
  { ok: false, fault: new Fault('forbidden', facts) },
];

const DIGEST = {
  heads: [{ author: self, generation: 1, sequence: 2, hash: bytes(32, 10) }],
  view: bytes(32, 11),
};

const EXPECTED = { 'intent/toy/thing/a': '5.1', 'intent/toy/thing/b': '6.0' };
const REPORT = { name: 'toy', state: 'ready' as const, problems: ['slow'], changes: 0 };
const asked = finish(encodeQuestion(crypto, 'toy', EXPECTED, UNMETERED));
const applied = [EXPECTED, { 'intent/toy/thing/b': '6.0' }, { 'intent/toy/thing/c': '7.0' }].map(
  (inForce) => {
    const more = {
      counts: { 'intent/toy/thing/b': { packets: 12, bytes: 3_456 } },
      withheld: { 'intent/toy/thing/a': 'no such kernel' },
      sights: { web: 'up' },
    };
    const report = { ...REPORT, ...more, applied: inForce };
    return finish(encodeApplied({ crypto, report, wanted: EXPECTED }, asked, UNMETERED));
  },
);

test('talk: what members ask each other is written and read as version 1 has it', () => {
  // Goal: members of different builds understand each other. Method: who lives, questions and their
  // answers, digests, and what is in force, against bytes that never change.
  const made = {
    liveness: LIVENESS.map((message) => toHex(encodeSwim(message))),
    question: toHex(question.encodeQuestion(WISH)),
    answers: TOLD.map((answer) => toHex(question.encodeAnswer(answer))),
    digest: toHex(encodeDigest(DIGEST)),
    asked: toHex(asked),
    applied: applied.map(toHex),
  };
  assert.deepEqual(made, GOLDEN_TALK);
  assert.deepEqual(
    GOLDEN_TALK.liveness.map((text) => decodeSwim(ofHex(text))),
    LIVENESS,
  );
  const plain = (value: unknown) => structuredClone(value);
  assert.deepEqual(plain(question.decodeQuestion(ofHex(GOLDEN_TALK.question))), WISH);
  const [said, refused] = GOLDEN_TALK.answers.map((text) => question.decodeAnswer(ofHex(text)));
  assert.deepEqual(plain(said), TOLD[0]);
  assert.ok(refused?.ok === false);
  assert.deepEqual([refused.fault.code, refused.fault.facts], ['forbidden', facts]);
  assert.deepEqual(decodeDigest(ofHex(GOLDEN_TALK.digest)), DIGEST);
  const standings = GOLDEN_TALK.applied.map((text) => readAnswer(ofHex(text), EXPECTED));
  assert.deepEqual(
    standings.map((standing) => (standing.kind === 'told' ? [...standing.applied.keys()] : [])),
    [Object.keys(EXPECTED), ['intent/toy/thing/b'], ['intent/toy/thing/c']],
  );
  for (const standing of standings) {
    assert.ok(standing.kind === 'told');
    assert.deepEqual(standing.problems, ['slow']);
    assert.deepEqual(
      [...(standing.counts ?? [])],
      [['intent/toy/thing/b', { packets: 12, bytes: 3_456 }]],
    );
    assert.deepEqual(
      [...(standing.withheld ?? []), ...(standing.sights ?? [])],
      [
        ['intent/toy/thing/a', 'no such kernel'],
        ['web', 'up'],
      ],
    );
  }
});

const swim = createSwimSigner(crypto, seed, meshId);
const core = createCoreSigner(crypto, { seed, meshId });
const words = createWordSigner(crypto, { self, seed, meshId });
const twin = { instance: bytes(16, 12), other: bytes(16, 13) };
const ground = { mesh, author: key };
const frame = { ...ground, generation: 0, sequence: 0, previous: null, body: bytes(2, 0) };
const invited = { memberSeed: seed, inviteSeed: bytes(32, 15), wgKey: bytes(32, 16) };
const join = { mesh: meshId, ...invited, name: 'vm2', ipv4: '10.10.0.2' };
const root = { mesh: meshId, number: 1, member: self, nextRootHash: bytes(32, 14) };
const founded = {
  name: 'prod',
  prefix: '10.10.0.0/16',
  prefix6: 'fd12:3456:789a:1::/64',
  nextRootHash: bytes(32, 17),
};
const claim = { term: { epoch: 4, n: 1 }, sinceMs: 1_800_000_000_000 };

/** The signature, or the message that carries it, of each kind that there is. */
const SIGNED: Readonly<Record<Kind, Uint8Array>> = {
  genesis: makeGenesis(crypto, seed, founded),
  join: encode(makeJoinRequest(crypto, join)),
  root: encode(makeRoot(crypto, seed, root)),
  frame: makeFrame(crypto, seed, frame),
  twin: makeTwin(crypto, seed, ground, twin),
  alive: swim.alive(3),
  answer: swim.answer(asker),
  word: encodeWords({
    kind: 'words',
    words: [words.say('lb', { life: 2, sequence: 3 }, 'up')],
    hasMore: false,
  }),
  core: core.claim(claim),
};

test('talk: a signature of each kind is what it always was, and holds', () => {
  // Goal: what members of the first release sign, later ones believe. Method: each kind against
  // bytes that never change; what is in messages alone is checked from those bytes, and not for
  // another statement.
  const made = Object.fromEntries(
    Object.entries(SIGNED).map(([kind, signed]) => [kind, toHex(signed)]),
  );
  assert.deepEqual(made, GOLDEN_SIGNED);
  const old = (kind: Kind): Uint8Array => ofHex(GOLDEN_SIGNED[kind]);
  assert.ok(readGenesis(crypto, old('genesis')).ok);
  const read = readFrame(old('frame'));
  assert.ok(read.ok && isSigned(crypto, read.frame));
  assert.deepEqual(readTwin(crypto, ground, old('twin')), twin);
  assert.equal(readTwin(crypto, { ...ground, mesh: bytes(32, 9) }, old('twin')), null);
  assert.deepEqual(
    [3, 4].map((life) => swim.isAlive(self, life, old('alive'))),
    [true, false],
  );
  const askers = [asker, { ...asker, sequence: 1 }];
  assert.deepEqual(
    askers.map((each) => swim.isAnswer(self, each, old('answer'))),
    [true, false],
  );
  assert.ok(core.isSaid(self, old('core')));
  const heard = decodeWords(old('word'));
  assert.ok(heard !== null && heard !== 'other-version' && heard.kind === 'words');
  assert.ok(heard.words.every((word) => words.isSaid(word)));
  const hold = (kind: 'join' | 'root'): unknown => {
    const decoded = decode(old(kind));
    return decoded.ok ? structuredClone(decoded.value) : null;
  };
  const invite = inviteIdOf(crypto.publicKey(invited.inviteSeed));
  assert.equal(checkJoinRequest(crypto, meshId, invite, hold('join') as JoinRequestValue), null);
  const place = { mesh: meshId, number: 1, author: self, rootHash: rootHashOf(crypto, seed) };
  assert.equal(checkRoot(crypto, place, hold('root') as RootValue), null);
});
