/**
 * Loop: core desk — what the parts of the core loop share: what it was given, and what it remembers
 * between two looks.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { Ports } from '../ports.ts';
import type { Terms } from './core-terms.ts';
import type { CoreTime, CoreTimeContext } from './core-time.ts';
import { type Buckets, createBuckets } from './rules/bucket.ts';
import type { Claim } from './rules/core-message.ts';
import type { Constituency, Pass } from './rules/election.ts';
import type { Speaker } from './rules/word-message.ts';

/** Claims that are taken at once, and per second after that; an honest holder repeats none. */
const CLAIMS_BURST = 10;
const CLAIMS_PER_SECOND = 1;

/** Who has the role, and since when by its own wall clock, Unix ms. */
export interface Holder extends Claim {
  readonly id: MemberId;
}

/** The message by which somebody said something, to hand it on. */
interface Spoken {
  readonly message: Uint8Array;
}

/** The ports that it sees the world through. */
export type CorePorts = Pick<Ports, 'clock' | 'crypto' | 'disk' | 'log'>;

/** What it needs of the node. */
export interface CoreContext extends CoreTimeContext, Pick<Speaker, 'seed' | 'meshId'> {
  /** Dials a member soon. */
  readonly reach: (member: MemberId) => void;
  /** Whether this member may be one of two holders of its key, or lost what it said. */
  readonly isDoubtful: () => boolean;
}

/** What the loop remembers between looks. */
interface Memory {
  readonly terms: Terms;
  acting: Claim | null;
  heard: (Holder & Spoken) | null;
  last: Holder | null;
  readonly listeners: Set<() => void>;
  readonly claims: Buckets;
  /** Since when this member is the elected one, monotonic ms; and how long it then waits, ms. */
  electedMs: number | null;
  settleMs: number;
  lastEpoch: number | null;
  problem: string | null;
  /** Who said last that it leaves a turn to the next, this member too, and which. */
  readonly passes: Map<MemberId, Pass & Partial<Spoken>>;
}

/** What they share. */
export interface Desk {
  readonly ports: CorePorts;
  readonly context: CoreContext;
  readonly memory: Memory;
  readonly time: CoreTime;
  readonly constituency: () => Constituency;
  /** Something that the election depends on may have changed. */
  readonly mark: () => void;
}

/** A loop that has seen nothing yet. */
export const emptyMemory = (terms: Terms): Memory => ({
  terms,
  acting: null,
  heard: null,
  last: null,
  listeners: new Set(),
  claims: createBuckets(CLAIMS_BURST, CLAIMS_PER_SECOND),
  electedMs: null,
  settleMs: 0,
  lastEpoch: null,
  problem: null,
  passes: new Map(),
});

/** Somebody has the role, or has it in another term. */
export function noteMove(memory: Memory, holder: Holder): void {
  memory.last = holder;
  for (const listener of memory.listeners) listener();
}
