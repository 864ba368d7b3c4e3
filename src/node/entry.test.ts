import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJoinRequest } from '../crdt/admission.ts';
import { encode } from '../crdt/codec.ts';
import type { Value } from '../crdt/entry.ts';
import { inviteIdOf } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { RequestHandler, Standing, SwarmNode } from '../ports.ts';
import { serveJoins } from './entry.ts';
import { openCrypto } from './linux/crypto.ts';
import { decodeJoinAnswer } from './rules/join-message.ts';
import { openApi, SELF, STRANGER } from './test-api.ts';

const crypto = openCrypto();
const SEED = new Uint8Array(32).fill(9);
const INVITE = inviteIdOf(crypto.publicKey(SEED));
const REMOTE = { host: '198.51.100.7', port: 7300 };
const bytes = (length: number) => new Uint8Array(length).fill(7);
const VERSIONS = { v: 1, document: 1 };
const hello = { ...VERSIONS, kind: 'hello', memberKey: crypto.publicKey(bytes(32)) };

/**
 * The founder as an entry: what it answers to bytes, and what it logs as an error. `spread`: what
 * becomes of passing on whom it admitted.
 */
async function openEntry(spread: () => Promise<boolean> = async () => true) {
  const { replica, context } = await openApi();
  const errors: unknown[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (event: string, facts: unknown) => void errors.push([event, facts]),
  };
  let handler: RequestHandler = () => assert.fail();
  const swarm = {
    handle: (_name: string, _options: unknown, serve: RequestHandler) => {
      handler = serve;
      return () => undefined;
    },
  } as unknown as SwarmNode;
  const { local, ports } = context;
  const sync = { ...context.sync, with: spread };
  const own = { local, replica, sync, connected: () => [STRANGER], self: SELF };
  const sleep = (_: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  serveJoins({ crypto, clock: { ...ports.clock, sleep }, log }, own, swarm);
  const send = (request: Uint8Array, standing: Standing = 'invite', peer = INVITE) =>
    handler({ peer, standing, remote: REMOTE }, request);
  return { send, replica, errors };
}

/** `n` lists or records, one in the other, by hand: our own writer refuses to write them. */
const nested = (n: number, opener: readonly number[]): Uint8Array =>
  Uint8Array.from([...Array.from({ length: n }, () => opener).flat(), 0xf6]);

/** `{"__proto__": {"v": 1}}` and its kind, spelt by hand. */
const keyed = (key: string): Uint8Array =>
  Uint8Array.from([0xa1, 0x60 + key.length, ...Buffer.from(key), 0xa1, 0x61, 0x76, 0x01]);

const HOSTILE: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['nothing', new Uint8Array()],
  ['a text of 1 MB', encode({ ...hello, kind: 'x'.repeat(1_000_000) })],
  ['a name of 16 KiB', encode({ ...VERSIONS, kind: 'admit', name: 'n'.repeat(16_000) })],
  ['5,000 lists in each other', nested(5_000, [0x81])],
  ['5,000 records in each other', nested(5_000, [0xa1, 0x61, 0x61])],
  ['__proto__', keyed('__proto__')],
  ['constructor', keyed('constructor')],
  ['a list of 2^32 - 1 items', Uint8Array.from([0x9a, 0xff, 0xff, 0xff, 0xff])],
  ['bytes of 2^63', Uint8Array.from([0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ['a list without end', Uint8Array.from([0x9f, 0x01, 0x01])],
  ['a float', Uint8Array.from([0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0])],
  ['one key twice', Uint8Array.from([0xa2, 0x61, 0x76, 0x01, 0x61, 0x76, 0x01])],
  ['a key of 31 bytes', encode({ ...hello, memberKey: bytes(31) })],
  ['a key that is a text', encode({ ...hello, memberKey: 'k'.repeat(32) })],
  ['an answer', encode({ ...VERSIONS, kind: 'admitted', name: 'a', ipv4: '', entries: [] })],
  ['no version', encode({ kind: 'hello', memberKey: bytes(32) })],
];

test('entry: whatever bytes the holder of a token sends, nothing is changed', async () => {
  // Goal: hostile bytes over the join protocol. Method: each hostile form; a Fault for each, no
  // other throw, no frame; afterwards an honest hello is answered as before.
  const { send, replica, errors } = await openEntry();
  const before = JSON.stringify([replica.heads(), replica.view().members.length]);
  const welcome = await send(encode(hello));
  for (const [what, raw] of HOSTILE) {
    await assert.rejects(send(raw), (error) => error instanceof Fault, what);
  }
  const admit: Value = {
    ...VERSIONS,
    kind: 'admit',
    memberKey: bytes(32),
    wgKey: bytes(32),
    name: '../../etc',
    ipv4: '10.10.0.2; rm -rf',
    inviteSignature: bytes(64),
    memberSignature: bytes(64),
  };
  for (let count = 0; count < 50; count += 1) await send(encode(admit));
  assert.equal(JSON.stringify([replica.heads(), replica.view().members.length]), before);
  assert.deepEqual(await send(encode(hello)), welcome);
  assert.equal(({} as { v?: unknown }).v, undefined);
  assert.deepEqual(errors, []);
});

test('entry: a joiner of another version is told ours, and the log says so', async () => {
  // Goal: loud on both sides. Method: a hello of version 2 and one of document 2; a member's
  // connection gets no answer at all.
  const { send, errors } = await openEntry();
  for (const versions of [
    { v: 2, document: 1 },
    { v: 1, document: 2 },
  ]) {
    const answer = await send(encode({ ...versions, kind: 'hi' }));
    assert.deepEqual(answer, encode({ ...VERSIONS, kind: 'other-version' }));
  }
  assert.deepEqual(errors, [
    ['join-other-version', { invite: INVITE, wire: 2, document: 1 }],
    ['join-other-version', { invite: INVITE, wire: 1, document: 2 }],
  ]);
  await assert.rejects(send(encode(hello), 'member'), Fault);
});

test('entry: the holders of one token get so many answers, those of another theirs', async () => {
  // Goal: nobody keeps an entry busy. Method: requests without end in one moment; of another
  // invite one is answered all the same.
  const { send } = await openEntry();
  const answers = await Promise.allSettled(Array.from({ length: 300 }, () => send(encode(hello))));
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 256);
  await assert.rejects(send(encode(hello)), /too many requests/);
  const other = inviteIdOf(crypto.publicKey(new Uint8Array(32).fill(10)));
  assert.ok((await send(encode(hello), 'invite', other)).length > 0);
});

test('entry: evicted while it passes an admission on, it sends the joiner to others', async () => {
  // Goal: nobody is told that it is in by a word that is void. Method: the last thing that an entry
  // hears is that its mesh has no members; twin: that all is as it was.
  for (const isEvicted of [true, false]) {
    const stage = await openEntry(async () => {
      if (isEvicted) await stage.replica.write([{ path: `trust/adopt/${SELF}`, value: null }]);
      return !isEvicted;
    });
    const publicKey = crypto.publicKey(SEED);
    const invite = { number: 1, publicKey, labels: {}, expiry: 2_000_000_000_000, uses: 1 };
    await stage.replica.write([{ path: `trust/invite/${INVITE}`, value: invite }]);
    const said = await answerTo(stage.send, hello);
    const request = makeJoinRequest(crypto, {
      ...{ mesh: stage.replica.view().mesh.id, memberSeed: bytes(32), inviteSeed: SEED },
      ...{ wgKey: bytes(32), name: 'vm7', ipv4: said.kind === 'welcome' ? said.ipv4 : '' },
    });
    const { kind } = await answerTo(stage.send, { ...VERSIONS, kind: 'admit', ...request });
    assert.equal(kind, isEvicted ? 'retry' : 'admitted');
  }
});

const answerTo = async (send: (request: Uint8Array) => Promise<Uint8Array>, ask: Value) => {
  const read = decodeJoinAnswer(await send(encode(ask)));
  return read.kind === 'said' ? read.said : assert.fail(read.kind);
};
