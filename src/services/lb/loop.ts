/**
 * Loop: lb loop — probes backends, says how this member's own are, and shows how all are.
 *
 * What is probed, when, and what follows from it are rules (`probing.ts`, `cell.ts`). In a mesh
 * where nothing is balanced it waits, and that is all.
 */
import { Fault } from '../../fault.ts';
import type { LoopPorts, ServiceLoop } from '../loop.ts';
import type { Target } from './checks.ts';
import type { Outcome } from './outcomes.ts';
import { openBoard, type Probe } from './probing.ts';

/** How long a check may take. Unit: ms. A lost packet is sent again after 1 s. */
const CHECK_MS = 2_000;

/** The loop of this service. */
export const loop: ServiceLoop = async (ports, context, signal) => {
  const { clock, random } = ports;
  const board = openBoard(context.self, random.fraction);
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
    nudge = new AbortController();
    const nowMs = clock.monotonicMs();
    const { view, words, liveliness, mayRun } = context;
    board.look({ view: view(), words: words(), liveliness, mayRun: mayRun() }, nowMs);
    for (const probe of board.due(nowMs)) make(probe);
    context.say(board.word(nowMs, context.wordBytesMax));
    context.show(board.sights());
    await context.wait(board.restMs(nowMs), nudge.signal);
  }
  await Promise.all(running);
};

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
    const { status } = await host.run({ argv: check.argv, timeoutMs: CHECK_MS });
    return status === 0 ? 'answered' : `exit ${status}`;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.code === 'timeout' ? 'silent' : 'missing';
  }
}
