import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openCrypto } from '../node/linux/crypto.ts';
import {
  addressAt,
  canBeHost,
  contains,
  formatAddress6,
  hostCount,
  ipv6Of,
  isAddress,
  isAddress4,
  overlaps,
  parsePrefix4,
  parsePrefix6,
  pickIpv4,
} from './addresses.ts';

const crypto = openCrypto();
const PREFIX6 = 'fd12:3456:789a:1::/64';
const keyOf = (number: number): Uint8Array => crypto.sha256(new Uint8Array([number]));

test('addresses: IPv4 prefixes', () => {
  // Goal: only prefixes that an overlay can use are taken, in one spelling. By table.
  for (const text of ['10.10.0.0/16', '10.0.0.0/8', '192.168.1.16/28', '100.64.0.0/10']) {
    const [network = '', length = ''] = text.split('/');
    const expected = { ok: true, network, length: Number(length), text };
    assert.deepEqual(parsePrefix4(text), expected, text);
  }
  const refused: readonly (readonly [text: string, why: RegExp])[] = [
    ['', /no IPv4 prefix/],
    ['10.10.0.0', /no IPv4 prefix/],
    ['10.10.0/16', /no IPv4 prefix/],
    ['10.10.00.0/16', /no IPv4 prefix/],
    ['0xa.0.0.0/8', /no IPv4 prefix/],
    ['10.10.0.0/016', /no IPv4 prefix/],
    ['10.10.0.0/16/1', /no IPv4 prefix/],
    ['10.10.0.0/33', /no IPv4 prefix/],
    ['10.10.0.0/-1', /no IPv4 prefix/],
    [' 10.10.0.0/16', /no IPv4 prefix/],
    [PREFIX6, /no IPv4 prefix/],
    ['10.0.0.0/7', /length/],
    ['10.10.0.0/29', /length/],
    ['10.10.0.1/16', /the network is 10\.10\.0\.0/],
    ['10.10.0.8/28', /the network is 10\.10\.0\.0/],
    ['0.0.0.0/8', /range/],
    ['127.0.0.0/8', /range/],
    ['127.1.0.0/16', /range/],
    ['169.254.0.0/16', /range/],
    ['224.0.0.0/8', /range/],
    ['240.0.0.0/8', /range/],
    ['255.255.255.240/28', /range/],
  ];
  for (const [text, why] of refused) {
    const parsed = parsePrefix4(text);
    assert.ok(!parsed.ok, text);
    assert.match(parsed.why, why, text);
  }
});

test('addresses: IPv6 prefixes', () => {
  // Goal: only unique local /64 in their one spelling are taken. By table.
  const expected = { ok: true, network: 'fd12:3456:789a:1::', length: 64, text: PREFIX6 };
  assert.deepEqual(parsePrefix6(PREFIX6), expected);
  assert.equal(parsePrefix6('fd00::/64').ok, true);
  const refused: readonly (readonly [text: string, why: RegExp])[] = [
    ['10.0.0.0/8', /no IPv6 prefix/],
    ['fd12::', /no IPv6 prefix/],
    ['fd12::%1/64', /no IPv6 prefix/],
    ['fd12::/129', /no IPv6 prefix/],
    ['fd12::/48', /length/],
    ['fd12::/65', /length/],
    ['fc00::/64', /unique local/],
    ['2001:db8::/64', /unique local/],
    ['fe80::/64', /unique local/],
    ['::/64', /unique local/],
    ['fd12::1/64', /host bits/],
    ['FD12::/64', /must be written fd12::\/64/],
    ['fd12:0:0:0::/64', /must be written fd12::\/64/],
  ];
  for (const [text, why] of refused) {
    const parsed = parsePrefix6(text);
    assert.ok(!parsed.ok, text);
    assert.match(parsed.why, why, text);
  }
});

test('addresses: one spelling of an address', () => {
  // Goal: texts that some readers take for an address, and others for another one, are refused.
  const good = ['10.0.0.1', '0.0.0.0', '255.255.255.255', '::1', 'fd12::5', '::ffff:10.0.0.1'];
  for (const text of good) assert.equal(isAddress(text), true, text);
  const bad = ['', '10.1', '1', '010.0.0.1', '10.0.0.256', '[::1]', 'fe80::1%eth0', 'a.example'];
  for (const text of bad) assert.equal(isAddress(text), false, text);
  assert.equal(isAddress4('10.0.0.1'), true);
  assert.equal(isAddress4('::1'), false);
});

test('addresses: count and index', () => {
  // Goal: the arithmetic is right at the edges of a prefix. By table.
  assert.equal(hostCount('10.10.0.0/16'), 65_534);
  assert.equal(hostCount('192.168.1.16/28'), 14);
  assert.equal(addressAt('10.10.0.0/16', 0), '10.10.0.0');
  assert.equal(addressAt('10.10.0.0/16', 1), '10.10.0.1');
  assert.equal(addressAt('10.10.0.0/16', 256), '10.10.1.0');
  assert.equal(addressAt('10.10.0.0/16', 65_534), '10.10.255.254');
  assert.equal(addressAt('192.168.1.16/28', 15), '192.168.1.31');
  assert.equal(addressAt('200.0.0.0/8', 2 ** 24 - 1), '200.255.255.255');
  for (const index of [-1, 16, 1.5, Number.NaN]) {
    assert.throws(() => addressAt('192.168.1.16/28', index), RangeError);
  }
  assert.throws(() => hostCount(PREFIX6), TypeError);
});

