import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Host, Net } from '../ports.ts';
import type { Sign } from '../sign.ts';
import { reachTopic, reachWish, readReached } from './reach.ts';

const members = [
  { ipv4: '10.10.0.2', ipv6: 'fd00::2', endpoints: null, hasLeft: false },
  {
    ...{ ipv4: '10.10.0.3', ipv6: 'fd00::3', hasLeft: false },
    endpoints: { port: 1, advertised: null, observed: { host: '192.0.2.3', port: 1 }, local: [] },
  },
  { ipv4: '10.10.0.4', ipv6: 'fd00::4', endpoints: null, hasLeft: true },
];

test('reach: an address of a member is tried, and no other', async () => {
  // Goal: no scanner. Method: the port that is called, by both protocols; strange addresses.
  const asked: unknown[] = [];
  const net = {
    glance: async (sign: Sign) => {
      asked.push(sign);
      return 'refused';
    },
  };
  const host = {
    run: async ({ argv }: { argv: readonly string[] }) => {
      asked.push(argv.join(' '));
      return { status: 1, stdout: '', stderr: '' };
    },
  };
  const ports = { net: net as unknown as Net, host: host as unknown as Host };
  const topic = reachTopic(ports, () => ({ members }) as unknown as View);
  const from = 'x' as Parameters<typeof reachWish>[0]['from'];
  const tcp = { from, protocol: 'tcp', host: '192.0.2.3', port: 443 } as const;
  assert.equal(readReached(await topic(reachWish(tcp))), 'refused');
  const icmp = { from, protocol: 'icmp', host: 'fd00::2', port: 0 } as const;
  assert.equal(readReached(await topic(reachWish(icmp))), 'silent');
  assert.deepEqual(asked, [
    { kind: 'reach', host: '192.0.2.3', port: 443 },
    'ping -n -c 1 -W 2 fd00::2',
  ]);
  for (const address of ['10.10.0.4', '198.51.100.1', '-f', '']) {
    await assert.rejects(topic(reachWish({ ...tcp, host: address })), Fault, address);
  }
  for (const wish of [null, {}, { ...(reachWish(tcp) as object), port: 70_000 }]) {
    await assert.rejects(topic(wish), Fault);
  }
  assert.throws(() => readReached({ reached: 'maybe' }), Fault);
  assert.equal(asked.length, 2);
});
