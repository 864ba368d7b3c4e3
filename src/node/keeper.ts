/**
 * Loop: keeper — one service on this VM: its agent while the VM consents to it, and afterwards the
 * undoing of what it made.
 *
 * One keeper for each service, each a loop of its own: undoing that fails or hangs holds up no
 * other service.
 * 1. What could not be undone is a problem that people see, and is tried again for ever.
 * 2. When the node stops, the host stays as it is.
 */
import { Fault } from '../fault.ts';
import type { Ports } from '../ports.ts';
import type { AgentReport, Problem, Service } from '../services/service.ts';
import type { MarkOf } from './agenda.ts';
import { type Agent, type AgentContext, startAgent } from './agent.ts';
import { backoffMs } from './rules/pace.ts';
import { createWake } from './wake.ts';

/** Time between two looks at the consent when nothing marks them. Unit: ms. */
const LOOK_MS = 600_000;

/** What a keeper needs of its node. */
export interface KeeperContext extends AgentContext {
  /** Whether this VM consents to the service. */
  readonly isWanted: () => boolean;
  /** Told that nothing of the service is left, or what is, after each try. */
  readonly onUndone: (left: AgentReport | null) => void;
}

/** The running loop, as others use it. */
export interface Keeper {
  /** Something that the service looks at may have changed. Cheap at any time. */
  mark(of: MarkOf): void;
  /** Ends with `signal`. Rejects only for a programmer's error. */
  run(signal: AbortSignal): Promise<void>;
}

type KeeperPorts = Pick<Ports, 'clock' | 'random' | 'host' | 'process' | 'net' | 'log'>;

/** Makes the loop; it does nothing until `run`. */
export function createKeeper<Desired, Observed>(
  ports: KeeperPorts,
  service: Service<Desired, Observed>,
  context: KeeperContext,
): Keeper {
  const { clock, random } = ports;
  const { isWanted, ledger, onUndone, keepBoot } = context;
  const wake = createWake(clock);
  let agent: Agent | null = null;

  const serve = async (signal: AbortSignal): Promise<void> => {
    const stop = new AbortController();
    let hasEnded = false;
    agent = startAgent(ports, service, context, stop.signal);
    const ended = agent.stopped.finally(() => {
      hasEnded = true;
      wake.mark();
    });
    ended.catch(() => undefined); // Awaited below, when this loop has seen it.
    while (isWanted() && !hasEnded && !signal.aborted) await wake.wait(LOOK_MS, signal);
    stop.abort();
    await ended;
    agent = null;
  };
  const undo = async (signal: AbortSignal): Promise<void> => {
    for (let tries = 1; !isWanted() && !signal.aborted; tries += 1) {
      const why = await whyLeft(() => ledger.undoService(service.name, ports));
      if (why === null) break;
      onUndone({ name: service.name, state: 'failed', problems: [why], changes: 0 });
      const dueMs = clock.monotonicMs() + backoffMs(tries, random.fraction());
      while (!isWanted() && !signal.aborted && clock.monotonicMs() < dueMs) {
        await wake.wait(dueMs - clock.monotonicMs(), signal);
      }
    }
    if (isWanted() || signal.aborted) return;
    await keepBoot(service.name, null);
    onUndone(null);
    while (!isWanted() && !signal.aborted) await wake.wait(LOOK_MS, signal);
  };
  return {
    mark: (of) => {
      wake.mark();
      agent?.mark(of);
    },
    run: async (signal) => {
      while (!signal.aborted) await (isWanted() ? serve(signal) : undo(signal));
    },
  };
}

/** What could not be undone, in words; null when all was. What is no Fault is a bug and rises. */
async function whyLeft(undo: () => Promise<readonly string[]>): Promise<Problem | null> {
  try {
    const left = await undo();
    if (left.length === 0) return null;
    return `${left.join(' ')}: could not be undone, the log says why; trying on`;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}