test('addresses: inside and overlapping', () => {
  // Goal: both families, mapped addresses and nonsense are judged rightly. By table.
  const inside: readonly (readonly [prefix: string, address: string, expected: boolean])[] = [
    ['10.10.0.0/16', '10.10.255.255', true],
    ['10.10.0.0/16', '10.11.0.0', false],
    ['10.10.0.0/16', '::ffff:10.10.0.1', true],
    ['10.10.0.0/16', '::ffff:10.11.0.1', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['10.10.0.0/16', 'fd12::1', false],
    ['10.10.0.0/16', 'nonsense', false],
    ['nonsense', '10.10.0.1', false],
    [PREFIX6, 'fd12:3456:789a:1:ffff::1', true],
    [PREFIX6, 'FD12:3456:789A:1::1', true],
    [PREFIX6, 'fd12:3456:789a:2::1', false],
    [PREFIX6, '10.10.0.1', false],
  ];
  for (const [prefix, address, expected] of inside) {
    assert.equal(contains(prefix, address), expected, `${prefix} ${address}`);
  }
  const shared: readonly (readonly [a: string, b: string, expected: boolean])[] = [
    ['10.10.0.0/16', '10.10.0.0/16', true],
    ['10.10.0.0/16', '10.0.0.0/8', true],
    ['10.10.0.0/16', '10.10.3.4/24', true],
    ['10.10.0.0/16', '10.11.0.0/16', false],
    ['10.10.0.0/16', '0.0.0.0/0', true],
    ['10.10.0.0/16', '192.168.0.1/32', false],
    [PREFIX6, 'fd12:3456::/32', true],
    [PREFIX6, 'fd12:3457::/32', false],
    [PREFIX6, '10.10.0.0/16', false],
    ['10.10.0.0/16', 'nonsense', false],
  ];
  for (const [a, b, expected] of shared) {
    assert.equal(overlaps(a, b), expected, `${a} ${b}`);
    assert.equal(overlaps(b, a), expected, `${b} ${a}`);
  }
});

test('addresses: the IPv6 address follows from the key', () => {
  // Goal: it lies in the prefix, differs between keys, and is never the anycast address. By keys,
  // and by a hash that is zero.
  const first = ipv6Of(crypto, PREFIX6, keyOf(1));
  assert.equal(ipv6Of(crypto, PREFIX6, keyOf(1)), first);
  assert.notEqual(ipv6Of(crypto, PREFIX6, keyOf(2)), first);
  assert.equal(contains(PREFIX6, first), true);
  const zero = { ...crypto, sha256: () => new Uint8Array(32) };
  assert.equal(ipv6Of(zero, PREFIX6, keyOf(1)), 'fd12:3456:789a:1::1');
  assert.throws(() => ipv6Of(crypto, 'nonsense', keyOf(1)), TypeError);
  assert.equal(formatAddress6([0xfd, ...new Uint8Array(14), 5]), 'fd00::5');
});

test('addresses: picking takes each free IPv4 address once, then none', () => {
  // Goal: a /28 gives 13 members an address each, and the 14th none. By filling it from random
  // keys; network, broadcast and the founder's must stay out.
  const prefix = '192.168.1.16/28';
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const taken = new Set<string>();
      for (;;) {
        const address = pickIpv4(crypto, prefix, key, taken);
        if (address === null) break;
        assert.equal(taken.has(address), false);
        taken.add(address);
      }
      const all = Array.from({ length: 13 }, (_, index) => addressAt(prefix, index + 2));
      assert.deepEqual([...taken].sort(), all.sort());
    }),
    { numRuns: 50 },
  );
});

test('addresses: picking starts from the key and probes upward', () => {
  // Goal: a member gets the same address everywhere, and the next one when it is taken. By asking
  // twice; a hash of all ones shows the way round the end.
  const prefix = '10.10.0.0/16';
  const first = pickIpv4(crypto, prefix, keyOf(1), new Set());
  assert.ok(first !== null);
  assert.equal(pickIpv4(crypto, prefix, keyOf(1), new Set(['10.10.0.9'])), first);
  assert.notEqual(pickIpv4(crypto, prefix, keyOf(2), new Set()), first);
  const next = pickIpv4(crypto, prefix, keyOf(1), new Set([first]));
  const indexOf = (address: string): number =>
    address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
  assert.equal(indexOf(next ?? ''), indexOf(first) + 1);
  const last = (hash: number) => ({
    ...crypto,
    sha256: () => new Uint8Array([0, 0, hash >> 8, hash & 255]),
  });
  assert.equal(pickIpv4(last(65_532), prefix, keyOf(1), new Set()), '10.10.255.254');
  assert.equal(pickIpv4(last(65_533), prefix, keyOf(1), new Set()), '10.10.0.2');
  const taken = new Set(['10.10.255.254']);
  assert.equal(pickIpv4(last(65_532), prefix, keyOf(1), taken), '10.10.0.2');
});

test('where another host can be, and where none can', () => {
  // Goal: nothing dials itself, a group or nobody. Method: both sides of each border.
  const fit = ['203.0.113.5', '10.0.0.1', '126.255.0.1', '169.253.0.1', '223.0.0.1', '1.0.0.1'];
  for (const host of [...fit, '2001:db8::1', 'fd12::1', 'fec0::1']) {
    assert.equal(canBeHost(host), true, host);
  }
  const unfit = [
    '0.0.0.0',
    '127.1.2.3',
    '169.254.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
  ];
  for (const host of [...unfit, 'fe80::1', 'ff02::1', '::ffff:127.0.0.1', 'localhost', '']) {
    assert.equal(canBeHost(host), false, host);
  }
});
