import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHeard } from './endpoint.ts';
import {
  exampleMember,
  exampleObserved,
  examplePeer,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { chooseMtu, hostOf } from './mtu.ts';
import { plan } from './plan.ts';
import type { ObservedPath, ObservedPeer, VpnObserved } from './state.ts';

const silent = { handshakeAtMs: null };
const by = (name: string, mtu: number | null = null): ObservedPath => ({ interface: name, mtu });
const seen = (
  peers: readonly ObservedPeer[],
  paths: VpnObserved['paths'],
  mtus: VpnObserved['mtus'] = { eth0: 1500, ppp0: 1492, narrow: 1300, jumbo: 9001 },
): VpnObserved => exampleObserved(peers, { paths, mtus });

const CASES: readonly (readonly [string, VpnObserved, number])[] = [
  ['nothing is known', seen([], {}), 1420],
  ['the link', seen([examplePeer(2)], { '192.0.2.2': by('ppp0') }), 1412],
  ['the route says less', seen([examplePeer(2)], { '192.0.2.2': by('eth0', 1400) }), 1320],
  [
    'the route says more than its link',
    seen([examplePeer(2)], { '192.0.2.2': by('ppp0', 1500) }),
    1412,
  ],
  [
    'jumbo frames: only the first link is known',
    seen([examplePeer(2)], { '192.0.2.2': by('jumbo') }),
    1420,
  ],
  [
    'the narrowest of several',
    seen([examplePeer(2), examplePeer(3)], { '192.0.2.2': by('eth0'), '192.0.2.3': by('ppp0') }),
    1412,
  ],
  [
    'one that is only tried does not count beside one that is heard',
    seen([examplePeer(2), examplePeer(3, silent)], {
      '192.0.2.2': by('eth0'),
      '192.0.2.3': by('narrow'),
    }),
    1420,
  ],
  [
    'one that is only tried, alone',
    seen([examplePeer(3, silent)], { '192.0.2.3': by('ppp0') }),
    1412,
  ],
  ['too narrow: IPv6 needs 1280', seen([examplePeer(2)], { '192.0.2.2': by('narrow') }), 1280],
  ['no way there', seen([examplePeer(2)], {}), 1420],
  ['a link that is gone since', seen([examplePeer(2)], { '192.0.2.2': by('eth7') }), 1420],
  [
    'by IPv6',
    seen([examplePeer(2, { endpoint: '[2001:db8::2]:7300' })], { '2001:db8::2': by('ppp0') }),
    1412,
  ],
];

test('the MTU is what the narrowest way in use carries, within bounds', () => {
  // Goal: no packet too large, none needlessly small. Method: a table of ways.
  for (const [why, observed, expected] of CASES) {
    const { mtu } = chooseMtu(observed, [], (peer) => isHeard(peer, exampleSelf()));
    assert.equal(mtu, expected, why);
  }
});

test('a way too narrow for IPv6 in the tunnel is named, and holds up nothing', () => {
  // Goal: a person learns why it is slow. Method: a byte too few, and enough.
  const view = exampleView([exampleMember(1), exampleMember(2)]);
  const planFor = (mtu: number) =>
    plan(view, exampleSelf(), seen([examplePeer(2)], { '192.0.2.2': by('eth0', mtu) }));
  const narrow = planFor(1339);
  assert.deepEqual([narrow.state?.mtu, narrow.problems], [1280, []]);
  assert.match(
    narrow.notes?.join() ?? '',
    /^mtu: 1339: the way to vm-2 by eth0 carries no packet of 1340 bytes/,
  );
  const wide = planFor(1340);
  assert.deepEqual([wide.state?.mtu, wide.notes], [1280, []]);
  const peer = examplePeer(2, { endpoint: '[2001:db8::2]:7300' });
  const planFor6 = (mtu: number) =>
    plan(view, exampleSelf(), seen([peer], { '2001:db8::2': by('eth0', mtu) })).notes?.length;
  assert.deepEqual([planFor6(1359), planFor6(1360)], [1, 0]);
});

test('the host of an endpoint', () => {
  // Goal: both spellings. Method: table.
  assert.equal(hostOf('192.0.2.2:7300'), '192.0.2.2');
  assert.equal(hostOf('[2001:db8::2]:7300'), '2001:db8::2');
});
