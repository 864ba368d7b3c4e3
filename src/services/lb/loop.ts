/**
 * Loop: lb loop — probes backends, says how this member's own are, and shows how all are, and whose
 * time to end what they have is over.
 *
 * What is probed, when, and what follows from it are rules (`probing.ts`, `cell.ts`), and so is
 * whose time is over (`endings.ts`). In a mesh where nothing is balanced it waits, and that is all.
 */
import { Fault } from '../../fault.ts';
import { type LoopPorts, NO_SIGHTS, type ServiceLoop, type Sights } from '../loop.ts';
import type { Target } from './checks.ts';
import { openEndings } from './endings.ts';
import type { Outcome } from './outcomes.ts';
import { openBoard, type Probe } from './probing.ts';

/** How long a check may take. Unit: ms. A lost packet is sent again after 1 s. */
const CHECK_MS = 2_000;

/** The loop of this service. */
export const loop: ServiceLoop = async (ports, context, signal) => {
  const { clock, random } = ports;
  const board = openBoard(context.self, random.fraction);
  const endings = openEndings(context.self);
  const both = openBoth();
  const running = new Set<Promise<void>>();
  let nudge = new AbortController();
  const wake = (): void => nudge.abort('woken');
  signal.addEventListener('abort', wake, { once: true });
  const make = (probe: Probe): void => {
    const end = run(ports, probe.target).then(probe.end);
    running.add(end);
    void end.finally(() => {
      running.delete(end);
      wake();
    });
  };
  while (!signal.aborted) {
    // One that nobody used is as good as new, and whoever waits has listened to it already.
    if (nudge.signal.aborted) nudge = new AbortController();
    const nowMs = clock.monotonicMs();
    const { view, words, liveliness, mayRun } = context;
    board.look({ view: view(), words: words(), liveliness, mayRun: mayRun() }, nowMs);
    endings.look(view(), nowMs);
    for (const probe of board.due(nowMs)) make(probe);
    context.say(board.word(nowMs, context.wordBytesMax));
    context.show(both(board.sights(nowMs), endings.sights(nowMs)));
    await context.wait(sooner(board.restMs(nowMs), endings.restMs(nowMs)), nudge.signal);
  }
  await Promise.all(running);
};

const sooner = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** Sights of two kinds as one: the same object for the same two. */
function openBoth(): (health: Sights, endings: Sights) => Sights {
  let last: readonly [Sights, Sights, both: Sights] = [NO_SIGHTS, NO_SIGHTS, NO_SIGHTS];
  return (health, endings) => {
    if (endings.size === 0) return health;
    if (last[0] !== health || last[1] !== endings) {
      last = [health, endings, new Map([...health, ...endings])];
    }
    return last[2];
  };
}

/** What comes of one probe. */
async function run({ net, host }: LoopPorts, target: Target): Promise<Outcome> {
  const { check, host: address, port } = target;
  if (check.kind === 'tcp') return await net.glance({ kind: 'reach', host: address, port });
  if (check.kind === 'http') {
    const { path } = check;
    return await net.glance({ kind: 'http', host: address, port, path, withinMs: CHECK_MS });
  }
  if (check.kind === 'none') return 'silent';
  try {
    const { status } = await host.run({ argv: check.argv, timeoutMs: CHECK_MS, isUnheard: true });
    return status === 0 ? 'answered' : `exit ${status}`;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'timeout') return 'silent';
    return error.code === 'refused' ? 'missing' : 'unable';
  }
}
