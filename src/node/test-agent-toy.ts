/**
 * Loop: agent toy — a clock, a host and a service small enough to see through, to test the agent.
 *
 * The service wants items on the host: `toy list`, `toy add X`, `toy remove X`; each change makes
 * the monitor `toy monitor` print a line. Time stands until the test moves it.
 */
import { base64 } from '@scure/base';
import type { MemberId, MeshId } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock, Disk, Host, HostResult, Log, Net } from '../ports.ts';
import type { Process } from '../process-port.ts';
import type { AgentReport, Command, NodeSelf, Service } from '../services/service.ts';
import type { Sign } from '../sign.ts';
import { type Agent, startAgent } from './agent.ts';
import { openLedger } from './ledger.ts';

/** Lets everything run that waits for no clock: a pass of two commands takes under 100 steps. */
const settle = async (): Promise<void> => {
  for (let step = 0; step < 1_000; step++) await Promise.resolve();
};

/** A clock that stands until the test moves it. */
const testClock = () => {
  let nowMs = 1_000;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  const clock: Clock = {
    wallMs: () => 1_800_000_000_000 + nowMs,
    monotonicMs: () => nowMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        const sleeper = { atMs: nowMs + durationMs, wake: () => finish() };
        const finish = (): void => {
          sleepers.delete(sleeper);
          resolve();
        };
        sleepers.add(sleeper);
        signal.addEventListener('abort', finish, { once: true });
        if (signal.aborted) finish();
      }),
  };
  /** Moves on by `durationMs`, waking each sleeper at its time. */
  const pass = async (durationMs: number): Promise<void> => {
    const endMs = nowMs + durationMs;
    await settle();
    for (;;) {
      const next = [...sleepers].toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      nowMs = next.atMs;
      next.wake();
      await settle();
    }
    nowMs = endMs;
  };
  return { clock, pass };
};

const SIGN: Sign = { kind: 'tunnels', to: [] };

interface Toy {
  /** What the host has. */
  readonly items: Set<string>;
  /** What the state wants; the view of this toy. */
  wanted: readonly string[];
  /** Whether items may be added before the host is looked at. */
  isBlind: boolean;
  recheckMs: number | null;
  problems: readonly string[];
  notes: readonly string[];
  /** What the sign is expected to be; null: there is none. */
  sign: string | null;
  /** How much later the service was last asked what it would see. */
  elapsedMs: number;
}

const toyService = (toy: Toy): Service<readonly string[], readonly string[]> => ({
  name: 'toy',
  monitors: () => [{ argv: ['toy', 'monitor'], concerns: (line) => line !== 'noise' }],
  probes: () => [{ name: 'list', argv: ['toy', 'list'] }],
  read: ({ list }) => {
    const isReadable = list?.status === 0;
    const state = isReadable ? list.stdout.split(' ').filter((name) => name !== '') : [];
    return { state, problems: isReadable ? [] : ['toy list: unreadable'], recheckMs: null };
  },
  plan: () => ({
    state: toy.wanted,
    problems: toy.problems,
    notes: toy.notes,
    recheckMs: toy.recheckMs,
  }),
  later: (observed, elapsedMs) => {
    toy.elapsedMs = elapsedMs;
    return observed;
  },
  diff: (desired, observed) => [
    ...desired
      .filter((name) => !observed.includes(name))
      .map(
        (name): Command => ({
          kind: 'run',
          ...(toy.isBlind ? { isBlind: true as const } : {}),
          argv: ['toy', 'add', name],
          stdin: { secret: 'wg-private-key' },
          undo: { [`toy-${name}`]: { kind: 'run', argv: ['toy', 'remove', name] } },
        }),
      ),
    ...observed
      .filter((name) => !desired.includes(name))
      .map((name): Command => ({ kind: 'run', argv: ['toy', 'remove', name] })),
  ],
  signs: () => (toy.sign === null ? [] : [{ sign: SIGN, expected: toy.sign }]),
  openings: () => [],
  summary: (observed) => ({ engine: observed.join(' ') }),
});

type Answer = HostResult | Fault | Promise<HostResult> | null;

/** A command that worked. */
export const ok = (stdout = ''): HostResult => ({ status: 0, stdout, stderr: '' });
/** A command that did not. */
export const refusal = (stderr: string): HostResult => ({ status: 1, stdout: '', stderr });
const SECRET = new Uint8Array(32).fill(7);

