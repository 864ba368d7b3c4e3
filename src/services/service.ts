/**
 * Rule: service — the contract of a service: what the agent loop asks of it, and what it may
 * answer.
 *
 * A service is rules only: it looks at the view and at what was read back from the host, and
 * returns commands. The agent (`node/agent.ts`) runs them: observe, plan, diff, apply, verify,
 * report. Doing it twice is harmless.
 *
 * 1. A service never imports another one; what it needs of one passes through the view or this
 *    contract.
 * 2. `diff(plan, read back after applying it)` is empty, or the agent reports the service as
 *    degraded.
 * 3. Whatever it makes on the host has an undo in the ledger before it is made.
 */

import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Meter } from '../crdt/meter.ts';
import type { View } from '../crdt/view.ts';
import type { Endpoint, HostResult, ProbedFacts } from '../ports.ts';
import type { Sign } from '../sign.ts';
import type { Callers } from './callers.ts';
import type { ServiceLoop, Sights } from './loop.ts';
import type { PortRange } from './schema-parts.ts';
import type { Verbs } from './verb.ts';

/**
 * What the node itself knows that the view does not hold: who it is and what this VM was told
 * locally.
 */
export interface Self {
  readonly id: MemberId;
  /** Name of the overlay interface, as `cnsmo0`. */
  readonly interface: string;
  /** The mesh's one port: TCP for the swarm, UDP for WireGuard. */
  readonly port: number;
  readonly facts: ProbedFacts;
  /** Where members are in live swarm connections, with the port at which they listen. */
  readonly seen: ReadonlyMap<PeerKey, Endpoint>;
  /** By how much the clocks of connected members are ahead of this VM's, ms, as last measured. */
  readonly skewsMs: ReadonlyMap<PeerKey, number>;
  /** When its key became this VM's alone again, on the clock of `nowMs`; null: never as it runs. */
  readonly recoveredAtMs: number | null;
  /**
   * Monotonic clock at the start of this pass: since when this daemon runs, or its host. Unit: ms.
   * Only for ages; never rendered.
   */
  readonly nowMs: number;
  /** This host's wall clock at that time, Unix ms: for the age of what the kernel stamps. */
  readonly wallMs: number;
  /**
   * What to add to it to have what it would show, had it not been set: once for each time that it
   * was in the last minutes, ms.
   */
  readonly stepsMs: readonly number[];
  /** How long the view is as it is, ms: after a change what is tried in turn starts anew. */
  readonly viewAgeMs: number;
  /** What all services that run here need open. */
  readonly openings: readonly Opening[];
  /** What the loop of this service shows; empty where it has none. */
  readonly sights: Sights;
  /** Ids in the undo ledger: what on this host was made by this node, and is not yet undone. */
  readonly made: ReadonlySet<string>;
}

/** What a node tells its agents of itself; each adds clocks and the ledger at every pass. */
export type NodeSelf = Omit<
  Self,
  'nowMs' | 'wallMs' | 'stepsMs' | 'viewAgeMs' | 'made' | 'openings'
>;

/** A secret that a command needs on its standard input. The name travels, the bytes do not. */
export type SecretName = 'wg-private-key';

/** How to take back a change to the host. Written to the ledger before the change is made. */
export type Undo =
  | { readonly kind: 'run'; readonly argv: readonly string[]; readonly only?: OnlyIf | undefined }
  | { readonly kind: 'stop'; readonly process: string };

/**
 * What tells that a thing is still the one that this node made, and not another program's of the
 * same name: a command, and what it may print, without the spaces around.
 */
export interface OnlyIf {
  readonly argv: readonly string[];
  readonly prints: readonly string[];
}

/**
 * What was not as it should be, in plain words for `events`: `peer vm2 was missing`. Empty where a
 * command only follows what changes by itself; without it the command speaks for itself.
 */
export type Found = readonly string[];

/** One step that the agent takes on the host. */
export type Command =
  | {
      readonly kind: 'run';
      readonly found?: Found;
      /** It only adds, or fails and changes nothing: the host need not be looked at before. */
      readonly isBlind?: true;
      readonly argv: readonly string[];
      readonly stdin?: { readonly secret: SecretName } | { readonly text: string };
      /** Ledger entries to write first: id → how to undo. */
      readonly undo?: Readonly<Record<string, Undo>>;
    }
  | {
      readonly kind: 'start';
      readonly found?: Found;
      readonly process: string;
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      /** For the directory in which it starts. */
      readonly files?: Readonly<Record<string, string>>;
      /** What comes after waits for an answer to this line, or that none comes. */
      readonly until?: string;
      readonly undo?: Readonly<Record<string, Undo>>;
    }
  | {
      /** A line, after files of its directory were replaced. */
      readonly kind: 'tell';
      readonly found?: Found;
      readonly process: string;
      readonly files?: Readonly<Record<string, string>>;
      readonly line: string;
      readonly until?: string;
    }
  | { readonly kind: 'stop'; readonly process: string };

/**
 * A command that only reads; or what is its standard output: a line's answer by a process of ours,
 * a sign, connections that others are asked to open. The result is for `read`, under its name.
 */
export type Probe =
  | CommandProbe
  /** Its status is 1 when the process does not run, or does not answer. */
  | { readonly name: string; readonly process: string; readonly line: string }
  | { readonly name: string; readonly sign: Sign }
  | { readonly name: string; readonly callers: Callers };

/** A command that only reads. */
export interface CommandProbe {
  readonly name: string;
  readonly argv: readonly string[];
  readonly stdin?: string;
  /**
   * It reads what others have on this host, which neither our commands nor the state of the mesh
   * change: not read anew to verify, nor for news of the state.
   */
  readonly isOfOthers?: true;
}

