/**
 * Rule: world — the vocabulary in which scenarios say what must be true.
 *
 * A scenario is written once against this interface and runs in two worlds: `sim/` (virtual time,
 * seeded faults) and `netns-tests/` (the built binary in network namespaces). The run in namespaces
 * proves that the virtual host tells the truth.
 *
 * 1. Every world has at least the VMs of `VMS`, each on, empty and with nothing but its underlay,
 *    when a scenario starts.
 * 2. A verb that the daemon or the command line refuses rejects with an Error whose message is the
 *    line `field: value: why; remedy`. Anything else that goes wrong rejects as well; scenarios
 *    tell by the text.
 * 3. Nothing here waits for readiness unless it says so: scenarios wait by `eventually`, never by
 *    sleeping.
 * 4. Every check that something is reachable has its negative twin.
 */

/** Where the VMs stand. Two data centres; a VM's name is its member name as well. */
export const VMS: readonly { readonly name: string; readonly site: string }[] = [
  { name: 'vm1', site: 'east' },
  { name: 'vm2', site: 'east' },
  { name: 'vm3', site: 'west' },
  { name: 'vm4', site: 'west' },
];

/**
 * One member as a VM's daemon lists it: the fields of `cnsmo members -o json` that scenarios read.
 */
export interface MemberRow {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `alive`, `suspect`, `degraded`, `dead`, `left` or `evicted`. */
  readonly state: string;
  /** Overlay addresses without prefix length, IPv4 first. */
  readonly addresses: readonly string[];
  /** Only of who was evicted: by whom. */
  readonly evicted?: { readonly by: string | null };
}

/** A VM's own account: the fields of `cnsmo status -o json` that scenarios read. */
export interface StatusReport {
  readonly mesh: { readonly id: string; readonly name: string };
  readonly self: {
    readonly id: string;
    readonly name: string;
    readonly role: string;
    readonly addresses: readonly string[];
    readonly ready: boolean;
  };
  readonly members: readonly MemberRow[];
  readonly core: {
    readonly id: string;
    readonly name: string;
    readonly term: number;
    readonly epoch: number;
  } | null;
  readonly reachable: number;
  readonly total: number;
  readonly alarms: readonly string[];
}

/** What happened, as `cnsmo events -o json` tells it. */
export interface ToldEvent {
  readonly kind: string;
  readonly member: string | null;
  readonly text: string;
  readonly cause: string | null;
}

/** What an invite may say. Lifetime in whole seconds, default 3600; uses default 1. */
export interface InviteOptions {
  readonly ttlSeconds?: number;
  readonly uses?: number;
}

/** The verbs. `vm` is a name from `VMS`; `member` is a member's name. */
export interface World {
  /** For messages: `sim seed 7`, `netns`. */
  readonly name: string;

  /** `cnsmo init` and start. The VM must be on and hold no state. Gives the recovery code. */
  init(vm: string): Promise<string>;
  /** `cnsmo invite`. Gives the token. */
  invite(vm: string, options?: InviteOptions): Promise<string>;
  /** `cnsmo join TOKEN` and start. */
  join(vm: string, token: string): Promise<void>;
  /** `cnsmo status`. Rejects while the VM is off or has no daemon. */
  status(vm: string): Promise<StatusReport>;
  /** `cnsmo members`. */
  members(vm: string): Promise<readonly MemberRow[]>;
  /** `cnsmo operator add MEMBER`, run on `vm`. */
  operatorAdd(vm: string, member: string): Promise<void>;
  /** `cnsmo operator recover`, run on `vm`. Gives the next recovery code. */
  operatorRecover(vm: string, code: string): Promise<string>;
  /** `cnsmo evict MEMBER`, run on `vm`. */
  evict(vm: string, member: string): Promise<void>;
  /** `cnsmo core step-down`, run on `vm`. */
  stepDown(vm: string): Promise<void>;
  /** `cnsmo drain` or `undrain`, run on `vm`. */
  drain(vm: string, isDraining: boolean): Promise<void>;
  /** `cnsmo member rename MEMBER NAME`, run on `vm`. */
  rename(vm: string, member: string, name: string): Promise<void>;
  /** `cnsmo member label MEMBER CHANGE…`, run on `vm`. */
  label(vm: string, member: string, changes: readonly string[]): Promise<void>;
  /** `cnsmo events`: what this VM's daemon saw since it started. */
  events(vm: string): Promise<readonly ToldEvent[]>;
  /** `cnsmo logs --on MEMBER`, run on `vm`: its last lines, as its daemon wrote them. */
  logs(vm: string, member: string): Promise<readonly string[]>;
  /** `cnsmo leave`: resolves once the VM is restored and its daemon has ended. */
  leave(vm: string): Promise<void>;

  /**
   * Whether `to` answers `from` over the VPN, at its IPv4 (default) or IPv6. The address is the
   * last that `to` said was its own, so that a VM that has left can be asked for in vain. False
   * when either is off.
   */
  ping(from: string, to: string, family?: 4 | 6): Promise<boolean>;

  /** The VM is gone without a word: no FIN, nothing unsynced survives. */
  powerCut(vm: string): Promise<void>;
  /**
   * The daemon is killed; its host lives on: the kernel closes its connections, the VPN interface
   * stays.
   */
  crash(vm: string): Promise<void>;
  /** Starts the VM where it is off, then the daemon on the state that its disk holds. */
  boot(vm: string): Promise<void>;

  /**
   * Gives a VM that is off another address of its site, which it has from its next boot on; nobody
   * answers at the old one.
   */
  move(vm: string): Promise<void>;

  /** `cnsmo links --at ADDRESS`, run on `vm`, with the address at which `other` is now. */
  pointTo(vm: string, other: string): Promise<void>;

  /**
   * What the kernel of a VM does with the traffic of the overlay, as text: peers and what they may
   * send, addresses, routes, rules. Equal texts, equal treatment.
   */
  dataPlane(vm: string): Promise<string>;

  /** From now on nothing passes between the two sites. Connections are not told. */
  cut(siteA: string, siteB: string): Promise<void>;
  /** Ends every cut. */
  heal(): Promise<void>;

  /**
   * Polls until `predicate` is true. A rejection counts as false. Rejects, naming `what` and the
   * last rejection, when `deadlineMs` of the world's own time have passed.
   */
  eventually(what: string, predicate: () => Promise<boolean>, deadlineMs: number): Promise<void>;
  /**
   * Polls for `durationMs` of the world's own time. Rejects, naming `what`, as soon as `predicate`
   * is not true.
   */
  holds(what: string, predicate: () => Promise<boolean>, durationMs: number): Promise<void>;
}

/** One scenario: rejects when something that must be true is not. */
export type Scenario = (world: World) => Promise<void>;

/** Rejects the scenario unless `condition` is true. */
export function expect(what: string, condition: boolean): void {
  if (!condition) throw new Error(`expected: ${what}`);
}

/** The line with which a verb refused; rejects when it did not refuse. */
export async function refusal(what: string, verb: Promise<unknown>): Promise<string> {
  try {
    await verb;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error(`expected a refusal: ${what}`);
}
