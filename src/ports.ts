/**
 * Rule: ports — the ten doors through which loops see the world.
 *
 * Loops take the ports they use as parameters; edges (`src/node/linux/`) implement them on real
 * Linux, and the simulator (`sim/`) implements them a second time under a virtual clock. Rules
 * take none of them, Crypto excepted: it is synchronous and depends on nothing but its arguments.
 *
 * Contracts that hold for every port:
 * 1. A failure that a caller can act on is a `Fault`; anything else thrown is a bug.
 * 2. Whatever waits takes an `AbortSignal` or a timeout in ms, and settles soon after either.
 * 3. A subscription returns the function that ends it; calling that twice is harmless.
 */
import type { PeerKey } from './crdt/ids.ts';
import type { LogBook } from './log-book.ts';
import type { Process } from './process-port.ts';
import type { Sign } from './sign.ts';

/** Ends a subscription. Harmless when called twice. */
export type Unsubscribe = () => void;

/** Time. `wallMs` may jump, `monotonicMs` never goes back and is not comparable between hosts. */
export interface Clock {
  /** Milliseconds since the Unix epoch by this host's clock, as wrong as that clock may be. */
  wallMs(): number;
  /** Milliseconds since this process began, or its host. */
  monotonicMs(): number;
  /** Resolves after `durationMs`, or at once when `signal` aborts. Never rejects. */
  sleep(durationMs: number, signal: SleepSignal): Promise<void>;
}

/** What ends a sleep: an `AbortSignal`, or as much of one as that takes. It aborts once. */
export interface SleepSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: object): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Randomness: cryptographically strong on Linux, seeded in the simulator. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter only. */
  fraction(): number;
}

