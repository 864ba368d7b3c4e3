/**
 * Rule: vpn state — what the VPN wants of this host, and what it reads back, as plain records.
 *
 * Both sides spell things alike, so that `diff` compares texts: keys in base64 as `wg` prints them,
 * addresses with their prefix length as `ip` prints them, endpoints as `host:port`.
 */

/** What makes the interface: the kernel, or the `wireguard-go` that the binary carries. */
export type Engine = 'kernel' | 'wireguard-go';

/** A WireGuard peer as it should be. */
export interface DesiredPeer {
  /** Of the member, for people. */
  readonly name: string;
  /** Base64. */
  readonly publicKey: string;
  /** Sorted, each with its length. */
  readonly allowedIps: readonly string[];
  /** `host:port`, IPv6 in brackets; null leaves what the engine has. */
  readonly endpoint: string | null;
  /** Seconds; 0 for off. */
  readonly keepaliveS: number;
  /** Taken away first, where it is, so that it shakes hands at once. */
  readonly isRenewed: boolean;
}

/** The interface as it should be; null: leave the host as it is. */
export type VpnDesired = {
  readonly interface: string;
  readonly engine: Engine;
  readonly publicKey: string;
  readonly port: number;
  readonly mtu: number;
  /** With prefix length, IPv4 first. */
  readonly addresses: readonly string[];
  /** The routes that come with these addresses. */
  readonly routes: readonly DesiredRoute[];
  readonly peers: readonly DesiredPeer[];
  /** Whether this host has the tool that makes the table. */
  readonly isClamped: boolean;
} | null;

/** The route of one of our prefixes. */
export interface DesiredRoute {
  readonly prefix: string;
  /** With prefix length: without it the route cannot be. */
  readonly address: string;
}

/** What the link layer says of our interface. */
export interface ObservedLink {
  /** `wireguard`, `tun`, `dummy`, …; empty for a device that no software made. */
  readonly kind: string;
  /** A tun device that outlives the program that made it: never one of ours. */
  readonly isPersistent: boolean;
  readonly isUp: boolean;
  readonly mtu: number;
}

/** A WireGuard peer as the engine has it. */
export interface ObservedPeer {
  readonly publicKey: string;
  readonly hasPresharedKey: boolean;
  readonly endpoint: string | null;
  readonly allowedIps: readonly string[];
  /** Wall clock of this host, Unix ms; null before the first handshake. */
  readonly handshakeAtMs: number | null;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly keepaliveS: number;
}

/** What the engine says. Its private key is never kept: the public one tells whose it is. */
export interface ObservedDevice {
  readonly publicKey: string | null;
  readonly port: number;
  readonly peers: readonly ObservedPeer[];
}

/** A route to somewhere inside our prefixes, of any table. */
export interface ObservedRoute {
  /** With its length. */
  readonly prefix: string;
  /** `unicast`, `local`, `unreachable`, … */
  readonly type: string;
  /** Where it goes out; empty for one that drops, several for one over many paths. */
  readonly interfaces: readonly string[];
  readonly table: string;
  /** Who made it: `kernel` for what an address brings. */
  readonly protocol: string;
}

/** How this host sends to an address now. */
export interface ObservedPath {
  readonly interface: string;
  /** Smaller than that of the interface: of the route, or learned on the way. Null: none. */
  readonly mtu: number | null;
}

/** An address of another interface than ours. */
export interface OtherAddress {
  readonly interface: string;
  /** With prefix length. */
  readonly address: string;
}

/** The nftables table that clamps forwarded flows. */
export type ObservedTable =
  | { readonly kind: 'no-tool' }
  | { readonly kind: 'missing' }
  /** `words`: what it consists of, as `table.ts` reduces it. */
  | { readonly kind: 'present'; readonly words: string }
  | { readonly kind: 'refused'; readonly why: string };

/** Outcome of reading a tool's output. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

/** The interface as it is, and what of the host concerns it. */
export interface VpnObserved {
  /** Null when there is no such interface. */
  readonly link: ObservedLink | null;
  /** With prefix length, link-local ones left out. */
  readonly addresses: readonly string[];
  /** Null when nothing answers `wg` for it. */
  readonly device: ObservedDevice | null;
  readonly others: readonly OtherAddress[];
  /** Interface → its MTU. */
  readonly mtus: Readonly<Record<string, number>>;
  readonly routes: readonly ObservedRoute[];
  /** Address → how it is sent to: endpoints of peers, and the members' own addresses. */
  readonly paths: Readonly<Record<string, ObservedPath>>;
  readonly table: ObservedTable;
}

/** Id under which the ledger keeps how to undo the interface. */
export const LINK_UNDO = 'vpn-link';

/** Id under which the ledger keeps how to undo the table. */
export const TABLE_UNDO = 'vpn-table';
