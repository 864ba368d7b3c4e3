/**
 * Loop: facts — keeps what this member says of itself true: written on change only.
 */
import type { Ports } from '../ports.ts';
import type { Replica } from './replica.ts';
import { type OwnKnowledge, ownFacts } from './rules/facts.ts';
import { createWake } from './wake.ts';

/**
 * Time between two looks at this host's addresses. Unit: ms. A read of the interface list, no
 * process.
 */
const LOOK_MS = 30_000;

/** The running loop, as others use it. */
export interface Facts {
  mark(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Makes the loop; it does nothing until `run`. */
export function createFacts(
  ports: Pick<Ports, 'clock' | 'crypto' | 'host' | 'log'>,
  replica: Replica,
  own: () => Omit<OwnKnowledge, 'addresses'>,
): Facts {
  const wake = createWake(ports.clock);
  const say = async (): Promise<void> => {
    const addresses = await ports.host.addresses();
    await replica.write(ownFacts(ports.crypto, replica.view(), { ...own(), addresses }));
  };
  return {
    mark: wake.mark,
    run: async (signal) => {
      while (!signal.aborted) {
        await say().catch((error: unknown) =>
          ports.log.warn('facts-failed', { why: String(error) }),
        );
        await wake.wait(LOOK_MS, signal);
      }
    },
  };
}