/** Results of probes by their names. */
export type Results = Readonly<Record<string, HostResult>>;

/** A long-running command whose lines say that something changed. */
export interface Monitor {
  readonly argv: readonly string[];
  /** Whether a line can concern the service; on busy hosts most do not. */
  readonly concerns: (line: string, view: View) => boolean;
}

/** A sign, and how it is while the service is in step. */
export interface ExpectedSign {
  readonly sign: Sign;
  readonly expected: string;
}

/** Ports that the firewall must leave open for this service. */
export interface Opening {
  readonly zone: 'mesh' | 'wan';
  readonly protocol: 'tcp' | 'udp';
  readonly ports: PortRange;
  readonly why: string;
}

/** A problem that a person should see, in one line: what is wrong and what to do. */
export type Problem = string;

/** A state, desired or read back, and what is wrong with it. */
export interface Finding<State> {
  readonly state: State;
  readonly problems: readonly Problem[];
  /** What a person should see as well, though the service does its part. */
  readonly notes?: readonly Problem[];
  /**
   * When to look again though nothing marks this service, ms; null: no need before the regular
   * read-back.
   */
  readonly recheckMs: number | null;
}

/** How the tunnel to one member does. */
export interface PeerReport {
  readonly member: MemberId;
  /** `host:port` as the engine uses it, IPv6 in brackets; null while none is known. */
  readonly endpoint: string | null;
  /** When it was read back; null before the first handshake. */
  readonly handshakeAgeMs: number | null;
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** What a service shows of itself in `status`, as it was read back last. */
export interface Summary {
  /** What carries the tunnels: `kernel` or `wireguard-go`; absent while nothing does. */
  readonly engine?: string;
  readonly peers?: readonly PeerReport[];
  /** Objects of intent that are in force on this host: path → its stamp, as `ms.counter`. */
  readonly applied?: Readonly<Record<string, string>>;
  /** Objects that are not in force on this host, or not wholly, though the rest is: path → why. */
  readonly withheld?: Readonly<Record<string, Problem>>;
  /** What those objects were asked for on this host: path → counts. Those without any left out. */
  readonly counts?: Readonly<Record<string, Count>>;
  /** What it sees of what it works with, in its own words, by its own names of those. */
  readonly sights?: Readonly<Record<string, string>>;
}

/** How often something decided. */
export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/** How far an agent is. `failed`: the host refused a command or could not be read. */
export type AgentState = 'starting' | 'ready' | 'degraded' | 'failed' | 'stopping' | 'stopped';

/** What an agent says after each pass. */
export interface AgentReport extends Summary {
  readonly name: string;
  readonly state: AgentState;
  /** Notes included. */
  readonly problems: readonly Problem[];
  /** Commands that this pass ran. */
  readonly changes: number;
}

/** What an agent looks at while in step. */
export type Signs = readonly ExpectedSign[];

/** What was seen of a host: by probes so far, and what was read last; null at first. */
export interface Seen<Observed> {
  readonly results: Results;
  readonly before: Observed | null;
}

/** A service. `Desired` and `Observed` are its own plain records. */
export interface Service<Desired, Observed> {
  readonly name: string;
  /** Monitors whose lines mark this service for a full read-back. */
  readonly monitors: (self: NodeSelf) => readonly Monitor[];
  /**
   * What to run to read the host back. Asked again with what the first told, until it names no
   * probe that has not run.
   */
  readonly probes: (self: Self, view: View, results: Results) => readonly Probe[];
  /**
   * Works out in pieces what the others here would take long for, and remember: they say the same
   * without it. Asked before them, and again when the probes have told more. Absent: nothing does.
   */
  readonly digest?: (
    view: View,
    self: Self,
    seen: Seen<Observed>,
    meter: Meter,
  ) => Generator<void, void>;
  /**
   * What the probes say. Output it cannot read is a problem, never a guess; with one, nothing is
   * planned. `before`: what was read last, to know on what the host no longer tells; null at first.
   */
  readonly read: (results: Results, self: Self, before: Observed | null) => Finding<Observed>;
  /** The desired state. `observed` lets it keep what the kernel learned (roamed endpoints). */
  readonly plan: (view: View, self: Self, observed: Observed) => Finding<Desired>;
  /**
   * What was read, as it would be so much later where nobody changed anything: what renews itself
   * and is told by a sign when it does not. Absent: nothing renews itself.
   */
  readonly later?: (observed: Observed, elapsedMs: number) => Observed;
  /** The commands that turn observed into desired; empty when in step. Order is significant. */
  readonly diff: (desired: Desired, observed: Observed) => readonly Command[];
  /**
   * What to look at every few seconds while in step, for changes of which no monitor tells. A sign
   * that is not as expected marks the service.
   */
  readonly signs: (desired: Desired, observed: Observed, view: View, self: Self) => Signs;
  /** What nft loads at boot, in its JSON or its language, of what is in step; null: nothing. */
  readonly boot?: (desired: Desired) => string | null;
  readonly openings: (view: View, self: NodeSelf) => readonly Opening[];
  /** Addresses of the mesh that no member is given. Absent: none. */
  readonly addresses?: (view: View) => readonly string[];
  /** TCP ports at which members may ask others to call them. Absent: none. */
  readonly callPorts?: (view: View) => readonly number[];
  readonly summary: (observed: Observed, view: View, self: Self) => Summary;
  /** What runs beside its agent; absent: nothing. */
  readonly loop?: ServiceLoop;
  /** What people may ask of it; absent: nothing. */
  readonly verbs?: Verbs;
}
