/**
 * Loop: dialler — who is dialled when: each member that is not connected, for ever, less and less
 * often; and what a dial that failed tells of it.
 */
import { plainHost } from '../crdt/endpoints.ts';
import type { PeerKey } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Endpoint, Ports, SwarmNode } from '../ports.ts';
import { dialOrder } from './rules/dial-order.ts';
import { isAbsent, isCutOff } from './rules/gated.ts';

/** First wait between two dials of one member. Unit: ms, ±25 %. */
const BACKOFF_MS_MIN = 1_000;
/**
 * Longest wait, ±25 %: so long, or so much for each member that is absent. Unit: ms. Two members
 * are together again within 20 s, and hundreds are not dialled every few seconds: of so many
 * somebody soon succeeds, and both sides dial.
 */
const BACKOFF_MS_MAX = 10_000;
const BACKOFF_MS_EACH = 600;
/** And never longer than that. Unit: ms. */
export const BACKOFF_MS_LAST = 120_000;
/** Longest dial. Unit: ms. Two addresses that swallow packets, then one that answers. */
const DIAL_MS = 6_000;
/** Dials under way at once. */
const DIALS_MAX = 16;
/** After so many failures the wait has long reached its cap. */
const DOUBLINGS = 10;
/** Shortest wait before looking again. Unit: ms. */
const WAIT_MS_MIN = 50;
/** Shortest time between two dials of one member, however urgent. Unit: ms. */
const HURRY_MS = 1_000;

/** How a dial failed: nobody listens where the member was seen; nobody listens; no answer. */
export type DialOutcome = 'gone' | 'absent' | 'unreached';

/** Whom to dial, and where. */
export interface Target {
  readonly peer: PeerKey;
  readonly endpoints: readonly Endpoint[];
}

interface Attempt {
  /** Dials in a row that failed. */
  readonly failures: number;
  readonly dueMs: number;
  /** When the last dial began. */
  readonly dialledMs: number;
  readonly isDialling: boolean;
  /** The first and the last of the dials in a row that the member answered and cut, up to now. */
  readonly cut: { readonly firstMs: number; readonly lastMs: number } | null;
  /** Where it was when the connection ended, and was not looked for since; null else. */
  readonly lost: Endpoint | null;
}

interface Desk extends Pick<Ports, 'clock' | 'random' | 'log'> {
  readonly attempts: Map<PeerKey, Attempt>;
  readonly onOutcome: (peer: PeerKey, outcome: DialOutcome | null) => void;
}

/** Who is dialled, how it went and when it is due again. */
export interface Dialler {
  /** Who answered the last dial and cut it, and for how long it has done so, ms. */
  cutBy(): ReadonlyMap<PeerKey, number>;
  /** It is connected. */
  forget(peer: PeerKey): void;
  /** The connection with it ended; it was there. */
  lose(peer: PeerKey, place: Endpoint | null): void;
  /** Its next dial is due now, unless one was just made. */
  hurry(peer: PeerKey): void;
  /**
   * Dials when it is time; tells how long to wait before looking again, ms. `courtesyMs`: how long
   * somebody new is left to dial first; `absent`: how many are to be dialled.
   */
  consider(swarm: SwarmNode, target: Target, courtesyMs: number, absent: number): number;
}

/** Nobody was dialled. `onOutcome`: a dial ended, and how when it failed. */
export function createDialler(
  ports: Pick<Ports, 'clock' | 'random' | 'log'>,
  onOutcome: Desk['onOutcome'],
): Dialler {
  const { clock } = ports;
  const attempts = new Map<PeerKey, Attempt>();
  const desk: Desk = { ...ports, attempts, onOutcome };
  return {
    cutBy: () => {
      const all = [...attempts].flatMap(([peer, { cut }]) =>
        cut === null ? [] : [[peer, cut.lastMs - cut.firstMs] as const],
      );
      return new Map(all);
    },
    forget: (peer) => void attempts.delete(peer),
    lose: (peer, place) => {
      attempts.set(peer, { ...fresh(clock.monotonicMs()), lost: place });
    },
    hurry: (peer) => {
      const nowMs = clock.monotonicMs();
      const attempt = attempts.get(peer) ?? fresh(nowMs);
      const dueMs = Math.min(attempt.dueMs, Math.max(nowMs, attempt.dialledMs + HURRY_MS));
      attempts.set(peer, { ...attempt, dueMs });
    },
    consider: (swarm, target, courtesyMs, absent) => {
      const nowMs = clock.monotonicMs();
      const attempt = attempts.get(target.peer) ?? fresh(nowMs + courtesyMs);
      attempts.set(target.peer, attempt);
      if (attempt.isDialling) return BACKOFF_MS_LAST;
      const underWay = [...attempts.values()].filter(({ isDialling }) => isDialling).length;
      if (attempt.dueMs > nowMs || underWay >= DIALS_MAX) {
        return Math.max(WAIT_MS_MIN, attempt.dueMs - nowMs);
      }
      void dial(desk, swarm, target, { ...attempt, absent });
      return BACKOFF_MS_LAST;
    },
  };
}

const fresh = (dueMs: number): Attempt => ({
  failures: 0,
  dueMs,
  dialledMs: Number.NEGATIVE_INFINITY,
  isDialling: false,
  cut: null,
  lost: null,
});

async function dial(
  desk: Desk,
  swarm: SwarmNode,
  { peer, endpoints }: Target,
  { absent, ...attempt }: Attempt & { readonly absent: number },
): Promise<void> {
  const { clock, log, attempts } = desk;
  const begun = { ...attempt, isDialling: true, dialledMs: clock.monotonicMs() };
  attempts.set(peer, begun);
  const last = endpoints.filter(({ host }) => host === plainHost(attempt.lost?.host ?? ''));
  const isThere = last.length > 0;
  let outcome: DialOutcome | null = null;
  try {
    await swarm.dial(peer, isThere ? last : dialOrder(endpoints, attempt.failures), DIAL_MS);
    attempts.delete(peer);
  } catch (error) {
    const isRefused = error instanceof Fault && error.code === 'refused';
    const lastMs = begun.dialledMs;
    const cut = isCutOff(error) ? { firstMs: attempt.cut?.firstMs ?? lastMs, lastMs } : null;
    outcome = !isAbsent(error) ? 'unreached' : isThere ? 'gone' : 'absent';
    // It may be about to end, with its port still open: it is looked for there once more.
    const isEnding = isRefused && outcome === 'unreached' && attempt.failures === 0;
    const lost = isEnding ? attempt.lost : null;
    attempts.set(peer, { ...after(desk, begun, absent), cut, lost });
    log.info('dial-failed', { peer, why: String(error) });
  }
  desk.onOutcome(peer, outcome);
}

/** A dial failed: when the next one is due. */
function after({ clock, random }: Desk, attempt: Attempt, absent: number): Attempt {
  const { failures } = attempt;
  const mostMs = Math.min(BACKOFF_MS_LAST, Math.max(BACKOFF_MS_MAX, absent * BACKOFF_MS_EACH));
  const waitMs = Math.min(mostMs, BACKOFF_MS_MIN * 2 ** Math.min(failures, DOUBLINGS));
  const dueMs = clock.monotonicMs() + waitMs * (0.75 + random.fraction() / 2);
  return { ...attempt, failures: failures + 1, dueMs, isDialling: false, lost: null };
}
