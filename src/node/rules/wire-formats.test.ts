import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeGenesis } from '../../crdt/genesis.ts';
import { memberIdOf, meshIdOf } from '../../crdt/ids.ts';
import { JOURNAL_HEADER } from '../../crdt/journal.ts';
import { openCrypto } from '../linux/crypto.ts';
import { encodeArchive, readArchive } from './archive.ts';
import {
  type ClaimAnswer,
  createCoreSigner,
  decodeClaim,
  decodeClaimAnswer,
  decodePass,
  decodeQuestion,
  encodeClaimAnswer,
  encodeQuestion,
} from './core-message.ts';
import {
  decodeJoinAnswer,
  decodeJoinAsk,
  encodeJoin,
  type JoinAnswer,
  type JoinAsk,
} from './join-message.ts';
import { decodeSync, encodeSync, type SyncMessage } from './sync-message.ts';
import { GOLDEN_WIRE } from './wire-golden.table.ts';
import { createWordSigner, decodeWords, encodeWords, type WordsMessage } from './word-message.ts';

const crypto = openCrypto();
const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const author = memberIdOf(bytes(32, 1));
const entries = [{ member: author, host: '192.0.2.1', port: 7300 }];

const ASKS: readonly JoinAsk[] = [
  { kind: 'hello', memberKey: bytes(32, 2) },
  {
    kind: 'admit',
    memberKey: bytes(32, 2),
    wgKey: bytes(32, 3),
    name: 'vm2',
    ipv4: '10.10.0.2',
    inviteSignature: bytes(64, 4),
    memberSignature: bytes(64, 5),
  },
];
const ANSWERS: readonly JoinAnswer[] = [
  {
    kind: 'welcome',
    genesis: bytes(8, 6),
    observed: '198.51.100.9',
    ipv4: '10.10.0.2',
    wallMs: 1_800_000_000_000,
  },
  { kind: 'admitted', name: 'vm2', ipv4: '10.10.0.2', entries },
  { kind: 'refused', why: 'used-up', detail: '1 of 1' },
  { kind: 'retry', entries },
  { kind: 'other-version' },
];
const SYNC: SyncMessage = {
  heads: [{ author, generation: 1, sequence: 2, hash: bytes(32, 7) }],
  frames: [bytes(3, 8)],
  wallMs: 1_800_000_000_000,
  instance: bytes(16, 9),
  heard: [bytes(16, 10)],
  told: [bytes(2, 11)],
  twins: [bytes(2, 12)],
};
const speaker = { self: memberIdOf(crypto.publicKey(bytes(32, 18))), seed: bytes(32, 18) };
const WORD = createWordSigner(crypto, { ...speaker, meshId: meshIdOf(bytes(32, 19)) }).say(
  'lb',
  { life: 2, sequence: 3 },
  'up',
);
const WORDS: readonly WordsMessage[] = [
  { kind: 'words', words: [WORD], hasMore: true },
  {
    kind: 'heads',
    heads: [{ author: WORD.author, service: 'lb', life: 2, sequence: 3 }],
    isAnswer: true,
  },
];
const CLAIM = { term: { epoch: 4, n: 1 }, sinceMs: 1_800_000_000_000 };
const PASS = { epoch: 4, why: 'wrong clock' } as const;
const CORE_SIGNER = createCoreSigner(crypto, { ...speaker, meshId: meshIdOf(bytes(32, 19)) });
const CORE_ANSWER: ClaimAnswer = {
  isTaken: true,
  isElected: true,
  highest: { epoch: 4, n: 2 },
  said: [bytes(2, 20)],
};
const ARCHIVE = {
  version: '0.1.0',
  wallMs: 1_800_000_000_000,
  memberKey: crypto.publicKey(bytes(32, 14)),
  genesisBytes: makeGenesis(crypto, bytes(32, 14), {
    name: 'prod',
    prefix: '10.10.0.0/16',
    prefix6: 'fd12:3456:789a:1::/64',
    nextRootHash: bytes(32, 17),
  }),
  config: {
    name: 'vm1',
    port: 7300,
    interface: 'cnsmo0',
    advertised: null,
    observed: null,
    services: ['vpn'],
    allowRun: false,
    entries: [],
  },
  journal: JOURNAL_HEADER,
  audit: [],
  keys: { member: bytes(32, 14), wg: bytes(32, 15), psk: bytes(32, 16) },
};

const toHex = (raw: Uint8Array): string => Buffer.from(raw).toString('hex');
const ofHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

test('wire: every message is written and read as version 1 has it', () => {
  // Goal: members of different builds understand each other. Method: each message of the join and
  // the exchange, and the content of a backup, against bytes that never change.
  assert.deepEqual(
    {
      asks: ASKS.map((ask) => toHex(encodeJoin(ask))),
      answers: ANSWERS.map((answer) => toHex(encodeJoin(answer))),
      sync: toHex(encodeSync(SYNC)),
      words: WORDS.map((message) => toHex(encodeWords(message))),
      core: [
        CORE_SIGNER.claim(CLAIM),
        CORE_SIGNER.pass(PASS),
        encodeQuestion(author),
        encodeClaimAnswer(CORE_ANSWER),
      ].map(toHex),
      archive: toHex(encodeArchive(ARCHIVE)),
    },
    GOLDEN_WIRE,
  );
  const said = <Said>(one: Said) => ({ kind: 'said', said: one });
  assert.deepEqual(
    GOLDEN_WIRE.asks.map((text) => decodeJoinAsk(ofHex(text))),
    ASKS.map(said),
  );
  assert.deepEqual(
    GOLDEN_WIRE.answers.map((text) => decodeJoinAnswer(ofHex(text))),
    ANSWERS.map(said),
  );
  const message = { kind: 'message', message: SYNC };
  assert.deepEqual(decodeSync(ofHex(GOLDEN_WIRE.sync)), message);
  assert.deepEqual(
    GOLDEN_WIRE.words.map((text) => decodeWords(ofHex(text))),
    WORDS,
  );
  const [claim, pass, question, answer] = GOLDEN_WIRE.core.map(ofHex);
  assert.deepEqual(claim && decodeClaim(claim), CLAIM);
  assert.deepEqual(pass && decodePass(pass), PASS);
  assert.equal(question && decodeQuestion(question), author);
  assert.deepEqual(answer && decodeClaimAnswer(answer), CORE_ANSWER);
  const read = readArchive(crypto, ofHex(GOLDEN_WIRE.archive));
  assert.ok(read.ok);
  const { version, wallMs, genesisBytes, config, journal, keys, audit } = ARCHIVE;
  const { member, genesis, meshId, ...content } = read.archive;
  assert.deepEqual(content, { version, wallMs, genesisBytes, config, journal, keys, audit });
  assert.deepEqual([member, genesis.name], [memberIdOf(ARCHIVE.memberKey), 'prod']);
  assert.match(meshId, /^[a-z2-7]{52}$/);
});
