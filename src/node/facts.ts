/**
 * Loop: facts — keeps what this member says of itself true: written on change only.
 */
import type { OwnAddress, Ports, SwarmNode } from '../ports.ts';
import type { Replica } from './replica.ts';
import { reservedIn } from './reserved.ts';
import { type OwnKnowledge, ownFacts } from './rules/facts.ts';
import { bestAddresses, isPrivate } from './rules/own-addresses.ts';
import { createVantage } from './vantage.ts';
import { createWake } from './wake.ts';

/**
 * Time between two looks at this host's addresses. Unit: ms. A read of the interface list, no
 * process.
 */
const LOOK_MS = 30_000;

/** The running loop, as others use it. */
export interface Facts {
  /** What the mesh knows may differ from what there is to say. */
  mark(): void;
  /** This host's addresses may have changed: they are looked at before their time. */
  markHost(): void;
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

/** Makes the loop; it does nothing until `run`. */
export function createFacts(
  ports: Pick<Ports, 'clock' | 'crypto' | 'host' | 'log'>,
  replica: Replica,
  own: () => Omit<OwnKnowledge, 'addresses' | 'seenAt' | 'reserved'>,
): Facts {
  const wake = createWake(ports.clock);
  const vantage = createVantage();
  let known: readonly OwnAddress[] | null = null;
  let dueMs = Number.NEGATIVE_INFINITY;
  const waitMs = (): number => Math.max(0, dueMs - ports.clock.monotonicMs());
  const look = async (): Promise<readonly OwnAddress[]> => {
    if (known !== null && waitMs() > 0) return known;
    dueMs = ports.clock.monotonicMs() + LOOK_MS;
    known = await ports.host.addresses();
    return known;
  };
  const say = async (swarm: SwarmNode): Promise<void> => {
    const addresses = await look();
    // Who has a public address is not behind a NAT.
    const { config } = own();
    const outer = addresses.filter((address) => address.interface !== config.interface);
    if (bestAddresses(outer).every(isPrivate)) await vantage.look(swarm);
    const view = replica.view();
    const seenAt = vantage.seen();
    const knowledge = { ...own(), addresses, seenAt, reserved: reservedIn(view) };
    await replica.write(ownFacts(ports.crypto, view, knowledge));
  };
  return {
    mark: wake.mark,
    markHost: () => {
      dueMs = Number.NEGATIVE_INFINITY;
      wake.mark();
    },
    run: async (swarm, signal) => {
      while (!signal.aborted) {
        await say(swarm).catch((error: unknown) =>
          ports.log.warn('facts-failed', { why: String(error) }),
        );
        await wake.wait(waitMs(), signal);
      }
    },
  };
}