/** Synchronous cryptography on plain bytes. Every key and seed is 32 bytes, every signature 64. */
export interface Crypto {
  sha256(data: Uint8Array): Uint8Array;
  /** The Ed25519 public key that belongs to a seed. */
  publicKey(seed: Uint8Array): Uint8Array;
  sign(seed: Uint8Array, data: Uint8Array): Uint8Array;
  /** False for a wrong signature and for a malformed key or signature. Never throws. */
  verify(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
  /** The X25519 public key that belongs to a WireGuard private key. */
  wgPublicKey(privateKey: Uint8Array): Uint8Array;
}

/**
 * The state directory, and nothing outside it. Names are plain file names, without a slash. Files
 * are 0600 in a directory of 0700; opening the edge refuses looser modes.
 */
export interface Disk {
  /** The whole file, or null when there is none. */
  read(name: string): Promise<Uint8Array | null>;
  /** Replaces the file atomically; it is durable (file and directory synced) when this resolves. */
  write(name: string, content: Uint8Array): Promise<void>;
  /**
   * Appends to the file, creating it; durable when this resolves. Appends to one name run in call
   * order.
   */
  append(name: string, content: Uint8Array): Promise<void>;
  /** Removes the file; harmless when there is none. */
  remove(name: string): Promise<void>;
  /** Names of all files, sorted. */
  list(): Promise<readonly string[]>;
}

/** Who is at the other end of a connection, as the gate of the swarm has to judge it. */
export type Standing = 'member' | 'invite' | 'stranger';

/** An underlay address of a member: numeric IPv4 or IPv6 (no brackets), and the mesh's port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One live, encrypted and authenticated connection. */
export interface Connection {
  readonly peer: PeerKey;
  readonly remote: Endpoint;
  readonly direction: 'inbound' | 'outbound';
  /** Last measured round trip, ms; null before the first. */
  readonly rttMs: number | null;
}

/** How to open a swarm node. */
export interface SwarmConfig {
  /** Ed25519 seed of this node's swarm identity: the member's own, or an invite's while joining. */
  readonly seed: Uint8Array;
  /** The mesh's pre-shared key, 32 bytes. */
  readonly psk: Uint8Array;
  /** TCP port to listen on, on every address of IPv4 and IPv6; null listens nowhere. */
  readonly port: number | null;
  /** Gossip topic, protocol prefix and agent string are derived from it. */
  readonly meshId: string;
  /** Asked right after Noise, in both directions, before any stream. A stranger is cut. */
  readonly standing: (peer: PeerKey) => Standing;
  /** True for an address that lies inside the overlay: never dialled, and cut when it dials us. */
  readonly isOverlay: (host: string) => boolean;
  /** Asked before a gossiped frame is passed on: reject also counts against the sender. */
  readonly judge: (from: PeerKey, frame: Uint8Array) => GossipVerdict;
}

export type GossipVerdict = 'accept' | 'ignore' | 'reject';

/** Answers an authenticated peer. Throwing a Fault closes the stream without an answer. */
export type RequestHandler = (
  from: { readonly peer: PeerKey; readonly standing: Standing; readonly remote: Endpoint },
  request: Uint8Array,
) => Promise<Uint8Array>;

export type MessageListener = (from: PeerKey, message: Uint8Array) => void;

/** How a protocol is served. */
export interface ProtocolOptions {
  /** Longest request and longest answer, bytes; a longer one closes the stream. */
  readonly bytesMax: number;
  /** Whether the holder of an invite may open it. Only the join protocol says yes. */
  readonly inviteMayUse: boolean;
}

/** A running swarm node. */
export interface SwarmNode {
  /** This node's own key. */
  readonly self: PeerKey;
  /**
   * Connects to exactly `peer` at one of `endpoints`, tried in order. Resolves when connected (at
   * once if it is already). Fault 'timeout' when no endpoint answered within `timeoutMs`, its `why`
   * `NOBODY_LISTENS` when the host of each said at once that no program listens; Fault 'refused'
   * when one answered as somebody else, with another pre-shared key, or cut us.
   */
  dial(peer: PeerKey, endpoints: readonly Endpoint[], timeoutMs: number): Promise<void>;
  /** Closes every connection to the peer. Harmless when there is none. */
  hangUp(peer: PeerKey): Promise<void>;
  /** Live connections, at most one per peer, sorted by peer. */
  connections(): readonly Connection[];
  /**
   * Sends one request on a fresh stream of an existing connection and reads one answer. Fault
   * 'timeout' when none came in time, Fault 'refused' when the peer is not connected, does not
   * know the protocol or closed without an answer.
   */
  request(
    peer: PeerKey,
    protocol: string,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<Uint8Array>;
  /** The same on each live connection of a peer: two VMs with one key have one each. */
  requestEach(...question: Parameters<SwarmNode['request']>): Promise<readonly Uint8Array[]>;
  /** Serves a protocol; at most one handler for each name. Names are short (`sync`, `join`). */
  handle(protocol: string, options: ProtocolOptions, handler: RequestHandler): Unsubscribe;
  /** Sends a message, best effort, in order; false: dropped, or an older one for it. */
  send(peer: PeerKey, channel: string, message: Uint8Array): boolean;
  /** Hears a channel, one listener each. What is longer than `bytesMax` (65,535) is dropped. */
  receive(channel: string, bytesMax: number, listener: MessageListener): Unsubscribe;
  /** Gossips a frame, best effort; resolves with whom it went to: nobody if it came before. */
  publish(frame: Uint8Array): Promise<readonly PeerKey[]>;
  /** Called after a connection came up or went down. Invite connections are reported too. */
  onConnectionChange(listener: (peer: PeerKey) => void): Unsubscribe;
  /** Closes all connections (with notice) and the listener. */
  stop(): Promise<void>;
}

/** The swarm: opens nodes. A daemon has one; a joiner first has one under the invite's key. */
export interface Swarm {
  /** Fault 'refused' with field `port` when the port is taken. */
  open(config: SwarmConfig): Promise<SwarmNode>;
}

/** One command on this host. Secrets go by `stdin`, never in `argv`. */
export interface HostCommand {
  readonly argv: readonly string[];
  readonly stdin?: Uint8Array;
  /** How long it may take, ms; absent: 10 s. */
  readonly timeoutMs?: number;
  /**
   * Its status is all that is asked for: it may print as much as it likes, and what it leaves
   * behind is not waited for, and ended where it stays in its process group.
   */
  readonly isUnheard?: true;
}

export interface HostResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What this host has, as far as looking tells. */
export interface HostFacts {
  readonly hostname: string;
  readonly isRoot: boolean;
  readonly hasTun: boolean;
  /** Whether systemd is the init of this host. */
  readonly hasSystemd: boolean;
  /** Tool name → found in the search path. */
  readonly tools: Readonly<Record<string, boolean>>;
}

/** The same, and what only trying it tells. */
export interface ProbedFacts extends HostFacts {
  /** Whether the kernel makes WireGuard interfaces. */
  readonly hasKernelWireguard: boolean;
}

/** A numeric address of this host. */
export interface OwnAddress {
  readonly interface: string;
  readonly host: string;
  /** Whether a default route of this host goes out by the interface. */
  readonly isUplink: boolean;
}

/** One-shot commands and facts. */
export interface Host {
  /**
   * Runs a command to its end, without a shell, with a fixed environment, output capped at 32 MiB.
   * A non-zero exit is a result, not a failure. Fault 'refused' when the tool does not exist,
   * 'timeout' when it takes too long (it and what it started are killed).
   */
  run(command: HostCommand): Promise<HostResult>;
  /** Looks only, and changes nothing. */
  facts(): Promise<HostFacts>;
  /**
   * The same, and makes a WireGuard interface for a moment, once: only for who uses the answer,
   * which is `init`, `join` and the daemon as it starts.
   */
  probe(): Promise<ProbedFacts>;
  /** Addresses of this host's interfaces, loopback and link-local left out. */
  addresses(): Promise<readonly OwnAddress[]>;
}

/** A request on the local API. `body` is parsed JSON, null when there was none. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path without the query, as `/v1/members`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Instead of a body: one after the other, until the signal aborts. */
  readonly lines?: (signal: AbortSignal) => AsyncIterable<unknown>;
}

/** Probes and listeners on this host. */
export interface Net {
  /** Whether TCP and UDP port `port` can be bound on this host now. */
  isPortFree(port: number): Promise<boolean>;
  /** How the sign is now. Takes at most a second or two; never rejects, never holds a secret. */
  glance(sign: Sign): Promise<string>;
  /**
   * Serves the local API on the run directory's socket, 0660 root:cnsmo where the group exists,
   * else 0600. Fault 'refused' when a live daemon holds the socket; a dead one's is replaced.
   * `reader` aborts when whoever asked is gone.
   */
  serveApi(
    handler: (request: ApiRequest, reader?: AbortSignal) => Promise<ApiAnswer>,
  ): Promise<() => Promise<void>>;
}

/** Structured log. Values are shortened and escaped by the edge; never pass a secret. */
export interface Log {
  info(event: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void;
  error(event: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** All ten, for those who wire a whole node. Everybody else takes the ports they use. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly disk: Disk;
  readonly swarm: Swarm;
  readonly host: Host;
  readonly process: Process;
  readonly net: Net;
  readonly log: Log;
  /** Reads back what `log` wrote. */
  readonly logBook: LogBook;
}
