/**
 * Loop: agent — keeps this host as one service wants it, for as long as the daemon runs.
 *
 * One agent for each service, each a loop of its own: one that fails or hangs holds up no other.
 * 1. Events only mark; the loop looks at the host and acts. Many marks are one pass.
 * 2. Our own changes come back as marks of the monitors: they lead to one more look, after a pause,
 *    so that neither our echo nor a program that fights us makes the agent spin.
 * 3. What is repaired again and again is fought over: then the pauses grow, and a person is told.
 * 4. When it stops it touches nothing: the data plane outlives the daemon.
 */
import type { Ports } from '../ports.ts';
import type { AgentReport, Monitor, Service, Summary } from '../services/service.ts';
import { type Agenda, createAgenda, type MarkOf } from './agenda.ts';
import { createPass, type Pass, type PassContext, type PassResult } from './agent-pass.ts';
import { watchSigns } from './agent-signs.ts';
import { createReporter } from './reporter.ts';
import {
  backoffMs,
  isSettled,
  nextLookMs,
  type Outcome,
  problemsOf,
  stateAfter,
} from './rules/pace.ts';
import { afterRepair, type Fight, fightOf, NO_REPAIRS } from './rules/repairs.ts';

/** What an agent needs of its node. */
export interface AgentContext extends PassContext {
  /**
   * Told when the agent starts, after each pass, and when it stops. `isSeen`: the host was looked
   * at, or else the report is of how it was.
   */
  readonly onReport: (report: AgentReport, isSeen: boolean) => void;
  /** Keeps what a service wants loaded at boot; null: nothing. */
  readonly keepBoot: (service: string, text: string | null) => Promise<void>;
  /** What runs beside it. */
  readonly beside?: (signal: AbortSignal) => Promise<void>;
}

/** A running agent. */
export interface Agent {
  readonly name: string;
  /** Says that something may have changed. Cheap at any time. */
  mark(of: MarkOf): void;
  /** Resolves when it has stopped. Rejects only for a programmer's error. */
  readonly stopped: Promise<void>;
}

type AgentPorts = Pick<Ports, 'clock' | 'random' | 'host' | 'process' | 'net' | 'log'>;

/** How soon after our own changes a monitor's line leads to a look. Unit: ms. */
const ECHO_MS = 1_000;

/** A monitor that ran this long ended for a reason of its own: back-off starts anew. Unit: ms. */
const MONITOR_STEADY_MS = 60_000;

/** Ends of a monitor in a row that are told. */
const TOLD_TRIES = 5;

/** Starts the agent of a service. It runs until `signal` aborts. */
export function startAgent<Desired, Observed>(
  ports: AgentPorts,
  service: Service<Desired, Observed>,
  context: AgentContext,
  signal: AbortSignal,
): Agent {
  const reporter = createReporter(ports.log, service.name);
  const report: Report = (news, isSeen = true) => context.onReport(reporter(news), isSeen);
  const agenda = createAgenda(ports.clock);
  const pass = createPass(ports, service, context);
  const desk = { clock: ports.clock, agenda, pass, report };
  const watch = watchSigns(ports, agenda.markLine);
  report({ state: 'starting', problems: [], changes: 0 });
  signal.addEventListener('abort', () => report({ state: 'stopping' }), { once: true });
  const work = async (): Promise<void> => {
    let [tries, wasReady, isNews] = [0, false, false];
    let repairs = NO_REPAIRS;
    while (!signal.aborted) {
      agenda.begin();
      watch.expect([]);
      const result = await pass.run(signal, isNews ? agenda.lull : null);
      if (signal.aborted) break;
      const nowMs = ports.clock.monotonicMs();
      repairs = afterRepair(repairs, result.drift, nowMs);
      const outcome = fought(result, fightOf(repairs, service.name, nowMs));
      tries++;
      const state = stateAfter(outcome, tries, wasReady);
      const waitMs = nextLookMs(outcome, tries, ports.random.fraction());
      const isQuiet = isSettled(outcome);
      if (isQuiet) tries = 0;
      if (state === 'ready') wasReady = true;
      const told = { state, problems: problemsOf(outcome, state), changes: result.changes };
      report({ ...told, ...(result.summary ?? {}) });
      watch.expect(result.signs);
      if (result.boot !== undefined) await context.keepBoot(service.name, result.boot);
      const echoMs = result.changes > 0 ? Math.max(ECHO_MS, outcome.pauseMs) : 0;
      agenda.end(result.changes === 0 && isQuiet);
      isNews = await rest(desk, waitMs, isQuiet ? echoMs : Math.max(echoMs, waitMs), signal);
    }
  };
  const stopped = async (): Promise<void> => {
    const monitors = service.monitors(await context.self());
    const follow = (monitor: Monitor): Promise<void> =>
      keepMonitor(ports, monitor, { view: context.view, onNews: agenda.markLine }, signal);
    const beside = [watch.run(signal), context.beside?.(signal)];
    await Promise.all([work(), ...beside, ...monitors.map(follow)]);
    report({ state: 'stopped' });
  };
  return { name: service.name, mark: agenda.mark, stopped: stopped() };
}

type Report = (news: Partial<AgentReport> & Summary, isSeen?: boolean) => void;

interface RestDesk extends Pick<Ports, 'clock'> {
  readonly agenda: Agenda;
  readonly pass: Pick<Pass, 'foresee'>;
  readonly report: Report;
}

/**
 * Until the host is to be looked at; whether news alone leads to that. News that asks for nothing
 * is told, and no more.
 */
async function rest(
  { clock, agenda, pass, report }: RestDesk,
  waitMs: number,
  quietMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const startMs = clock.monotonicMs();
  let untilMs = startMs + waitMs;
  for (;;) {
    await agenda.wait(untilMs, startMs + quietMs, signal);
    const isNews = !signal.aborted && agenda.takeNews();
    const recalled = isNews ? await pass.foresee() : null;
    if (recalled === null || signal.aborted) return isNews;
    report(recalled.summary, false);
    if (recalled.recheckMs !== null) {
      untilMs = Math.min(untilMs, clock.monotonicMs() + recalled.recheckMs);
    }
  }
}

/** A fight is a problem for as long as it goes on, and is looked at when it may be over. */
const fought = (result: PassResult, fight: Fight | null): Outcome & { readonly pauseMs: number } =>
  fight === null
    ? { ...result, pauseMs: 0 }
    : {
        ...result,
        problems: [...result.problems, fight.problem],
        recheckMs: Math.min(result.recheckMs ?? fight.leftMs, fight.leftMs),
        pauseMs: fight.pauseMs,
      };

/** What the lines of a monitor are judged by, and where they lead. */
interface MonitorEars {
  readonly view: PassContext['view'];
  readonly onNews: () => void;
}

/** Keeps a monitor running; each restart is news too, for lines were missed. */
async function keepMonitor(
  { clock, random, process, log }: AgentPorts,
  { argv, concerns }: Monitor,
  { view, onNews }: MonitorEars,
  signal: AbortSignal,
): Promise<void> {
  const onLine = (line: string): void => {
    if (concerns(line, view())) onNews();
  };
  let tries = 0;
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    await process.lines(argv, onLine, signal);
    if (signal.aborted) return;
    tries = clock.monotonicMs() - startedMs >= MONITOR_STEADY_MS ? 1 : tries + 1;
    const retryMs = backoffMs(tries, random.fraction());
    // The program may not be there, for ever.
    if (tries <= TOLD_TRIES) log.warn('monitor-ended', { monitor: argv.join(' '), retryMs });
    await clock.sleep(retryMs, signal);
    onNews();
  }
}
