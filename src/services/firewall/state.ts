/**
 * Rule: firewall state — the table as it should be and as it was read back: plain records.
 */
import type { Call } from '../callers.ts';
import type { ObservedTable } from '../nft/observed.ts';
import type { Problem } from '../service.ts';
import type { ForeignTable } from './foreign-rules.ts';
import type { Lack, Withheld } from './lacking.ts';
import type { Lane, Trialling, Tried } from './lane.ts';

/** A trial that was begun here. */
export interface Begun {
  readonly id: string;
  /** Why it was withdrawn, or null. */
  readonly why: string | null;
  /** What is remembered of the time before it. */
  readonly kept: readonly string[];
  /** When the kernel ends it, by the monotonic clock, ms; null: it did. */
  readonly endsMs: number | null;
}

export type FirewallObserved =
  /** `why`: there is one, and what it lacks; absent: there is none. */
  | { readonly kind: 'no-tool'; readonly begun: readonly Begun[]; readonly why?: Problem }
  | {
      readonly kind: 'missing';
      readonly begun: readonly Begun[];
      readonly neighbours: readonly Neighbour[];
      /** What only some rules ask for, and this host cannot. */
      readonly lacking: readonly Lack[];
      readonly calls: readonly Call[];
    }
  | {
      readonly kind: 'present';
      readonly table: ObservedTable;
      readonly begun: readonly Begun[];
      /** Members, by address, that took no new connection while a trial runs. */
      readonly unreached: readonly string[];
      /** What came of connections that members were asked to open, before a trial or amid one. */
      readonly calls: readonly Call[];
      readonly neighbours: readonly Neighbour[];
      readonly lacking: readonly Lack[];
    };

/** Another program's chain on this host that may drop what we let through. */
export interface Neighbour {
  /** Who, as `ufw`, or null for one that is not known. */
  readonly program: string | null;
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook: string;
  /** It drops or refuses what none of its rules takes. */
  readonly isClosed: boolean;
  /** One of its rules accepts whatever comes in on our interface, or leaves by it. */
  readonly isPassed: boolean;
  /** It drops what leaves it undecided: by its policy, not by a last rule. */
  readonly isDropping: boolean;
  /** The rules of that table. */
  readonly rules: ForeignTable;
}

/** What should be. Null: nothing is filtered, and there is no table. */
export type FirewallDesired = {
  readonly interface: string;
  readonly now: readonly Lane[];
  readonly trial: Trialling | null;
  readonly tried: readonly Tried[];
  /** For the first generation of a new table. */
  readonly seed: number;
  /** What of it does not do all that it says, for this host cannot. */
  readonly withheld: Withheld;
} | null;

/** Id under which the ledger keeps how to undo the table. */
export const TABLE_UNDO = 'firewall-table';