/** The secret as a command reads it. */
export const TOY_SECRET = base64.encode(SECRET);

const VIEW: View = {
  mesh: { id: 'mesh' as MeshId, name: 'mesh', prefix: '10.10.0.0/16', prefix6: 'fd00:1::/64' },
  members: [],
  enrolments: [],
  evicted: [],
  evictions: [],
  proposals: [],
  operators: [],
  invites: [],
  intent: [],
  nextRootHash: new Uint8Array(32),
  recovery: 0,
  alarms: [],
  quarantined: [],
};

const SELF: NodeSelf = {
  id: 'self' as MemberId,
  interface: 'cnsmo0',
  port: 7300,
  facts: {
    hostname: 'vm',
    isRoot: true,
    hasTun: true,
    hasKernelWireguard: false,
    hasSystemd: false,
    tools: {},
  },
  seen: new Map(),
  skewsMs: new Map(),
  recoveredAtMs: null,
  sights: new Map(),
};

const memoryDisk = (ran: string[]): Disk => {
  let content = new Uint8Array();
  return {
    read: async () => (content.length === 0 ? null : content),
    write: async () => undefined,
    append: async (_name, bytes) => {
      content = Uint8Array.from([...content, ...bytes]);
      ran.push('ledger');
    },
    remove: async () => undefined,
    list: async () => [],
  };
};

type Responder = (argv: readonly string[]) => Answer;

/** The toy's host: `answer` may answer a command before it does. */
const toyHost = (toy: Toy, answer: Responder) => {
  const ran: string[] = [];
  const inputs: string[] = [];
  const lines = new Set<(line: string) => void>();
  const emit = (line = 'changed'): void => {
    for (const onLine of lines) onLine(line);
  };
  const host: Pick<Host, 'run'> = {
    run: async ({ argv, stdin }) => {
      const [, verb = '', name = ''] = argv;
      ran.push(argv.join(' '));
      if (stdin !== undefined) inputs.push(new TextDecoder().decode(stdin));
      const given = answer(argv);
      if (given instanceof Fault) throw given;
      if (given !== null) return given;
      if (verb === 'list') return ok([...toy.items].join(' '));
      if (verb === 'add') toy.items.add(name);
      else toy.items.delete(name);
      emit();
      return ok();
    },
  };
  const process: Pick<Process, 'lines'> = {
    lines: (_argv, onLine, signal) =>
      new Promise((resolve) => {
        lines.add(onLine);
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
  };
  return { host: host as Host, process: process as Process, ran, inputs, emit };
};

/** An agent of the toy on a host of its own. `answer` may answer a command before the host does. */
export const startToy = async (answer: Responder = () => null) => {
  const toy: Toy = {
    items: new Set(),
    wanted: [],
    isBlind: false,
    recheckMs: null,
    problems: [],
    notes: [],
    sign: null,
    elapsedMs: 0,
  };
  const { clock, pass } = testClock();
  const { host, process, ran, inputs, emit } = toyHost(toy, answer);
  const reports: AgentReport[] = [];
  const logged: { readonly event: string; readonly facts: string }[] = [];
  const note = (event: string, facts?: Readonly<Record<string, unknown>>): void => {
    logged.push({ event, facts: JSON.stringify(facts) });
  };
  const log: Log = { info: note, warn: note, error: note };
  const random = { bytes: () => new Uint8Array(), fraction: () => 0.5 };
  const stop = new AbortController();
  const context = {
    view: () => VIEW,
    self: () => SELF,
    openings: () => [],
    keepBoot: async () => {},
    call: async () => '',
    secrets: () => SECRET,
    ledger: await openLedger(memoryDisk(ran)),
    onReport: (report: AgentReport) => void reports.push(report),
  };
  // What the sign of the host is; the test sets it.
  const world = { sign: 'calm' };
  const net = { glance: async () => world.sign } as unknown as Net;
  const ports = { clock, random, host, process, net, log };
  const service = toyService(toy);
  const begin = (): Agent => startAgent(ports, service, context, stop.signal);
  const last = (): AgentReport | undefined => reports.at(-1);
  const agent = { ports, service, context };
  return Object.assign(world, {
    ...{ toy, agent, begin, pass, ran, inputs, reports, last, logged, emit, stop },
  });
};

/** How often a command was run. */
export const count = (ran: readonly string[], command: string): number =>
  ran.filter((each) => each === command).length;
