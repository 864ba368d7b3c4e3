/** What a backup holds, to bytes and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { makeGenesis } from '../../crdt/genesis.ts';
import { encodeRecord, JOURNAL_HEADER } from '../../crdt/journal.ts';
import { joinBytes } from '../../crdt/signed.ts';
import { openCrypto } from '../linux/crypto.ts';
import { type Content, encodeArchive, readArchive } from './archive.ts';

const crypto = openCrypto();
const seed = new Uint8Array(32).fill(7);

const content: Content = {
  version: '1.2.3',
  wallMs: 1_000,
  memberKey: crypto.publicKey(seed),
  genesisBytes: makeGenesis(crypto, seed, {
    name: 'shop',
    prefix: '10.10.0.0/16',
    prefix6: 'fd00:1::/64',
    nextRootHash: new Uint8Array(32),
  }),
  config: {
    name: 'vm1',
    port: 7300,
    interface: 'cnsmo0',
    advertised: { host: '192.0.2.1', port: 7300 },
    observed: null,
    services: ['vpn'],
    allowRun: false,
    entries: [],
  },
  audit: [{ name: 'audit-0000000001-1', bytes: new Uint8Array(9).fill(4) }],
  journal: joinBytes(JOURNAL_HEADER, encodeRecord(crypto, new Uint8Array(100).fill(1))),
  keys: { member: seed, wg: new Uint8Array(32).fill(2), psk: new Uint8Array(32).fill(3) },
};

/** The bytes of a backup with some fields changed. */
const changed = (fields: Readonly<Record<string, Value>>): Uint8Array => {
  const decoded = decode(encodeArchive(content));
  assert.ok(decoded.ok && isRecord(decoded.value));
  return encode({ ...decoded.value, ...fields });
};

test('archive: nothing is lost, with keys and without', () => {
  // Goal: lossless. Method: to bytes and back; the twin without keys holds none of their bytes.
  const read = readArchive(crypto, encodeArchive(content));
  assert.ok(read.ok);
  const { memberKey } = content;
  assert.deepEqual({ ...read.archive, ...content }, { ...read.archive, memberKey });
  assert.equal(read.archive.genesis.name, 'shop');
  const open = encodeArchive({ ...content, keys: null });
  const without = readArchive(crypto, open);
  assert.ok(without.ok && without.archive.keys === null);
  assert.equal(without.archive.member, read.archive.member);
  assert.ok(!Buffer.from(open).includes(Buffer.from(seed)));
  assert.ok(Buffer.from(encodeArchive(content)).includes(Buffer.from(seed)));
});

test('archive: what is none, newer or damaged is told apart', () => {
  // Goal: each has another remedy. Method: by table; the untouched one reads.
  const otherKeys = { member: new Uint8Array(32), wg: seed, psk: seed };
  const cases: readonly [Uint8Array, object][] = [
    [new Uint8Array(), { ok: false, why: 'none' }],
    [encode({ kind: 'other', v: 1, version: '1' }), { ok: false, why: 'none' }],
    [encodeArchive(content).subarray(1), { ok: false, why: 'none' }],
    [changed({ v: 2, version: '9.0.0', keys: 'odd' }), { ok: false, why: 'newer', made: '9.0.0' }],
    [changed({ wallMs: 'soon' }), { ok: false, why: 'damaged', part: 'wallMs' }],
    [changed({ genesis: new Uint8Array(9) }), { ok: false, why: 'damaged', part: 'genesis' }],
    [changed({ config: '{}' }), { ok: false, why: 'damaged', part: 'config' }],
    [changed({ journal: new Uint8Array(9) }), { ok: false, why: 'damaged', part: 'journal' }],
    [
      changed({ journal: content.journal.subarray(0, -1) }),
      { ok: false, why: 'damaged', part: 'journal' },
    ],
    [changed({ keys: otherKeys }), { ok: false, why: 'damaged', part: 'keys' }],
  ];
  for (const [bytes, expected] of cases) assert.deepEqual(readArchive(crypto, bytes), expected);
  assert.ok(readArchive(crypto, changed({})).ok);
});

test('archive: the audit log is a part that earlier versions had not', () => {
  // Goal: their backups stay readable, and ours by them. Method: one without it; and all else of
  // one with it is as before.
  const without = readArchive(crypto, encodeArchive({ ...content, audit: [] }));
  assert.ok(without.ok && without.archive.audit.length === 0);
  const [one, other] = [content, { ...content, audit: [] }].map((each) =>
    decode(encodeArchive(each)),
  );
  assert.ok(one?.ok === true && isRecord(one.value) && other?.ok === true);
  const { audit, ...rest } = one.value;
  assert.ok(Array.isArray(audit));
  assert.deepEqual(encode(rest), encode(other.value));
});

test('archive: what a later version adds is no damage', () => {
  // Goal: tolerant reading within a version. Method: a field that nobody knows.
  assert.ok(readArchive(crypto, changed({ mood: 'fine' })).ok);
});
