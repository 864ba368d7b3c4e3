/**
 * Rule: lb state — the table as it should be and as it was read back: plain records.
 */
import type { ObservedTable } from '../nft/observed.ts';
import type { Problem } from '../service.ts';
import type { Ended } from './compile-ended.ts';
import type { Dispatch } from './dispatch.ts';
import type { Forwarding } from './forwarding.ts';
import type { ProxyDesired, ProxyObserved } from './haproxy-state.ts';
import type { Listener } from './listeners.ts';

export type LbObserved = TableObserved & { readonly proxy: ProxyObserved };

export type TableObserved =
  /** Nobody wants anything of this VM, and it has nothing. */
  | { readonly kind: 'unasked' }
  | { readonly kind: 'no-tool' }
  | ({ readonly kind: 'missing' } & ObservedHost)
  | ({ readonly kind: 'present'; readonly table: ObservedTable } & ObservedHost);

/** What else was looked at, where this VM is to listen at its other addresses. */
export interface ObservedHost {
  /** Null: they cannot be listed. */
  readonly listeners: readonly Listener[] | null;
  /** Null: it was not asked for. */
  readonly forwarding: Forwarding | null;
  /** Of other programs that drop what is forwarded. */
  readonly closed: readonly Problem[];
  /** What of the table it cannot do. Absent: nothing that was tried. */
  readonly lacking?: readonly Lack[];
}

/** A part of the table that not every host can have, as `features.ts` has them. */
export type Special = 'forget' | 'end' | 'move' | 'front';

/** One that a host cannot do, and why. */
export interface Lack {
  readonly special: Special;
  readonly why: Problem;
}

/** This VM in the mesh. */
export interface Own {
  readonly interface: string;
  readonly ipv4: string | null;
  readonly ipv6: string;
  /** What of the table it goes without. */
  readonly lacks?: ReadonlySet<Special>;
}

/** What should be. Null: nothing is balanced, and there is no table. */
export type LbDesired = {
  readonly own: Own;
  readonly dispatches: readonly Dispatch[];
  readonly ended: Ended;
  readonly proxy: ProxyDesired;
  /** It passes on what comes in at its other addresses. */
  readonly isForwarding: boolean;
  /** Ids in the undo ledger. */
  readonly made: ReadonlySet<string>;
  /** By path: what is not, or not wholly, as it is wanted, and why. */
  readonly withheld: ReadonlyMap<string, Problem>;
} | null;

/** Id under which the ledger keeps how to undo the table. */
export const TABLE_UNDO = 'lb-table';
