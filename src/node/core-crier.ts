/**
 * Loop: core crier — says to everybody that this member has the core role, or leaves its turn,
 * until each has taken that.
 *
 * Who has taken it is not told again; who cannot be reached, or does not elect this member yet, is
 * told again a little later. Nobody waits for anybody. That a turn is left is told again now and
 * then: a copy of this VM may have said meanwhile that it has the role, and is heard no more.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Clock, SwarmNode } from '../ports.ts';
import {
  type Claim,
  type ClaimAnswer,
  type CoreSigner,
  decodeClaimAnswer,
} from './rules/core-message.ts';
import type { Pass, Term } from './rules/election.ts';

/** Longest wait for an answer, and until who has not taken it is told again. Unit: ms. */
const ANSWER_MS = 3_000;
const AGAIN_MS = 2_000;
/** Until a pass that was taken is told again. Unit: ms. A third of what I3 allows. */
const PASS_AGAIN_MS = 10_000;

/** What is said: a claim or a pass. `name` tells it from what was said before. */
export interface Word {
  readonly name: string;
  /** Until who has taken it is told again. Unit: ms. */
  readonly againMs: number;
  /** Makes and signs the bytes that are sent. */
  readonly message: () => Uint8Array;
}

/** "I have the role in this term." */
export const claimWord = (signer: CoreSigner, claim: Claim): Word => ({
  name: `${claim.term.epoch}.${claim.term.n}`,
  againMs: Number.POSITIVE_INFINITY,
  message: () => signer.claim(claim),
});

/** "I leave my turn in this epoch to the next." */
export const passWord = (signer: CoreSigner, pass: Pass): Word => ({
  name: `pass ${pass.epoch} ${pass.why}`,
  againMs: PASS_AGAIN_MS,
  message: () => signer.pass(pass),
});

/** Tells members a word until each has taken it. */
export interface Crier {
  /** To be called often: tells those who have to be told now. */
  cry(word: Word, listeners: readonly MemberId[]): void;
  /** A connection came up or went down: who restarted knows nothing any more. */
  forget(peer: PeerKey): void;
}

/** A crier that has told nobody. `onHigher`: told of a higher term that somebody has taken. */
export function createCrier(
  { clock }: { readonly clock: Clock },
  swarm: SwarmNode,
  onHigher: (term: Term) => Promise<void>,
): Crier {
  let current = '';
  let message: Uint8Array = new Uint8Array();
  let againMs = 0;
  const dueMs = new Map<MemberId, number>();
  const tell = async (listener: MemberId): Promise<void> => {
    const name = current;
    const answer = await askCore(swarm, listener, message);
    if (answer === null || name !== current) return;
    if (answer.isTaken) dueMs.set(listener, clock.monotonicMs() + againMs);
    // Who elects another would only be outbid in turn.
    else if (answer.isElected && answer.highest !== null) await onHigher(answer.highest);
  };
  return {
    forget: (peer) => void dueMs.delete(peer as MemberId),
    cry: (word, listeners) => {
      if (word.name !== current) {
        dueMs.clear();
        current = word.name;
        againMs = word.againMs;
        message = word.message();
      }
      const nowMs = clock.monotonicMs();
      const connected = new Set(swarm.connections().map(({ peer }) => peer));
      for (const listener of listeners) {
        if (!connected.has(listener)) continue;
        if ((dueMs.get(listener) ?? 0) > nowMs) continue;
        dueMs.set(listener, nowMs + AGAIN_MS);
        void tell(listener);
      }
    },
  };
}

/** What a connected member answers to something about the role; null when it does not. */
export async function askCore(
  swarm: SwarmNode,
  listener: MemberId,
  message: Uint8Array,
): Promise<ClaimAnswer | null> {
  try {
    return decodeClaimAnswer(await swarm.request(listener, 'core', message, ANSWER_MS));
  } catch {
    return null; // It is told or asked again.
  }
}
