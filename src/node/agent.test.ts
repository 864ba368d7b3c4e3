import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import type { Clock, Disk, Host, HostResult, Log, Process } from '../ports.ts';
import type { AgentReport, Command, Self, Service } from '../services/service.ts';
import { exampleSelf, exampleView } from '../services/vpn/example.table.ts';
import { type Agent, startAgent } from './agent.ts';
import { type Ledger, openLedger } from './ledger.ts';

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
    await setImmediate();
    for (;;) {
      const next = [...sleepers].toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      nowMs = next.atMs;
      next.wake();
      await setImmediate();
    }
    nowMs = endMs;
  };
  return { clock, pass };
};

interface Toy {
  /** What the host has. */
  readonly items: Set<string>;
  /** What the state wants; the view of this toy. */
  wanted: readonly string[];
  recheckMs: number | null;
  problems: readonly string[];
}

/** A service that wants items on the host: `toy list`, `toy add X`, `toy remove X`. */
const toyService = (toy: Toy): Service<readonly string[], readonly string[]> => ({
  name: 'toy',
  monitors: [['toy', 'monitor']],
  probes: () => [{ name: 'list', argv: ['toy', 'list'] }],
  read: ({ list }) => {
    const isReadable = list?.status === 0;
    const state = isReadable ? list.stdout.split(' ').filter((name) => name !== '') : [];
    return { state, problems: isReadable ? [] : ['toy list: unreadable'], recheckMs: null };
  },
  plan: () => ({ state: toy.wanted, problems: toy.problems, recheckMs: toy.recheckMs }),
  diff: (desired, observed) => [
    ...desired
      .filter((name) => !observed.includes(name))
      .map(
        (name): Command => ({
          kind: 'run',
          argv: ['toy', 'add', name],
          stdin: { secret: 'wg-private-key' },
          undo: { [`toy-${name}`]: { kind: 'run', argv: ['toy', 'remove', name] } },
        }),
      ),
    ...observed
      .filter((name) => !desired.includes(name))
      .map((name): Command => ({ kind: 'run', argv: ['toy', 'remove', name] })),
  ],
  openings: () => [],
  summary: (observed) => ({ engine: observed.join(' ') }),
});

type Answer = HostResult | Fault | Promise<HostResult> | null;

const ok = (stdout = ''): HostResult => ({ status: 0, stdout, stderr: '' });
const refusal = (stderr: string): HostResult => ({ status: 1, stdout: '', stderr });
const SECRET = new Uint8Array(32).fill(7);
const SECRET_TEXT = Buffer.from(SECRET).toString('base64');

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

