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
  kind: 'admit',
  memberKey: bytes(32),
  wgKey: bytes(32),
  name: 'vm2',
  ipv4: '10.10.0.2',
  inviteSignature: bytes(64),
  memberSignature: bytes(64),
} as const;

const VERSIONS = { v: 1, document: 1 };
const NONE = { kind: 'none' };
const hello = { kind: 'hello', memberKey: bytes(32) } as const;

const ASKS: readonly JoinAsk[] = [hello, admit];
const ANSWERS: readonly JoinAnswer[] = [
  {
    kind: 'welcome',
    genesis: bytes(200),
    observed: '198.51.100.9',
    ipv4: '10.10.0.2',
    wallMs: 1_800_000,
  },
  { kind: 'admitted', name: 'vm2', ipv4: '10.10.0.2', entries: [entry] },
  { kind: 'refused', why: 'used-up', detail: '' },
  { kind: 'retry', entries: [] },
];

test('join message: what is said arrives', () => {
  // Goal: both ways are each other's inverse. Method: every kind; the longest fits.
  const kind = 'said';
  for (const said of ASKS) assert.deepEqual(decodeJoinAsk(encodeJoin(said)), { kind, said });
  for (const said of ANSWERS) {
    assert.deepEqual(decodeJoinAnswer(encodeJoin(said)), { kind, said });
  }
  const full: JoinAnswer = { kind: 'retry', entries: Array(8).fill(entry) };
  assert.ok(encodeJoin(full).length < JOIN_BYTES_MAX / 4);
});

test('join message: fields of a later version are ignored', () => {
  // Goal: old members understand new ones. Method: one more field in each.
  const more = encode({ ...VERSIONS, ...hello, colour: 'blue' });
  assert.deepEqual(decodeJoinAsk(more), { kind: 'said', said: hello });
});

test('join message: another version is told by name, whatever else it says', () => {
  // Goal: a mismatch is loud on both sides. Method: each version in turn, with fields that are none
  // of ours; and without a version there is no message.
  for (const versions of [
    { v: 2, document: 1 },
    { v: 1, document: 2 },
    { v: 0, document: 9 },
  ]) {
    const raw = encode({ ...versions, kind: 'salute', to: [] });
    const other = { wire: versions.v, document: versions.document };
    assert.deepEqual(decodeJoinAsk(raw), { kind: 'other-version', versions: other });
    assert.deepEqual(decodeJoinAnswer(raw), { kind: 'other-version', versions: other });
  }
  for (const versions of [{}, { v: 1 }, { document: 1 }, { v: '1', document: 1 }]) {
    assert.deepEqual(decodeJoinAsk(encode({ ...versions, ...hello })), NONE);
  }
});

test('join message: anything else is none', () => {
  // Goal: what a stranger may send to an entry. Method: each field wrong, cut, too long, no CBOR.
  const wrong: readonly Parameters<typeof encode>[0][] = [
    { kind: 'hello' },
    { kind: 'welcome' },
    { ...admit, memberKey: bytes(31) },
    { ...admit, wgKey: 'x'.repeat(32) },
    { ...admit, memberSignature: bytes(63) },
    { ...admit, inviteSignature: [] },
    { ...admit, name: 'n'.repeat(257) },
    { ...admit, name: 7 },
  ];
  for (const value of wrong) {
    assert.deepEqual(decodeJoinAsk(encode({ ...VERSIONS, ...(value as object) })), NONE);
  }
  for (const value of [[], 'hello', null, 7]) assert.deepEqual(decodeJoinAsk(encode(value)), NONE);
  assert.deepEqual(decodeJoinAsk(encodeJoin(admit).subarray(0, -1)), NONE);
  assert.deepEqual(decodeJoinAsk(new Uint8Array()), NONE);
  const long = encode({ ...VERSIONS, ...hello, pad: bytes(JOIN_BYTES_MAX) });
  assert.deepEqual(decodeJoinAsk(long), NONE);
  const answers: readonly Parameters<typeof encode>[0][] = [
    { kind: 'refused', why: 'bored', detail: '' },
    { kind: 'retry', entries: Array(9).fill(entry) },
    { kind: 'retry', entries: [{ ...entry, port: 'x' }] },
    { kind: 'welcome', genesis: 'x', observed: '', wallMs: 0 },
    { kind: 'hello' },
  ];
  for (const value of answers) {
    assert.deepEqual(decodeJoinAnswer(encode({ ...VERSIONS, ...(value as object) })), NONE);
  }
});
