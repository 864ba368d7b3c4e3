import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moduleFiles } from './modules.ts';

const DEP = `kernel/net/wireguard.ko: kernel/net/udp_tunnel.ko kernel/lib/curve25519-x86_64.ko
kernel/net/udp_tunnel.ko:
kernel/lib/curve25519-x86_64.ko.xz:
kernel/lib/curve25519-x86_64.ko:
kernel/net/veth.ko.zst:
`;

const CASES = [
  { names: [], files: [], missing: [] },
  { names: ['veth'], files: ['kernel/net/veth.ko.zst'], missing: [] },
  {
    names: ['wireguard', 'udp-tunnel'],
    files: [
      'kernel/lib/curve25519-x86_64.ko',
      'kernel/net/udp_tunnel.ko',
      'kernel/net/wireguard.ko',
    ],
    missing: [],
  },
  { names: ['wire', 'veth'], files: ['kernel/net/veth.ko.zst'], missing: ['wire'] },
];

test('modules come with what they need, each once, and unknown ones are named', () => {
  // Goal: the machine can load what the test needs. Method: table over a small modules.dep.
  for (const { names, ...expected } of CASES) assert.deepEqual(moduleFiles(DEP, names), expected);
});
