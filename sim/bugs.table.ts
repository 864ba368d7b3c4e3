/**
 * Edge: bugs — planted bugs, each of which `npm run sim -- --bug NAME` must find.
 *
 * No line of the product carries a switch for them. Some are faults of the ports: a disk that
 * answers early is what a daemon without fsync would see. The others change lines of rules
 * (`edition.ts`).
 */
import type { HostCommand, Ports, Swarm, SwarmNode } from '../src/ports.ts';
import type { Patch } from './edition.ts';
import type { Machine } from './machine.ts';
import type { DiskHabits } from './platter.ts';

/** A planted bug. */
export interface Bug {
  readonly about: string;
  /** Changes to the product. */
  readonly patches?: readonly Patch[];
  readonly disk?: Partial<DiskHabits>;
  /** Called for each process that starts, with what it gets. */
  readonly wrap?: (ports: Ports, machine: Machine) => Ports;
}

/** Every swarm node that the ports open, changed. */
const withNode =
  (change: (node: SwarmNode) => Partial<SwarmNode>) =>
  (ports: Ports): Ports => {
    const swarm: Swarm = {
      open: async (config) => {
        const node = await ports.swarm.open(config);
        return { ...node, ...change(node) };
      },
    };
    return { ...ports, swarm };
  };

const isPeerRemoval = ({ argv }: HostCommand): boolean => argv.includes('remove');

/** Name → bug. */
export const BUGS: Readonly<Record<string, Bug>> = {
  'clings-to-role': {
    about: 'who has the core role keeps it when another is elected',
    patches: [
      {
        file: 'src/node/core.ts',
        find: "if (!isElected) return release(desk, 'another is elected');",
        put: 'if (!isElected) return;',
      },
    ],
  },
  'term-not-kept': {
    about: 'the term of the core role is not on disk: a restart forgets it',
    patches: [
      {
        file: 'src/node/core-terms.ts',
        find: 'await disk.write(FILE, encodeTerm(term));',
        put: 'void encodeTerm(term);',
      },
    ],
  },
  'role-never-taken': {
    about: 'nobody ever takes the core role',
    patches: [
      {
        file: 'src/node/core.ts',
        find: 'const isSettled = nowMs - memory.electedMs >= memory.settleMs;',
        put: 'const isSettled = false;',
      },
    ],
  },
  'no-sync': {
    about: 'no anti-entropy: what gossip loses stays lost',
    wrap: withNode((node) => ({
      request: (peer, protocol, body, timeoutMs) =>
        protocol === 'sync' ? Promise.resolve(body) : node.request(peer, protocol, body, timeoutMs),
    })),
  },
  'no-fsync': {
    about: 'frames are sent before they are durable: a power cut makes their author fork',
    disk: { appendLagMsMax: 20_000 },
  },
  'no-removal': {
    about: 'tunnels to members that left stay up',
    wrap: (ports) => ({
      ...ports,
      host: {
        ...ports.host,
        run: (command) =>
          isPeerRemoval(command)
            ? Promise.resolve({ status: 0, stdout: '', stderr: '' })
            : ports.host.run(command),
      },
    }),
  },
  'no-redial': {
    about: 'a connection that broke is never made again',
    wrap: withNode((node) => {
      const met = new Set<string>();
      node.onConnectionChange((peer) => met.add(peer));
      return {
        dial: (peer, endpoints, timeoutMs) =>
          node.dial(peer, met.has(peer) ? [] : endpoints, timeoutMs),
      };
    }),
  },
  'no-journal': {
    about: 'frames are never written down: a daemon that starts knows nothing of what it said',
    wrap: (ports) => ({ ...ports, disk: { ...ports.disk, append: () => Promise.resolve() } }),
  },
  'same-keys': {
    about: 'chance repeats itself: two VMs make one key',
    wrap: (ports) => ({
      ...ports,
      random: { ...ports.random, bytes: (length) => new Uint8Array(length).fill(7) },
    }),
  },
  'open-door': {
    about: 'everybody who knows the pre-shared key counts as a member',
    wrap: (ports) => ({
      ...ports,
      swarm: { open: (config) => ports.swarm.open({ ...config, standing: () => 'member' }) },
    }),
  },
};
