import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../crdt/codec.ts';
import {
  decodeJoinAnswer,
  decodeJoinAsk,
  encodeJoin,
  JOIN_BYTES_MAX,
  type JoinAnswer,
  type JoinAsk,
} from './join-message.ts';

const bytes = (length: number) => new Uint8Array(length).fill(7);
const entry = { member: 'aaaa', host: '198.51.100.1', port: 7300 };
const admit = {
  v: 1,
  kind: 'admit',
  memberKey: bytes(32),
  wgKey: bytes(32),
  name: 'vm2',
  ipv4: '10.10.0.2',
  inviteSignature: bytes(64),
  memberSignature: bytes(64),
} as const;

const hello = { v: 1, kind: 'hello', memberKey: bytes(32) } as const;

const ASKS: readonly JoinAsk[] = [hello, admit];
const ANSWERS: readonly JoinAnswer[] = [
  {
    v: 1,
    kind: 'welcome',
    genesis: bytes(200),
    observed: '198.51.100.9',
    ipv4: '10.10.0.2',
    wallMs: 1_800_000,
  },
  { v: 1, kind: 'admitted', name: 'vm2', ipv4: '10.10.0.2', entries: [entry] },
  { v: 1, kind: 'refused', why: 'used-up', detail: '' },
  { v: 1, kind: 'retry', entries: [] },
];

test('join message: what is said arrives', () => {
  // Goal: both ways are each other's inverse. Method: every kind; the longest fits.
  for (const ask of ASKS) assert.deepEqual(decodeJoinAsk(encodeJoin(ask)), ask);
  for (const answer of ANSWERS) assert.deepEqual(decodeJoinAnswer(encodeJoin(answer)), answer);
  const full: JoinAnswer = { v: 1, kind: 'retry', entries: Array(8).fill(entry) };
  assert.ok(encodeJoin(full).length < JOIN_BYTES_MAX / 4);
});

test('join message: fields of a later version are ignored', () => {
  // Goal: old members understand new ones. Method: one more field in each.
  const more = encode({ ...hello, colour: 'blue' });
  assert.deepEqual(decodeJoinAsk(more), hello);
});

test('join message: anything else is none', () => {
  // Goal: what a stranger may send to an entry. Method: each field wrong, cut, too long, no CBOR.
  const wrong: readonly Parameters<typeof encode>[0][] = [
    { ...hello, v: 2 },
    { v: 1, kind: 'hello' },
    { kind: 'hello' },
    { v: 1, kind: 'welcome' },
    { ...admit, memberKey: bytes(31) },
    { ...admit, wgKey: 'x'.repeat(32) },
    { ...admit, memberSignature: bytes(63) },
    { ...admit, inviteSignature: [] },
    { ...admit, name: 'n'.repeat(257) },
    { ...admit, name: 7 },
    [],
    'hello',
  ];
  for (const value of wrong) assert.equal(decodeJoinAsk(encode(value)), null);
  assert.equal(decodeJoinAsk(encodeJoin(admit).subarray(0, -1)), null);
  assert.equal(decodeJoinAsk(new Uint8Array()), null);
  assert.equal(decodeJoinAsk(encode({ ...hello, pad: bytes(JOIN_BYTES_MAX) })), null);
  const answers: readonly Parameters<typeof encode>[0][] = [
    { v: 1, kind: 'refused', why: 'bored', detail: '' },
    { v: 1, kind: 'retry', entries: Array(9).fill(entry) },
    { v: 1, kind: 'retry', entries: [{ ...entry, port: 'x' }] },
    { v: 1, kind: 'welcome', genesis: 'x', observed: '', wallMs: 0 },
    { v: 1, kind: 'hello' },
  ];
  for (const value of answers) assert.equal(decodeJoinAnswer(encode(value)), null);
});
