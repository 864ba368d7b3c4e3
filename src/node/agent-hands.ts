/** Loop: agent hands — carries commands out in one pass of an agent, counts them and says so. */
import type { Log, Ports } from '../ports.ts';
import type { Command, Problem } from '../services/service.ts';
import { type Applied, type ApplyContext, apply, describe } from './apply.ts';

/** The hands of one pass. */
export interface Hands {
  /** Runs them, up to the first that fails: why it did, or null. */
  carryOut(commands: readonly Command[]): Promise<Problem | null>;
  /** How many did not fail so far. */
  changes(): number;
}

/** Opens them. When `signal` aborts, no further command is begun. */
export function openHands(
  ports: Pick<Ports, 'host' | 'process' | 'log'>,
  service: string,
  context: ApplyContext,
  signal: AbortSignal,
): Hands {
  let changes = 0;
  return {
    carryOut: async (commands) => {
      if (commands.length === 0) return null;
      const applied = await apply(ports, context, commands, signal);
      logApplied(ports.log, service, commands, applied);
      changes += applied.changes;
      return applied.failure;
    },
    changes: () => changes,
  };
}

const logApplied = (
  log: Log,
  service: string,
  all: readonly Command[],
  { changes, failure }: Applied,
): void => {
  const commands = all.slice(0, changes).map(describe);
  if (failure === null) log.info('host-changed', { service, commands });
  else log.warn('host-refused', { service, commands, failure });
};
