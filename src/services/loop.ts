/**
 * Rule: loop — what the loop of a service is given, where a service has one: `loop.ts` in its
 * folder.
 *
 * It runs beside the agent, for as long as this VM consents to the service, and sees the world
 * through these alone. It decides nothing about this host: it shows the rules what it sees, as
 * `Self.sights`, and they plan by that.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Clock, Host, Net, Random } from '../ports.ts';

/** What it may do by itself: wait, draw lots, look, and run what this VM allows to be run. */
export interface LoopPorts {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  readonly random: Pick<Random, 'fraction'>;
  readonly net: Pick<Net, 'glance'>;
  readonly host: Pick<Host, 'run'>;
}

/** What the mesh holds of a member: whether it answers anybody. `unknown`: nobody was heard yet. */
export type Liveliness = 'unknown' | 'alive' | 'suspect' | 'dead';

/** What rules are shown: names and texts of the service's own. */
export type Sights = ReadonlyMap<string, string>;

/** Shows nothing: a service without a loop, or with one that has seen nothing yet. */
export const NO_SIGHTS: Sights = new Map();

/** What the node gives it. */
export interface LoopContext {
  /** This member. */
  readonly self: MemberId;
  readonly view: () => View;
  /** Whether whoever may write intent may have programs run on this VM. */
  readonly mayRun: () => boolean;
  /**
   * Says this to all members, in the name of this one and this service, in place of what it said
   * before; an empty text takes it back. Longer than `wordBytesMax`, in UTF-8, is a bug and throws.
   */
  readonly say: (text: string) => void;
  readonly wordBytesMax: number;
  /** The newest word of each other member that says anything of this service. */
  readonly words: () => ReadonlyMap<MemberId, string>;
  readonly liveliness: (member: MemberId) => Liveliness;
  /** What the rules are to see from now on. The agent is marked when that is new. */
  readonly show: (sights: Sights) => void;
  /**
   * Waits so long, ms, or for ever (null); ends early when the view, a word, the liveliness of a
   * member or what this VM allows may have changed, and when `signal` aborts.
   */
  readonly wait: (timeoutMs: number | null, signal: AbortSignal) => Promise<void>;
}

/** The loop. It ends soon after `signal` aborts; it rejects only for a programmer's error. */
export type ServiceLoop = (
  ports: LoopPorts,
  context: LoopContext,
  signal: AbortSignal,
) => Promise<void>;
