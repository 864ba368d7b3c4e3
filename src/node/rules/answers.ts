/**
 * Rule: answers — the form of what the local API says. Types only; clients import them.
 *
 * The field names are fixed (docs: README, "Output"); readers ignore those that they do not know.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Invite, Role } from '../../crdt/view.ts';
import type { AgentReport } from '../../services/service.ts';

/** How a member is: reached, not known or doubted, alive but slow or cut off from here, gone. */
export type LinkState = 'alive' | 'suspect' | 'degraded' | 'dead';

/** A member, as this VM sees it. */
export interface MemberStatus {
  readonly id: MemberId;
  readonly name: string;
  readonly role: Role;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: LinkState | 'left' | 'evicted';
  /** It takes no new load. */
  readonly draining: boolean;
  /** Overlay addresses without prefix length, IPv4 first. */
  readonly addresses: readonly string[];
  readonly endpoint: string | null;
  readonly handshakeAgeMs: number | null;
  readonly rttMs: number | null;
  readonly version: string | null;
  /**
   * Only of who was evicted. `by`: name or id of the operator, null for who went with whoever let
   * it in; `at`: ISO 8601, UTC, by the operator's clock.
   */
  readonly evicted?: {
    readonly by: string | null;
    readonly at: string | null;
    readonly reason: string;
  };
}

/** Who has the core role. `term`: which holding within the epoch; `since`: ISO 8601, UTC. */
export interface CoreStatus {
  readonly id: MemberId;
  readonly name: string;
  readonly term: number;
  readonly epoch: number;
  readonly since: string;
}

interface Named {
  readonly id: MemberId;
  readonly name: string;
}

/** The core role as this VM sees it. */
export interface CoreView {
  readonly holder: CoreStatus | null;
  /** Who should have it now, whether or not it says so yet. */
  readonly elected: Named | null;
  readonly why: string;
  readonly epoch: number;
  readonly epochMs: number;
  /** Who has it next if all stays as it is, and from when. */
  readonly next: (Named & { readonly at: string }) | null;
  /** Who may have it, in the order of this epoch; `unfit`: why it is passed over. */
  readonly ring: readonly (Named & { readonly unfit: string | null })[];
  /** Whether this VM may. */
  readonly isEligible: boolean;
}

/** Connections of this VM for the state. */
export interface LinksView {
  /** Neighbours that a member has in a large mesh. */
  readonly degree: number;
  /** By name. `remote`: as `endpointText` writes it; `rttMs`: null before the first round trip. */
  readonly links: readonly (Named & {
    readonly neighbour: boolean;
    readonly connected: boolean;
    readonly remote: string | null;
    readonly direction: 'inbound' | 'outbound' | null;
    readonly rttMs: number | null;
  })[];
}

/** The core role, and what there is to look after. */
export interface CoreReport extends CoreView {
  readonly duties: readonly { readonly name: string; readonly found: readonly string[] }[];
}

/** This VM and its mesh. */
export interface Status {
  readonly mesh: { readonly id: string; readonly name: string };
  readonly self: {
    readonly id: MemberId;
    readonly name: string;
    readonly role: Role;
    readonly addresses: readonly string[];
    readonly ready: boolean;
    readonly engine: string | null;
    readonly version: string;
    readonly commit: string;
  };
  readonly core: CoreStatus | null;
  readonly members: readonly MemberStatus[];
  readonly services: readonly Pick<AgentReport, 'name' | 'state' | 'problems'>[];
  /** Members that this VM can talk to, itself included, of all that are in the mesh. */
  readonly reachable: number;
  readonly total: number;
  /** Things that an operator should look at. */
  readonly alarms: readonly string[];
  /** Members that are not in step with this one; only where that was asked for. */
  readonly outOfStep?: readonly string[];
}

/** An invite as it is listed. `state`: open, used-up, revoked or expired. */
export type ListedInvite = Omit<Invite, 'isRevoked' | 'author'> & { readonly state: string };

/** What hangs on a member, and what becomes of it when it is evicted. Members by name. */
export interface Eviction {
  readonly id: MemberId;
  readonly member: string;
  /** Members that are adopted, and so stay, with whom they admitted. */
  readonly adopted: readonly string[];
  /** Members that go with it. */
  readonly lost: readonly string[];
  /** Its invites that somebody could still use; nobody can then. */
  readonly invites: readonly string[];
  /** Operators whose role is said again. */
  readonly operators: readonly string[];
  /** Policy, names and labels that are said again, by path. */
  readonly paths: readonly string[];
  /** What its eviction means for the mesh, where that needs a person's yes. */
  readonly warnings: readonly string[];
}

/** Who knows that this member has left, of the other members. */
export interface Told {
  readonly told: number;
  readonly others: number;
}
