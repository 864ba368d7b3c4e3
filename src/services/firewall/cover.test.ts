import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PortRange } from '../schema-parts.ts';
import { type Cidr, parseCidr } from '../selectors/cidr.ts';
import { openCover } from './cover.ts';
import type { Clause } from './lane.ts';
import type { ExactKey, OrderedPart } from './sort-lane.ts';

const CIDRS = [
  ...['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.3/32', '10.1.2.4/31'],
  ...['::/0', 'fd00::/8', 'fd00:1::/64', 'fd00:1::7/128', '192.0.2.7/32'],
].flatMap((text): readonly Cidr[] => {
  const parsed = parseCidr(text);
  return parsed.ok ? [parsed.value] : [];
});
const PORTS: readonly PortRange[][] = [
  [[1, 1]],
  [
    [2, 2],
    [3, 3],
  ],
  [[1, 3]],
  [
    [2, 2],
    [4, 9],
  ],
  [],
];

const part = fc
  .record({
    protocol: fc.constantFrom('tcp', 'udp', 'any', 'icmp'),
    ports: fc.option(fc.constantFrom(...PORTS)),
    remote: fc.option(fc.subarray(CIDRS)),
  })
  .map(({ protocol, ports, remote }): OrderedPart => {
    const clause = { protocol } as Partial<Clause> as Clause;
    return { clause, part: 'all', remote, ports };
  });
const key = fc
  .record({
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    port: fc.integer({ min: 1, max: 5 }),
    address: fc.option(fc.constantFrom(...CIDRS.filter(({ first, last }) => first === last))),
  })
  .map((each): ExactKey => ({ ...each, clause: {} as Clause }));

/** Whether a part can match a key, by the words. */
const covers = ({ clause, ports, remote }: OrderedPart, wanted: ExactKey): boolean => {
  const { address, port, protocol } = wanted;
  if (clause.protocol !== 'any' && clause.protocol !== protocol) return false;
  if (ports?.some(([first, last]) => first <= port && port <= last) === false) return false;
  if (remote === null || address === null) return true;
  return remote.some(
    ({ family, first, last }) =>
      family === address.family && first <= address.first && address.first <= last,
  );
};

test('what covers a key is found as if each part were tried, in order', () => {
  // Goal: quick and right. Method: lists of parts and keys at random, beside the plain way.
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }),
      fc.array(key, { maxLength: 10 }),
      (parts, keys) => {
        const cover = openCover(parts);
        for (const each of keys) {
          const expected = parts.filter((one) => covers(one, each));
          assert.deepEqual(cover(each), expected);
          for (const [at, one] of cover(each).entries()) assert.equal(one, expected[at]);
        }
      },
    ),
  );
});
