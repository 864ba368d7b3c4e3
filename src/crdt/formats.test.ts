import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCrypto } from '../node/linux/crypto.ts';
import { ipv6Of, pickIpv4 } from './addresses.ts';
import { makeJoinRequest } from './admission.ts';
import { decode, encode } from './codec.ts';
import type { Value } from './entry.ts';
import { makeGenesis, readGenesis } from './genesis.ts';
import { GOLDEN_RECORDS, GOLDEN_TEXTS } from './golden.table.ts';
import { inviteIdOf, memberIdOf } from './ids.ts';
import { makeInvite } from './invite.ts';
import { readRecord } from './records.ts';
import { makeRoot, printRecoveryCode, readRecoveryCode, rootHashOf } from './recovery.ts';
import { PATH_SCHEMAS } from './schemas.table.ts';
import { printToken, readToken } from './token.ts';

const crypto = openCrypto();
const seedOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const [FOUNDER, MEMBER, INVITE, ROOT, NEXT_ROOT] = [1, 2, 3, 4, 5].map(seedOf) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const PREFIX = '10.10.0.0/16';
const PREFIX6 = 'fd12:3456:789a:1::/64';
const WG_KEY = crypto.wgPublicKey(seedOf(6));
const EXPIRY = 1_800_000_000_000;
const LABELS = { zone: 'eu-1', role: 'web' };

const genesis = makeGenesis(crypto, FOUNDER, {
  name: 'prod',
  prefix: PREFIX,
  prefix6: PREFIX6,
  nextRootHash: rootHashOf(crypto, ROOT),
});
const read = readGenesis(crypto, genesis);
assert.ok(read.ok);
const { meshId } = read;
const memberKey = crypto.publicKey(MEMBER);
const member = memberIdOf(memberKey);
const inviteId = inviteIdOf(crypto.publicKey(INVITE));
const inviteFields = { number: 7, labels: LABELS, expiry: EXPIRY, uses: 3 };
const invite = makeInvite(crypto, INVITE, inviteFields).value;
const joinFields = { mesh: meshId, memberSeed: MEMBER, inviteSeed: INVITE, wgKey: WG_KEY };
const ipv4 = pickIpv4(crypto, PREFIX, memberKey, new Set()) ?? '';
const join = makeJoinRequest(crypto, { ...joinFields, name: 'web-1', ipv4 });
const nextRootHash = rootHashOf(crypto, NEXT_ROOT);

/** One record of each kind, made from fixed seeds. */
const RECORDS = {
  endpoints: {
    port: 7300,
    advertised: { host: '203.0.113.7', port: 7301 },
    observed: null,
    local: ['192.0.2.1', '2001:db8::1'],
  },
  consent: { services: ['vpn', 'firewall', 'lb', 'dns'], allowRun: false },
  version: { version: '0.1.0', commit: '0123abc' },
  ipv4: { ipv4: '10.10.0.9' },
  left: { left: true },
  drain: { drained: true },
  core: { steppedDown: 5_000_000 },
  absent: { epoch: 5_000_000, n: 1, since: EXPIRY - 3_600_000 },
  invite: { ...invite, revokedAt: EXPIRY - 1 },
  admission: { ...join, labels: LABELS, invite: inviteId, hlc: [EXPIRY - 2, 1] },
  adopt: {
    memberKey,
    wgKey: WG_KEY,
    name: 'web-1',
    ipv4,
    labels: {},
    number: 0,
    invite: null,
  },
  evict: { reason: 'stolen' },
  role: { number: 1 },
  name: { name: 'db-east' },
  label: { labels: LABELS },
  root: makeRoot(crypto, ROOT, { mesh: meshId, number: 1, member, nextRootHash }),
} satisfies Readonly<Record<keyof typeof PATH_SCHEMAS, Value>>;

/** Every text that leaves a mesh, made from fixed seeds. */
const TEXTS: Readonly<Record<keyof typeof GOLDEN_TEXTS, string>> = {
  genesisHex: toHex(genesis),
  meshId,
  memberId: member,
  inviteId,
  ipv4,
  ipv6: ipv6Of(crypto, PREFIX6, memberKey),
  recoveryCode: printRecoveryCode(crypto, ROOT),
  token: printToken(crypto, {
    meshId,
    psk: seedOf(8),
    seed: INVITE,
    expiry: EXPIRY,
    entries: [{ memberId: member, address: { host: '203.0.113.7', port: 7300 } }],
  }),
};

test('formats: every record has the bytes that it always had', () => {
  // Goal: no change of code or library changes signed bytes. By comparing with bytes written down,
  // and by reading those back into the record.
  for (const [kind, record] of Object.entries(RECORDS)) {
    const hex = GOLDEN_RECORDS[kind as keyof typeof PATH_SCHEMAS];
    assert.equal(toHex(encode(record)), hex, kind);
    const decoded = decode(new Uint8Array(Buffer.from(hex, 'hex')));
    assert.ok(decoded.ok, kind);
    const schema = PATH_SCHEMAS[kind as keyof typeof PATH_SCHEMAS];
    assert.deepEqual(readRecord(schema, decoded.value), { ok: true, value: record }, kind);
  }
});

test('formats: ids, addresses, tokens and codes are what they always were', () => {
  // Goal: tokens and recovery codes that were handed out stay good. By comparing with texts written
  // down, and by reading those back.
  assert.deepEqual(TEXTS, GOLDEN_TEXTS);
  const code = readRecoveryCode(crypto, GOLDEN_TEXTS.recoveryCode);
  assert.deepEqual(code, { ok: true, seed: ROOT });
  const token = readToken(crypto, GOLDEN_TEXTS.token);
  assert.ok(token.ok);
  assert.equal(token.token.meshId, GOLDEN_TEXTS.meshId);
  const bytes = new Uint8Array(Buffer.from(GOLDEN_TEXTS.genesisHex, 'hex'));
  const again = readGenesis(crypto, bytes);
  assert.ok(again.ok);
  assert.equal(again.meshId, GOLDEN_TEXTS.meshId);
});
