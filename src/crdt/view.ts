/**
 * Rule: view — the verified projection of everything: the only thing that other rules read.
 *
 * Types only; `projection.ts` computes it. Two members that hold the same frames have equal
 * views, byte for byte: every list is sorted, nothing depends on the order of arrival, on a clock
 * or on who looks.
 */
import type { Endpoint } from '../ports.ts';
import type { Value } from './entry.ts';
import type { Hlc } from './hlc.ts';
import type { InviteId, MemberId, MeshId } from './ids.ts';
import type { Enrolment } from './membership.ts';
import type { IntentPlace } from './paths.ts';

export type Role = 'node' | 'operator';

export interface MeshInfo {
  readonly id: MeshId;
  readonly name: string;
  /** IPv4 prefix of the overlay, as `10.10.0.0/16`. */
  readonly prefix: string;
  /** IPv6 ULA prefix of the overlay, as `fd12:3456:789a:1::/64`. */
  readonly prefix6: string;
}

/** Where a member says it can be reached, best first in this order: advertised, observed, local. */
export interface MemberEndpoints {
  readonly port: number;
  /** `--advertise`, or null. */
  readonly advertised: Endpoint | null;
  /** What its entry saw it come from, or null. */
  readonly observed: Endpoint | null;
  /** Addresses of its own interfaces. */
  readonly local: readonly string[];
}

/** A VM in the mesh. */
export interface Member {
  readonly id: MemberId;
  readonly name: string;
  readonly role: Role;
  readonly labels: Readonly<Record<string, string>>;
  /** WireGuard public key, 32 bytes. */
  readonly wgKey: Uint8Array;
  /** Overlay IPv4, or null while the loser of a tie has not claimed a free one. */
  readonly ipv4: string | null;
  readonly ipv6: string;
  /** What it says of itself; null until its own sub-document has arrived. */
  readonly endpoints: MemberEndpoints | null;
  readonly services: readonly string[] | null;
  readonly version: string | null;
  /** It starts programs that operators name: `--allow-run`. Null as `services`. */
  readonly allowsRun: boolean | null;
  /** It may have the core role, as far as it is itself concerned. */
  readonly mayBeCore: boolean;
  /** It takes no new load, and hands the core role over. */
  readonly isDraining: boolean;
  /** The epoch of the core role in which it gave the role away, or null. */
  readonly steppedDown: number | null;
  /** It said that it leaves: no traffic, no dials; its name and address are free. */
  readonly hasLeft: boolean;
}

export interface Operator {
  readonly member: MemberId;
  /** Number of the recovery that made it an operator, 0 without one. */
  readonly recovery: number;
  /** Grants between it and the founder or a recovered operator. */
  readonly depth: number;
  /** Number of its own grant, 0 for the founder. */
  readonly grant: number;
}

export interface Invite {
  readonly id: InviteId;
  readonly number: number;
  readonly author: MemberId;
  readonly labels: Readonly<Record<string, string>>;
  /** Unix ms. */
  readonly expiryMs: number;
  readonly uses: number;
  /** Distinct members admitted by it. More than `uses` is an alarm. */
  readonly used: number;
  readonly isRevoked: boolean;
}

/**
 * What a member proposed while it had the core role, or says so. Which of several is taken depends
 * on the term and on who has the role, so it is no part of the projection.
 */
export interface Proposal {
  /** The member that it is about. */
  readonly about: MemberId;
  readonly author: MemberId;
  readonly epoch: number;
  readonly n: number;
  /** Since when that member cannot be reached, Unix ms; null: it can. */
  readonly absentSinceMs: number | null;
}

/** What is known of a member that is none any more. */
export interface Eviction {
  readonly id: MemberId;
  /** What it was called by whoever evicted it; null when nobody said so. */
  readonly name: string | null;
  /** The operator whose word it was; null for who went with whoever let it in. */
  readonly by: MemberId | null;
  /** When that was said, Unix ms by the operator's stamp; null where `by` is. */
  readonly atMs: number | null;
  /** What the operator gave for a reason; may be empty. */
  readonly reason: string;
}

/** Something an operator should look at. Rules never act on it. */
export interface Alarm {
  readonly kind: 'over-use' | 'double-recovery' | 'address-tie' | 'name-tie' | 'equivocation';
  readonly about: string;
}

/**
 * An entry that the projection does not take, and why. The last good one at its path stays in
 * force.
 */
export interface Quarantined {
  readonly path: string;
  readonly author: MemberId;
  readonly why: string;
}

/** What one operator wants at a place. The value is as written; only its service reads it. */
export interface IntentClaim {
  readonly value: Value;
  readonly author: MemberId;
  readonly hlc: Hlc;
}

/** An object of a service, as it is in force: the last that an operator said there. */
export interface Intent extends IntentClaim, IntentPlace {
  readonly path: string;
  /**
   * What other operators said there since it was last deleted, the latest first: for who cannot
   * read the value in force, as it may come of a later version.
   */
  readonly older: readonly IntentClaim[];
}

export interface View {
  readonly mesh: MeshInfo;
  /** Admitted and not void, sorted by id. Those that have left are listed, marked. */
  readonly members: readonly Member[];
  /** What was said of each member when it was enrolled, in the order of the members. */
  readonly enrolments: readonly Enrolment[];
  /**
   * Once admitted and now evicted, or void with whoever admitted it; sorted. Refused at every
   * door.
   */
  readonly evicted: readonly MemberId[];
  /** How each of them came to be so, in the same order. */
  readonly evictions: readonly Eviction[];
  /** By rank, the most senior first. */
  readonly operators: readonly Operator[];
  /**
   * By number, then id. Spent, revoked and expired ones included: the join protocol tells which.
   */
  readonly invites: readonly Invite[];
  /** Of members about members; by whom they are about, then author. */
  readonly proposals: readonly Proposal[];
  /** What operators want of the services, by path. Of nobody else anything counts. */
  readonly intent: readonly Intent[];
  /** Hash that the next recovery's root key must have. */
  readonly nextRootHash: Uint8Array;
  readonly recovery: number;
  readonly alarms: readonly Alarm[];
  readonly quarantined: readonly Quarantined[];
}