/** An agent of the toy on a host of its own. `answer` may answer a command before the host does. */
const start = async (answer: (argv: readonly string[]) => Answer = () => null) => {
  const toy: Toy = { items: new Set(), wanted: [], recheckMs: null, problems: [] };
  const { clock, pass } = testClock();
  const ran: string[] = [];
  const inputs: string[] = [];
  const reports: AgentReport[] = [];
  const logged: { readonly event: string; readonly facts: string }[] = [];
  const lines = new Set<(line: string) => void>();
  const emit = (): void => {
    for (const onLine of lines) onLine('changed');
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
  const note = (event: string, facts?: Readonly<Record<string, unknown>>): void => {
    logged.push({ event, facts: JSON.stringify(facts) });
  };
  const log: Log = { info: note, warn: note, error: note };
  const ledger: Ledger = await openLedger(memoryDisk(ran));
  const stop = new AbortController();
  const ports = {
    clock,
    random: { bytes: () => new Uint8Array(), fraction: () => 0.5 },
    host: host as Host,
    process: process as Process,
    log,
  };
  const context = {
    view: () => exampleView([]),
    self: (): Self => exampleSelf(),
    secrets: () => SECRET,
    ledger,
    onReport: (report: AgentReport) => void reports.push(report),
  };
  const service = toyService(toy);
  const begin = (): Agent => startAgent(ports, service, context, stop.signal);
  const last = (): AgentReport | undefined => reports.at(-1);
  return { toy, begin, pass, ran, inputs, reports, last, logged, emit, stop, ledger };
};

const count = (ran: readonly string[], command: string): number =>
  ran.filter((each) => each === command).length;

test('a pass observes, writes the undo, applies, verifies and reports', async () => {
  // Goal: the order of the contract. Method: two items wanted on an empty host, all steps compared.
  const { toy, begin, pass, ran, inputs, reports } = await start();
  toy.wanted = ['a', 'b'];
  begin();
  await pass(0);
  assert.deepEqual(ran, ['toy list', 'ledger', 'toy add a', 'ledger', 'toy add b', 'toy list']);
  assert.deepEqual(inputs, [`${SECRET_TEXT}\n`, `${SECRET_TEXT}\n`]);
  assert.deepEqual(reports, [
    { name: 'toy', state: 'starting', problems: [], changes: 0 },
    { name: 'toy', state: 'ready', problems: [], changes: 2, engine: 'a b' },
  ]);
});

test('our own changes echo once, then the host is left alone', async () => {
  // Goal: no endless echo. Method: the host emits a line for each change; count looks in 4 minutes.
  const { toy, begin, pass, ran } = await start();
  toy.wanted = ['a', 'b'];
  begin();
  await pass(240_000);
  assert.equal(count(ran, 'toy list'), 3);
  await pass(120_000);
  assert.equal(count(ran, 'toy list'), 4);
});

test('many marks are one pass', async () => {
  // Goal: coalescing. Method: a hundred marks at once, then one look more than before.
  const { toy, begin, pass, ran } = await start();
  toy.wanted = ['a'];
  const agent = begin();
  await pass(10_000);
  const before = count(ran, 'toy list');
  for (let n = 0; n < 100; n++) agent.mark();
  await pass(49);
  assert.equal(count(ran, 'toy list'), before);
  await pass(1);
  assert.equal(count(ran, 'toy list'), before + 1);
});

test('drift is repaired when a monitor tells, and named', async () => {
  // Goal: repaired within a second and logged. Method: remove an item by hand; twin: a new wish.
  const { toy, begin, pass, logged, emit } = await start();
  toy.wanted = ['a'];
  const agent = begin();
  await pass(10_000);
  toy.wanted = ['a', 'b'];
  agent.mark();
  await pass(10_000);
  assert.deepEqual([...toy.items], ['a', 'b']);
  assert.equal(logged.filter(({ event }) => event === 'drift-repaired').length, 0);
  toy.items.delete('a');
  emit();
  await pass(1_000);
  assert.deepEqual([...toy.items], ['b', 'a']);
  assert.deepEqual(
    logged.filter(({ event }) => event === 'drift-repaired').map(({ facts }) => facts),
    ['{"service":"toy","commands":["toy add a"]}'],
  );
});

test('a program that fights the agent does not make it spin', async () => {
  // Goal: at most one repair a second. Method: each added item vanishes at once, with a line.
  const world = await start((argv) => {
    if (argv[1] !== 'add') return null;
    queueMicrotask(world.emit);
    return ok();
  });
  world.toy.wanted = ['a'];
  world.begin();
  await world.pass(60_000);
  assert.equal(world.last()?.state, 'degraded');
  assert.match(world.last()?.problems.join() ?? '', /not in step.*toy add a/);
  assert.ok(count(world.ran, 'toy add a') < 8, `${count(world.ran, 'toy add a')} repairs`);
});

test('the first failing command ends the pass, and it is tried again with back-off', async () => {
  // Goal: stop, report, retry at 1, 2, 4 s, recover. Method: the host refuses until it is told not to.
  let isRefusing = true;
  const world = await start((argv) =>
    argv[2] === 'a' && isRefusing ? refusal(`cannot: \`${SECRET_TEXT.slice(0, 40)}'`) : null,
  );
  world.toy.wanted = ['a', 'b'];
  world.begin();
  await world.pass(6_900);
  assert.equal(count(world.ran, 'toy add a'), 3);
  assert.equal(count(world.ran, 'toy add b'), 0);
  assert.equal(world.last()?.state, 'failed');
  assert.deepEqual(world.last()?.problems, ["toy add a: exit status 1: cannot: `[key]'"]);
  isRefusing = false;
  await world.pass(100);
  assert.equal(world.last()?.state, 'ready');
  assert.ok(!JSON.stringify(world.logged).includes(SECRET_TEXT.slice(0, 40)));
});

const timeout = new Fault('timeout', {
  field: 'toy',
  value: 'list',
  why: 'took more than 10 s',
  remedy: 'look at the host',
});

test('a tool that hangs or is missing is reported, and the loop goes on', async () => {
  // Goal: nothing thrown. Method: the probe fails twice with a Fault, then works.
  let failures = 2;
  const { toy, begin, pass, last, ran } = await start(() => (failures-- > 0 ? timeout : null));
  toy.wanted = ['a'];
  begin();
  await pass(500);
  assert.equal(last()?.state, 'failed');
  assert.deepEqual(last()?.problems, [timeout.message]);
  assert.equal(count(ran, 'toy add a'), 0);
  await pass(4_000);
  assert.equal(last()?.state, 'ready');
});

test('an agent whose command hangs holds up no other', async () => {
  // Goal: independence. Method: one host never answers, another works on the same event loop.
  const hung = await start(() => new Promise<HostResult>(() => undefined));
  const well = await start();
  hung.begin();
  well.begin();
  await well.pass(1_000);
  assert.equal(hung.last()?.state, 'starting');
  assert.equal(well.last()?.state, 'ready');
});

test('output that cannot be read is a problem, and nothing is planned on it', async () => {
  // Goal: never a guess. Method: the probe exits with a status; nothing may be added.
  const { toy, begin, pass, last, ran } = await start((argv) =>
    argv[1] === 'list' ? refusal('gibberish') : null,
  );
  toy.wanted = ['a'];
  begin();
  await pass(10_000);
  assert.deepEqual(last()?.problems, ['toy list: unreadable']);
  assert.equal(count(ran, 'toy add a'), 0);
});

test('ready waits for problems to go, and the service may ask for an early look', async () => {
  // Goal: not ready with a problem; recheck honoured. Method: a problem with a recheck of 700 ms.
  const { toy, begin, pass, last } = await start();
  toy.problems = ['a foreign thing'];
  toy.recheckMs = 700;
  begin();
  await pass(699);
  assert.deepEqual([last()?.state, last()?.problems], ['degraded', ['a foreign thing']]);
  toy.problems = [];
  await pass(1);
  assert.equal(last()?.state, 'ready');
});

test('stopping touches nothing on the host', async () => {
  // Goal: the data plane outlives the daemon. Method: abort when ready; then abort in mid-pass.
  const { toy, begin, pass, reports, stop, ran } = await start();
  toy.wanted = ['a'];
  const agent = begin();
  await pass(10_000);
  const before = ran.length;
  stop.abort();
  await agent.stopped;
  assert.equal(ran.length, before);
  assert.deepEqual([...toy.items], ['a']);
  assert.deepEqual(
    reports.slice(-2).map(({ state }) => state),
    ['stopping', 'stopped'],
  );
  const cut = await start((argv) => {
    if (argv[2] === 'a') cut.stop.abort();
    return null;
  });
  cut.toy.wanted = ['a', 'b'];
  await cut.begin().stopped;
  assert.equal(count(cut.ran, 'toy add a'), 1);
  assert.equal(count(cut.ran, 'toy add b'), 0);
  assert.equal(cut.last()?.state, 'stopped');
});
