/**
 * Loop: core crier — says to everybody that this member has the core role, or leaves its turn,
 * until each has taken that.
 *
 * Who has taken it is not told again; who cannot be reached, or does not elect this member yet, is
 * told again a little later. Nobody waits for anybody.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Clock, SwarmNode } from '../ports.ts';
import {
  type Claim,
  type ClaimAnswer,
  decodeClaimAnswer,
  encodeClaim,
  encodePass,
} from './rules/core-message.ts';
import type { Pass, Term } from './rules/election.ts';

/** Longest wait for an answer, and until who has not taken it is told again. Unit: ms. */
const ANSWER_MS = 3_000;
const AGAIN_MS = 2_000;

/** What is said: a claim or a pass. `name` tells it from what was said before. */
export interface Word {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** "I have the role in this term." The same object for the same claim: it is said all the time. */
export const claimWord = (claim: Claim): Word => {
  const word = claimWords.get(claim) ?? {
    name: `${claim.term.epoch}.${claim.term.n}`,
    bytes: encodeClaim(claim),
  };
  claimWords.set(claim, word);
  return word;
};

const claimWords = new WeakMap<Claim, Word>();

/** "I leave my turn in this epoch to the next." */
export const passWord = (pass: Pass): Word => ({
  name: `pass ${pass.epoch} ${pass.why}`,
  bytes: encodePass(pass),
});

/** Says it. */
export interface Crier {
  /** To be called often: tells those who have to be told now. */
  cry(word: Word, listeners: readonly MemberId[]): void;
  /** A connection came up or went down: who restarted knows nothing any more. */
  forget(peer: PeerKey): void;
}

/** Makes it. `onHigher`: told of a higher term that somebody has taken. */
export function createCrier(
  { clock }: { readonly clock: Clock },
  swarm: SwarmNode,
  onHigher: (term: Term) => Promise<void>,
): Crier {
  let current = '';
  const taken = new Set<MemberId>();
  const dueMs = new Map<MemberId, number>();
  const tell = async ({ name, bytes }: Word, listener: MemberId): Promise<void> => {
    const answer = await ask(swarm, listener, bytes);
    if (answer === null || name !== current) return;
    if (answer.isTaken) taken.add(listener);
    // Who elects another would only be outbid in turn.
    else if (answer.isElected && answer.highest !== null) await onHigher(answer.highest);
  };
  return {
    forget: (peer) => {
      taken.delete(peer as MemberId);
      dueMs.delete(peer as MemberId);
    },
    cry: (word, listeners) => {
      if (word.name !== current) {
        taken.clear();
        dueMs.clear();
        current = word.name;
      }
      const nowMs = clock.monotonicMs();
      const connected = new Set(swarm.connections().map(({ peer }) => peer));
      for (const listener of listeners) {
        if (!connected.has(listener) || taken.has(listener)) continue;
        if ((dueMs.get(listener) ?? 0) > nowMs) continue;
        dueMs.set(listener, nowMs + AGAIN_MS);
        void tell(word, listener);
      }
    },
  };
}

async function ask(
  swarm: SwarmNode,
  listener: MemberId,
  bytes: Uint8Array,
): Promise<ClaimAnswer | null> {
  try {
    return decodeClaimAnswer(await swarm.request(listener, 'core', bytes, ANSWER_MS));
  } catch {
    return null; // It is told again.
  }
}
