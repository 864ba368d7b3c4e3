/**
 * Rule: nft observed — a table as it was read back: plain records.
 */
import type { Count } from '../service.ts';

/** What a chain, set or element is made of, as words: handles, counters and times left out. */
export type Words = string;

export interface ObservedElement {
  readonly key: unknown;
  readonly words: Words;
  /** What a map gives, as it was listed. */
  readonly data?: unknown;
  readonly packets: number;
  readonly bytes: number;
  /** Whole time and what is left, s; null where it has none. */
  readonly timeout: number | null;
  readonly expires: number | null;
}

export interface ObservedSet {
  readonly kind: 'set' | 'map';
  /** Its definition. */
  readonly words: Words;
  /** By `keyText`. */
  readonly elements: ReadonlyMap<string, ObservedElement>;
}

export interface ObservedRule {
  readonly words: Words;
  readonly comment: string | null;
  readonly packets: number;
  readonly bytes: number;
}

export interface ObservedChain {
  /** Where it hangs. */
  readonly words: Words;
  readonly rules: readonly ObservedRule[];
}

/** Our table on this host. */
export interface ObservedTable {
  readonly chains: ReadonlyMap<string, ObservedChain>;
  readonly sets: ReadonlyMap<string, ObservedSet>;
  /** By name: what was counted by what is no more. */
  readonly counters: ReadonlyMap<string, Count>;
}
