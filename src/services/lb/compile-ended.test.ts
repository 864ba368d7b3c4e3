import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endedPart } from './compile-ended.ts';
import type { Way } from './ways.ts';

const way = (n: number, ports: readonly [number, number], host = 2): Way => ({
  virtual: { ipv4: `10.10.7.${n}`, ipv6: `fd00:1::77${n}` },
  ...{ protocol: 'tcp', ports },
  backend: { ipv4: `10.10.0.${host}`, ipv6: `fd00:1::${host}` },
});

test('lb: what is over of balancers with ports in common is one range', () => {
  // Goal: nft takes the table; two ranges that overlap it refuses whole. Method: ways to one host
  // that overlap, hold one another and touch; twins: another host, another protocol.
  const udp: Way = { ...way(5, [8_500, 8_500]), protocol: 'udp' };
  const left = [
    ...[way(1, [8_000, 9_000]), way(2, [8_080, 8_080]), way(3, [8_900, 9_500])],
    ...[way(4, [8_000, 8_100], 3), udp],
  ];
  const [, front] = endedPart([], { left, isMoved: false }).sets;
  assert.deepEqual(
    [...(front?.elements.values() ?? [])].map(({ key }) => key),
    [
      { concat: ['10.10.0.2', 6, { range: [8_000, 9_500] }] },
      { concat: ['10.10.0.3', 6, { range: [8_000, 8_100] }] },
      { concat: ['10.10.0.2', 17, 8_500] },
    ],
  );
});
