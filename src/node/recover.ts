/**
 * Loop: recover — makes this VM the one holder of its key again, after a clone, a restored disk or
 * a lost journal.
 *
 * 1. It refuses while a second live holder of the key answers: two that go on would fork for ever.
 * 2. What others hold of us is taken back first; then a new generation says it all, and what this
 *    disk said besides. It is above all that was seen, so it replaces the lines of both.
 * 3. Nothing is changed by a refusal but that own frames were taken back.
 * 4. Then the tunnels that others have with the copy begin anew with this VM (`vpn/renewal.ts`).
 */
import type { PeerKey } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Clock } from '../ports.ts';
import type { Replica } from './replica.ts';
import type { Sync } from './sync.ts';
import type { Twins } from './twins.ts';

/** How long a twin has to prove itself once all members know our new instance. Unit: ms. */
const PROOF_MS = 4_000;

/** What recovering needs of the node. */
export interface RecoverContext {
  readonly replica: Replica;
  readonly sync: Pick<Sync, 'with'>;
  readonly twins: Pick<Twins, 'renew' | 'isTwinned'>;
  readonly connected: () => readonly PeerKey[];
  /** Told when the key is this VM's alone again. */
  readonly onRecovered: () => void;
}

/** `reason`: what was wrong; null when nothing was. */
export interface Recovered {
  readonly reason: 'key' | 'journal' | null;
  /** Members that were asked. */
  readonly asked: number;
}

/**
 * Recovers. `isAlone`: the operator says that no other member is left. Fault 'refused' when
 * another VM answers with our key, or nobody can be asked.
 */
export async function recover(
  { clock }: { readonly clock: Clock },
  context: RecoverContext,
  isAlone: boolean,
): Promise<Recovered> {
  const { replica } = context;
  const peers = context.connected();
  const reason = replica.isElsewhere() ? 'key' : replica.isInDoubt() ? 'journal' : null;
  if (reason === null) return { reason, asked: 0 };
  if (peers.length === 0 && !isAlone) throw nobody(reason);
  if (reason === 'key') await mustBeOnlyHolder(clock, context);
  const isTwinned = (): boolean => context.twins.isTwinned();
  if (reason === 'key') replica.reclaimKey();
  await Promise.all(peers.map(context.sync.with));
  if (reason === 'key' && isTwinned()) {
    replica.suspectKey();
    throw twin();
  }
  if (isAlone) replica.reassure();
  if (replica.isInDoubt()) throw nobody(reason);
  await replica.republish();
  if (reason === 'key') context.onRecovered();
  await Promise.all(context.connected().map(context.sync.with));
  return { reason, asked: peers.length };
}

/** As a new instance, which only a twin that lives now can name. */
async function mustBeOnlyHolder(clock: Clock, context: RecoverContext): Promise<void> {
  const { twins, sync, connected } = context;
  twins.renew();
  const untilMs = clock.monotonicMs() + PROOF_MS;
  await Promise.all(connected().map(sync.with));
  const signal = new AbortController().signal;
  while (connected().length > 0 && !twins.isTwinned() && clock.monotonicMs() < untilMs) {
    await clock.sleep(200, signal);
  }
  if (twins.isTwinned()) throw twin();
}

const twin = (): Fault =>
  new Fault('refused', {
    field: 'member key',
    value: 'in use',
    why: 'another live VM answers with the key of this member',
    remedy:
      'run cnsmo stop and cnsmo leave --local on the other one and join it anew, then repeat this',
  });

const nobody = (reason: string): Fault =>
  new Fault('refused', {
    field: reason === 'key' ? 'member key' : 'journal',
    value: 'in doubt',
    why: 'no other member that could tell what this one said is reachable',
    remedy: 'start one; or, when all others are gone for good, run cnsmo recover --alone',
  });
