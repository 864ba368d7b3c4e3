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
  /** Base64. */
  readonly publicKey: string;
  /** Sorted, each with its length. */
  readonly allowedIps: readonly string[];
  /** `host:port`, IPv6 in brackets; null leaves what the engine has. */
  readonly endpoint: string | null;
  /** Seconds; 0 for off. */
  readonly keepaliveS: number;
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
  readonly peers: readonly DesiredPeer[];
} | null;

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

/** The interface as it is. */
export interface VpnObserved {
  /** Null when there is no such interface. */
  readonly link: ObservedLink | null;
  /** With prefix length, link-local ones left out. */
  readonly addresses: readonly string[];
  /** Null when nothing answers `wg` for it. */
  readonly device: ObservedDevice | null;
}

/** Id under which the ledger keeps how to undo the interface. */
export const LINK_UNDO = 'vpn-link';
