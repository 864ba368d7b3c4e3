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
        find: "if (electCore(held)?.id !== context.self) return release(desk, 'another is elected');",
        put: 'if (electCore(held)?.id !== context.self) return;',
      },
    ],
  },
  'term-not-kept': {
    about: 'the term of the core role is not on disk: a restart forgets it',
    patches: [
      {
        file: 'src/node/core-terms.ts',
        find: 'await disk.write(FILE, encodeTerms(rising));',
        put: 'void encodeTerms(rising);',
      },
    ],
  },
  'term-of-tomorrow': {
    about: 'who took a term with a clock that was ahead goes by it when that is right again',
    patches: [
      {
        file: 'src/node/core-terms.ts',
        find: 'epoch <= latestEpoch()',
        put: 'epoch <= latestEpoch() + 1_000_000',
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
  'table-left': {
    about: 'a table of the firewall that is there is never changed',
    patches: [
      {
        file: 'src/services/firewall/diff.ts',
        find: 'return change(desired, observed.table);',
        put: 'return [];',
      },
    ],
  },
  'trial-anytime': {
    about: 'a trial of the firewall is begun however old it is',
    patches: [
      {
        file: 'src/services/firewall/trial.ts',
        find: 'return age + allowanceMs < lengthMs && age < clocks.nowMs;',
        put: 'return true;',
      },
    ],
  },
  'drain-ignored': {
    about: 'a backend that drains gets new connections as any other',
    patches: [
      {
        file: 'src/services/lb/choice.ts',
        find: 'const open = backends.filter(({ isDraining }) => !isDraining);',
        put: 'const open = backends;',
      },
    ],
  },
  'no-panic': {
    about: 'with all backends down from here none is used',
    patches: [
      {
        file: 'src/services/lb/health.ts',
        find: 'const isPanic = down * 2 > healths.length;',
        put: 'const isPanic = false;',
      },
    ],
  },
  'hearsay-believed': {
    about: 'a backend that once said that it is down is out, whatever an own try says',
    patches: [
      {
        file: 'src/services/lb/cell.ts',
        find: "  if (cell.state === 'down') return {",
        put: "  if (cell.state === 'down' || (!isOwn && said?.state === 'down')) return {",
      },
    ],
  },
  'dead-kept': {
    about: 'whoever is down gets new connections as any other',
    patches: [
      {
        file: 'src/services/lb/cell.ts',
        find: "if (state === 'down' || isPlain(failed) || bad >= fallOf(cell)) {",
        put: "if (state === 'down' || (isPlain(failed) && bad > 1e6 * fallOf(cell))) {",
      },
    ],
  },
  'drain-endless': {
    about: 'what a backend that drains has is never ended',
    patches: [
      {
        file: 'src/services/lb/endings.ts',
        find: 'if (endOf(each) <= nowMs) names.add(name);',
        put: 'if (endOf(each) < 0) names.add(name);',
      },
    ],
  },
  'drain-hasty': {
    about: 'what a backend that drains has is ended at once',
    patches: [
      {
        file: 'src/services/lb/endings.ts',
        find: 'if (endOf(each) <= nowMs) names.add(name);',
        put: 'if (each.sinceMs <= nowMs) names.add(name);',
      },
    ],
  },
  'clients-cling': {
    about: 'a client stays with its backend, whatever becomes of that',
    patches: [
      {
        file: 'src/services/lb/diff.ts',
        find: '    ...forgetSteps(desired.dispatches, observed.table),',
        put: '    ...forgetSteps([], observed.table),',
      },
    ],
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
  'others-not-loaded': {
    about: 'of its journal a daemon that starts reads what it said itself, and nothing of others',
    patches: [
      {
        file: 'src/node/journal.ts',
        find: 'store.loadInPieces(frames, ',
        put: 'store.loadInPieces(frames.filter(isOwn), ',
      },
      {
        file: 'src/node/journal.ts',
        find: '  const meter = openMeter(clock.monotonicMs);\n  const reading',
        put: `  const meter = openMeter(clock.monotonicMs);
  const isOwn = (frame: Uint8Array): boolean => {
    const one = readFrame(frame);
    return one.ok && memberIdOf(one.frame.author) === self;
  };
  const reading`,
      },
    ],
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
  'unbounded-clock': {
    about: 'a stamp of any day to come is taken at once',
    patches: [
      {
        file: 'src/crdt/hlc.ts',
        find: 'hlc[0] > wallMs + AHEAD_MS_MAX',
        put: 'hlc[0] > wallMs + 1e15',
      },
    ],
  },
  'chain-check-off': {
    about: 'a frame may follow another one than the last',
    patches: [
      {
        file: 'src/crdt/chain.ts',
        find: 'isSameBytes(before.hash, frame.previous);',
        put: 'frame.previous.length > 0;',
      },
    ],
  },
  'signature-check-off': {
    about: 'frames need no signature',
    patches: [
      {
        file: 'src/crdt/frame.ts',
        find: 'boolean =>\n  verify(crypto, frame.author, {',
        put: 'boolean =>\n  frame.signature.length > 0 || verify(crypto, frame.author, {',
      },
    ],
  },
  'v2-accepted': {
    about: 'updates in version 2 of the encoding of Yjs pass the gate',
    patches: [
      {
        file: 'src/crdt/gate.ts',
        find: 'return reader.why === null',
        put: 'return reader.why === null || (update[0] === 0 && update.length > 12)',
      },
    ],
  },
  'adopts-nobody': {
    about: 'whom a member let in is evicted with it',
    patches: [
      {
        file: 'src/crdt/evicting.ts',
        find: 'if (eviction.isCascade) return [];',
        put: 'if (known.view().members.length > 0) return [];',
      },
    ],
  },
  'eviction-ignored': {
    about: 'who was evicted stays a member',
    patches: [
      {
        file: 'src/crdt/roster.ts',
        find: 'return at !== undefined && at <= now &&',
        put: 'return at === -7 &&',
      },
    ],
  },
  'void-admissions-count': {
    about: 'whom an evicted member admitted is a member',
    patches: [
      {
        file: 'src/crdt/membership.ts',
        find: 'if (!start.isVoid(id)) seen.add(id);',
        put: 'seen.add(id);',
      },
    ],
  },
  'nodes-decide': {
    about: 'the word of a node counts as that of an operator',
    patches: [
      {
        file: 'src/crdt/operators.ts',
        find: 'const evicted = [...(testimony?.said.evict.keys() ?? []),',
        put: 'const evicted = [...[...testimonies.values()].flatMap(({ said }) => [...said.evict.keys()]),',
      },
    ],
  },
  'quota-off': {
    about: 'an author may say as much as it likes',
    patches: [
      {
        file: 'src/crdt/holdings.ts',
        find: 'if (tally[what] > quota[what])',
        put: 'if (tally[what] > 64 * quota[what])',
      },
    ],
  },
  'replay-floor-off': {
    about: 'an older generation takes the place of a newer one',
    patches: [
      {
        file: 'src/crdt/chain.ts',
        find: "if (frame.generation < current.number) return 'known';",
        put: "if (frame.generation < current.number) return frame.sequence === 0 ? 'next' : 'known';",
      },
    ],
  },
  'twins-unnoticed': {
    about: 'two VMs with one key are not told of each other',
    patches: [
      {
        file: 'src/node/twins.ts',
        find: 'isTwinned = told.slice(0, KEPT_MAX).some(',
        put: 'isTwinned = told.slice(KEPT_MAX).some(',
      },
      {
        file: 'src/crdt/receiving.ts',
        find: "    desk.doubt ??= 'elsewhere';",
        put: '',
      },
    ],
  },
  'torn-tail-kept': {
    about: 'what a crash left of a frame stays in the journal, and frames follow it',
    patches: [
      {
        file: 'src/node/journal.ts',
        find: 'if (bytes !== null && !torn) return;',
        put: 'if (bytes !== null) return;',
      },
    ],
  },
  'tombstones-dropped': {
    about: 'a generation does not carry what was deleted',
    patches: [
      {
        file: 'src/crdt/saying.ts',
        find: 'if (!isLasting(path)) return null;',
        put: 'if (path !== null) return null;',
      },
    ],
  },
  'fork-unnoticed': {
    about: 'of two frames for one place each member keeps the one that it heard first',
    patches: [
      {
        file: 'src/crdt/chain.ts',
        find: "isLower(held.hash, hash) ? 'known' : 'conflict';",
        put: "isLower(held.hash, hash) ? 'known' : 'known';",
      },
    ],
  },
  'damage-forgotten': {
    about: 'a member whose journal was damaged goes on where it ends',
    patches: [
      {
        file: 'src/crdt/store.ts',
        find: "    desk.doubt ??= 'disk';",
        put: '',
      },
      {
        file: 'src/node/journal.ts',
        find: 'const isDoubted = isLost ||',
        put: 'const isDoubted = false && isLost ||',
      },
    ],
  },
  'unknown-dropped': {
    about: 'a generation does not carry what its author does not know',
    patches: [
      {
        file: 'src/crdt/saying.ts',
        find: "if (statement.kind === 'tombstone' || statement.entry.value !== null) return statement;",
        put: "if (statement.kind === 'entry' && statement.entry.path === 'member/mood') return null;\n  if (statement.kind === 'tombstone' || statement.entry.value !== null) return statement;",
      },
    ],
  },
};
