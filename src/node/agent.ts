/**
 * Loop: agent — keeps this host as one service wants it, for as long as the daemon runs.
 *
 * One agent for each service, each a loop of its own: one that fails or hangs holds up no other.
 * 1. Events only mark; the loop looks at the host and acts. Many marks are one pass.
 * 2. Our own changes come back as marks of the monitors: they lead to one more look, after a pause,
 *    so that neither our echo nor a program that fights us makes the agent spin.
 * 3. When it stops it touches nothing: the data plane outlives the daemon.
 */
import type { Ports } from '../ports.ts';
import type { AgentReport, Service, Summary } from '../services/service.ts';
import { createPass, type PassContext } from './agent-pass.ts';
import { backoffMs, nextLookMs, problemsOf, stateAfter } from './rules/pace.ts';
import { createWake } from './wake.ts';

/** What an agent needs of its node. */
export interface AgentContext extends PassContext {
  /** Told when the agent starts, after each pass, and when it stops. */
  readonly onReport: (report: AgentReport) => void;
}

/** A running agent. */
export interface Agent {
  readonly name: string;
  /** Says that something may have changed. Cheap at any time. */
  mark(): void;
  /** Resolves when it has stopped. Rejects only for a programmer's error. */
  readonly stopped: Promise<void>;
}

type AgentPorts = Pick<Ports, 'clock' | 'random' | 'host' | 'process' | 'log'>;

/** How long marks are gathered. Unit: ms. A join changes the view several times within 20 ms. */
const GATHER_MS = 50;

/** The same for lines of monitors, which also tell of others' interfaces by the dozen. Unit: ms. */
const GATHER_MONITOR_MS = 250;

/** How soon after our own changes a monitor's line leads to a look. Unit: ms. */
const ECHO_MS = 1_000;

/** A monitor that ran this long ended for a reason of its own: back-off starts anew. Unit: ms. */
const MONITOR_STEADY_MS = 60_000;

/** Starts the agent of a service. It runs until `signal` aborts. */
export function startAgent<Desired, Observed>(
  ports: AgentPorts,
  service: Service<Desired, Observed>,
  context: AgentContext,
  signal: AbortSignal,
): Agent {
  const report = createReporter(ports, service.name, context);
  const agenda = createAgenda(ports.clock);
  const pass = createPass(ports, service, context);
  report({ state: 'starting', problems: [], changes: 0 });
  const onAbort = (): void => report({ state: 'stopping' });
  signal.addEventListener('abort', onAbort, { once: true });
  const work = async (): Promise<void> => {
    let tries = 0;
    let wasReady = false;
    while (!signal.aborted) {
      agenda.begin();
      const result = await pass(signal);
      if (signal.aborted) break;
      tries++;
      const state = stateAfter(result, tries, wasReady);
      const waitMs = nextLookMs(result, tries, ports.random.fraction());
      const isSettled = result.failure === null && result.remaining.length === 0;
      if (isSettled) tries = 0;
      if (state === 'ready') wasReady = true;
      const problems = problemsOf(result, state);
      report({ state, problems, changes: result.changes, ...(result.summary ?? {}) });
      const echoMs = result.changes > 0 ? ECHO_MS : 0;
      await agenda.wait(waitMs, isSettled ? echoMs : Math.max(echoMs, waitMs), signal);
    }
  };
  const stopped = async (): Promise<void> => {
    const monitors = service.monitors.map((argv) => watch(ports, argv, agenda.markLine, signal));
    await Promise.all([work(), ...monitors]);
    report({ state: 'stopped' });
  };
  return { name: service.name, mark: agenda.mark, stopped: stopped() };
}

/** Fills in what was reported last, and logs when the state or the problems change. */
const createReporter = (
  { log }: AgentPorts,
  name: string,
  { onReport }: AgentContext,
): ((news: Partial<AgentReport> & Summary) => void) => {
  let last: AgentReport = { name, state: 'starting', problems: [], changes: 0 };
  return (news) => {
    const report = { ...last, ...news };
    const isNew =
      report.state !== last.state || report.problems.join('\n') !== last.problems.join('\n');
    if (isNew) {
      const facts = { service: name, state: report.state, problems: report.problems };
      if (report.problems.length > 0) log.warn('agent', facts);
      else log.info('agent', facts);
    }
    last = report;
    onReport(report);
  };
};

/** When the loop is to look next. */
const createAgenda = (clock: Ports['clock']) => {
  const wake = createWake(clock);
  let markedMs: number | null = null;
  let lineMs: number | null = null;
  let quietUntilMs = 0;
  const dueMs = (): number =>
    Math.min(
      markedMs === null ? Number.POSITIVE_INFINITY : markedMs + GATHER_MS,
      lineMs === null
        ? Number.POSITIVE_INFINITY
        : Math.max(lineMs + GATHER_MONITOR_MS, quietUntilMs),
    );
  return {
    /** What was marked up to here is this pass's work. */
    begin: (): void => {
      markedMs = null;
      lineMs = null;
    },
    mark: (): void => {
      markedMs ??= clock.monotonicMs();
      wake.mark();
    },
    /** The mark of a monitor's line. */
    markLine: (): void => {
      lineMs ??= clock.monotonicMs();
      wake.mark();
    },
    /** Waits for `waitMs` or a mark; those of monitors count after `quietMs` at the earliest. */
    wait: async (waitMs: number, quietMs: number, signal: AbortSignal): Promise<void> => {
      const startMs = clock.monotonicMs();
      quietUntilMs = startMs + quietMs;
      while (!signal.aborted) {
        const leftMs = Math.min(startMs + waitMs, dueMs()) - clock.monotonicMs();
        if (leftMs <= 0) return;
        await wake.wait(leftMs, signal);
      }
    },
  };
};

/** Keeps a monitor running; each line marks, and so does each restart, for lines were missed. */
async function watch(
  { clock, random, process, log }: AgentPorts,
  argv: readonly string[],
  onLine: () => void,
  signal: AbortSignal,
): Promise<void> {
  let tries = 0;
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    await process.lines(argv, onLine, signal);
    if (signal.aborted) return;
    tries = clock.monotonicMs() - startedMs >= MONITOR_STEADY_MS ? 1 : tries + 1;
    const retryMs = backoffMs(tries, random.fraction());
    log.warn('monitor-ended', { monitor: argv.join(' '), retryMs });
    await clock.sleep(retryMs, signal);
    onLine();
  }
}
