import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as z from 'zod/mini';
import { decode, encode } from './codec.ts';
import type { Value } from './entry.ts';
import { inviteIdOf, memberIdOf } from './ids.ts';
import { readRecord } from './records.ts';
import { joinRequestSchema, PATH_SCHEMAS } from './schemas.table.ts';

const KEY = new Uint8Array(32).fill(1);
const SIGNATURE = new Uint8Array(64).fill(2);
const MEMBER = memberIdOf(KEY);
const INVITE = inviteIdOf(KEY);
const JOIN = {
  memberKey: KEY,
  wgKey: KEY,
  name: 'web-1',
  ipv4: '10.10.0.2',
  inviteSignature: SIGNATURE,
  memberSignature: SIGNATURE,
};
const LABELS = { role: 'web' };
const ENDPOINT = { host: '192.0.2.1', port: 7300 };

type Kind = keyof typeof PATH_SCHEMAS;

/** A good record of each kind. */
const GOOD: Readonly<Record<Kind, Readonly<Record<string, Value>>>> = {
  endpoints: { port: 7300, advertised: ENDPOINT, observed: null, local: ['10.0.0.1', 'fd12::1'] },
  consent: { services: ['vpn', 'lb'], allowRun: false },
  version: { version: '0.1.0', commit: 'abc' },
  ipv4: { ipv4: '10.10.0.2' },
  left: { left: true },
  drain: { drained: true },
  absent: { epoch: 7, n: 0, since: null },
  core: { steppedDown: 7 },
  invite: { number: 1, publicKey: KEY, labels: LABELS, expiry: 0, uses: 1000 },
  admission: { ...JOIN, labels: {}, invite: INVITE, hlc: [1, 0] },
  adopt: {
    memberKey: KEY,
    wgKey: KEY,
    name: 'a',
    ipv4: '10.10.0.1',
    labels: {},
    number: 0,
    invite: null,
  },
  evict: { reason: '' },
  role: { number: 1 },
  name: { name: 'db' },
  label: { labels: LABELS },
  root: { member: MEMBER, nextRootHash: KEY, rootKey: KEY, signature: SIGNATURE },
};

/** Changes that make a good record a bad one, and the field that `why` then names first. */
const BAD: readonly (readonly [kind: Kind, change: Record<string, unknown>])[] = [
  ['endpoints', { port: 0 }],
  ['endpoints', { port: 65_536 }],
  ['endpoints', { advertised: { host: 'vm.example', port: 1 } }],
  ['endpoints', { observed: { host: '[::1]', port: 1 } }],
  ['endpoints', { local: ['10.1'] }],
  ['endpoints', { local: Array.from({ length: 17 }, () => '10.0.0.1') }],
  ['consent', { services: 'vpn' }],
  ['consent', { eligible: 1 }],
  ['drain', { drained: false }],
  ['core', { steppedDown: -1 }],
  ['consent', { allowRun: 1 }],
  ['version', { version: 'x'.repeat(65) }],
  ['version', { commit: null }],
  ['ipv4', { ipv4: 'fd12::1' }],
  ['left', { left: false }],
  ['invite', { number: 0 }],
  ['invite', { number: 2 ** 32 + 1 }],
  ['invite', { expiry: 2 ** 48 + 1 }],
  ['invite', { publicKey: new Uint8Array(31) }],
  ['invite', { publicKey: 'text' }],
  ['invite', { labels: { 'A B': 'c' } }],
  ['invite', { labels: { a: 'b c' } }],
  ['invite', { labels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ''])) }],
  ['invite', { expiry: -1 }],
  ['invite', { uses: 0 }],
  ['invite', { uses: 1001 }],
  ['invite', { revokedAt: null }],
  ['admission', { name: 'Web' }],
  ['admission', { inviteSignature: KEY }],
  ['admission', { invite: 'short' }],
  ['admission', { hlc: [1] }],
  ['admission', { hlc: [1, -1] }],
  ['adopt', { number: -1 }],
  ['adopt', { invite: '' }],
  ['evict', { reason: 'x'.repeat(201) }],
  ['evict', { reason: '\ud800' }],
  ['role', { number: 0 }],
  ['role', { number: 2 ** 32 + 1 }],
  ['name', { name: 'Db' }],
  ['name', { name: 'x'.repeat(64) }],
  ['label', { labels: { a: 'b c' } }],
  ['label', { labels: { 'A B': 'c' } }],
  ['label', { labels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ''])) }],
  ['root', { member: `${'a'.repeat(51)}b` }],
  ['root', { signature: new Uint8Array(63) }],
];

test('schemas: each kind takes a good record as it comes from the wire', () => {
  // Goal: what the codec gives back fits, and nothing is changed. By writing and reading each.
  for (const [kind, record] of Object.entries(GOOD)) {
    const decoded = decode(encode(record));
    assert.ok(decoded.ok);
    const read = readRecord(PATH_SCHEMAS[kind as Kind] as z.ZodMiniType<Value>, decoded.value);
    assert.deepEqual(read, { ok: true, value: record }, kind);
  }
  const revoked = { ...GOOD.invite, revokedAt: 5 };
  assert.equal(readRecord(PATH_SCHEMAS.invite, revoked).ok, true);
  assert.equal(readRecord(joinRequestSchema, JOIN).ok, true);
});

test('schemas: a field that is not known is kept', () => {
  // Goal: a later version's records pass through an earlier one whole. By an added field.
  for (const [kind, record] of Object.entries(GOOD)) {
    const later = { ...record, later: [1, { a: null }] };
    const read = readRecord(PATH_SCHEMAS[kind as Kind] as z.ZodMiniType<Value>, later);
    assert.deepEqual(read, { ok: true, value: later }, kind);
  }
});

test('schemas: a bad field is refused and named', () => {
  // Goal: each limit holds, and `why` says which field is wrong. By one bad field at a time, and by
  // leaving out each field.
  for (const [kind, change] of BAD) {
    const read = readRecord(PATH_SCHEMAS[kind], { ...GOOD[kind], ...change });
    const [field = ''] = Object.keys(change);
    assert.ok(!read.ok, `${kind} ${field}`);
    assert.match(read.why, new RegExp(`^${field}\\b.*(must|holds)`), `${kind}: ${read.why}`);
  }
  for (const [kind, record] of Object.entries(GOOD)) {
    for (const field of Object.keys(record)) {
      const { [field]: _, ...rest } = record;
      assert.equal(readRecord(PATH_SCHEMAS[kind as Kind], rest).ok, false, `${kind} ${field}`);
    }
    for (const value of [null, 'text', [], KEY, 1]) {
      assert.equal(readRecord(PATH_SCHEMAS[kind as Kind], value).ok, false, kind);
    }
  }
});
