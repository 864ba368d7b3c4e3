/**
 * Rule: sign — something of this host that the daemon sees by itself, without starting a process.
 *
 * A sign says little, and says it in a text that can be compared with what it should be. Whoever
 * finds it different looks closer.
 */

/** Where a tunnel's packet would go: an address inside the overlay, and the port of its member. */
interface Target {
  readonly host: string;
  readonly port: number;
}

/** What comes of a sign `reach` for others: why nothing came back is of no concern to them. */
export const reachedBy = (answer: string): string =>
  answer.startsWith('unable ') ? 'silent' : answer;

/** What to look at, and what the answer is. */
export type Sign =
  /**
   * What wireguard-go has: `none` when it does not answer, else `PUBLIC-KEY PORT` and, sorted, a
   * line for each peer: `PUBLIC-KEY ADDRESSES KEEPALIVE psk|- heard|silent`. Addresses are sorted
   * and joined by commas; heard is whose last handshake is younger than `heardMs`.
   */
  | { readonly kind: 'wireguard-go'; readonly interface: string; readonly heardMs: number }
  /**
   * Those of the addresses, joined by spaces, for which the kernel's WireGuard has no peer, or does
   * not know where the peer is.
   */
  | { readonly kind: 'tunnels'; readonly to: readonly Target[] }
  /** `bound` when something on this host has the UDP port, be it the kernel; else `free`. */
  | { readonly kind: 'udp-port'; readonly port: number }
  /**
   * What comes of a new TCP connection: `answered`, `refused` when it was reset, `silent` when
   * nothing came back in time, `unable CODE` when this host could not even try.
   */
  | { readonly kind: 'reach'; readonly host: string; readonly port: number }
  /**
   * What comes of a GET of the path: `answered` with a status of 200 to 399, `status N` with
   * another one, `refused` when nobody listens, `silent` when no answer came in time, `unable
   * CODE` when this host could not even ask.
   */
  | {
      readonly kind: 'http';
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly withinMs: number;
    }
  /** Those of the addresses, joined by spaces, that take no new TCP connection within 1.5 s. */
  | { readonly kind: 'unreached'; readonly to: readonly Target[] }
  /** The lines of lists of the kernel's in /proc/net, each as `NAME:LINE`, with spaces between. */
  | { readonly kind: 'kernel-lists'; readonly names: readonly string[] }
  /** `running` or `gone`: a long-running process of ours. */
  | { readonly kind: 'child'; readonly process: string }
  /** `found` when a program of that name can be run on this host, else `missing`. */
  | { readonly kind: 'tool'; readonly name: string };
