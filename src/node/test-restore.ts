/**
 * Loop: test restore — hosts whose disks are memory, and where members answer, for tests only.
 */
import { Fault } from '../fault.ts';
import type { Endpoint, Ports, SwarmConfig, SwarmNode } from '../ports.ts';
import { openCrypto } from './linux/crypto.ts';
import { LETS_NOT_IN } from './rules/gated.ts';
import { createDisk } from './test-replica.ts';

/** The time on all hosts. Unit: ms since the Unix epoch. */
const NOW_MS = 1_800_000_000_000;

/** A host with an empty disk. `answering`: what answers with the key that is dialled, by host. */
export function openHost(answering: Readonly<Record<string, 'holder' | 'other'>> = {}) {
  const { disk, files, state } = createDisk();
  const dialled: string[] = [];
  const peers: string[] = [];
  const opened: SwarmConfig[] = [];
  const open = async (config: SwarmConfig): Promise<SwarmNode> => {
    opened.push(config);
    const dial = async (peer: unknown, [endpoint]: readonly Endpoint[]): Promise<void> => {
      const host = endpoint?.host ?? '';
      dialled.push(host);
      peers.push(String(peer));
      const why = { holder: LETS_NOT_IN, other: 'is another member than expected' };
      const found = answering[host];
      throw new Fault(found === undefined ? 'timeout' : 'refused', {
        ...{ field: 'endpoint', value: host, remedy: 'look' },
        why: found === undefined ? 'no answer' : why[found],
      });
    };
    return { dial, stop: async () => undefined } as unknown as SwarmNode;
  };
  return { ports: { ...portsOf(open), disk }, files, state, dialled, peers, opened };
}

/** No two random bytes are equal, on any host. */
let drawn = 0;

const portsOf = (open: Ports['swarm']['open']): Omit<Ports, 'process' | 'disk' | 'logBook'> => {
  const silent = (): void => undefined;
  const facts = {
    hostname: 'fresh',
    isRoot: true,
    hasTun: true,
    hasKernelWireguard: true,
    hasSystemd: false,
    tools: { ip: true, wg: true },
  };
  return {
    clock: { wallMs: () => NOW_MS, monotonicMs: () => 0, sleep: async () => undefined },
    random: {
      bytes: (length) => {
        drawn += 1;
        return openCrypto()
          .sha256(new TextEncoder().encode(`draw ${drawn}`))
          .subarray(0, length);
      },
      fraction: () => 0.5,
    },
    crypto: openCrypto(),
    swarm: { open },
    host: {
      run: async () => ({ status: 1, stdout: '', stderr: '' }),
      facts: async () => facts,
      probe: async () => facts,
      addresses: async () => [],
    },
    net: {
      isPortFree: async (port) => port !== 9_999,
      glance: async () => '',
      serveApi: async () => async () => undefined,
    },
    log: { info: silent, warn: silent, error: silent },
  };
};
