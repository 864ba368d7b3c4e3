/**
 * Rule: haproxy state — what HAProxy should carry on this VM, and what it was found to carry: plain
 * records.
 *
 * HAProxy listens at this VM's own mesh address, at local ports that only our table of nft sends
 * to. A balancer is a proxy called `PORT.NAME`, which tells its first local port; its servers are
 * slots, `s1`, `s2`, …, so that backends come and go by the runtime API and nothing is reloaded.
 */
import type { Mode } from './schemas.table.ts';

/** The child, and the id under which the ledger keeps how to undo it. */
export const PROCESS = 'haproxy';
export const PROCESS_UNDO = 'lb-haproxy';

/** Whether a backend takes new connections: `draining` by an operator's word; `out`: it is down. */
export type ProxyBackendState = 'ready' | 'draining' | 'out';

/** Where connections go. */
export interface ProxyBackend {
  /** Numeric. */
  readonly address: string;
  readonly weight: number;
  readonly state: ProxyBackendState;
  /** What it has is ended: it would hang, or its time is over. */
  readonly isEnded?: true;
}

/** A balancer that HAProxy is to carry. */
export interface ProxyBalancer {
  readonly name: string;
  readonly mode: Mode;
  readonly ports: readonly [first: number, last: number];
  /** First port of its backends. */
  readonly port: number;
  readonly stickyMs: number | null;
  /** By address, each once. */
  readonly backends: readonly ProxyBackend[];
  /** Addresses of some that are none any more, where what they still have is ended. */
  readonly left?: readonly string[];
}

/** The same with its place on this VM. */
export interface PlacedBalancer extends ProxyBalancer {
  /** First local port; as many follow as it has ports. */
  readonly localPort: number;
}

/** What should be; `balancers` empty: it ends what it has, and runs no longer than that. */
export interface ProxyDesired {
  /** At which addresses of this VM it listens. */
  readonly hosts: readonly string[];
  readonly balancers: readonly PlacedBalancer[];
  /** The local port at which one worker tells the next who stays where; null: none is free. */
  readonly peerPort: number | null;
  /** It is reloaded only later, and carries until then what it has loaded. */
  readonly isPutOff: boolean;
}

/** A slot as HAProxy has it. */
export interface ProxySlot {
  readonly name: string;
  readonly address: string;
  /** The port, or how far it is from the local one, modulo 65,536. */
  readonly port: number;
  readonly weight: number;
  readonly state: ProxyBackendState;
  /** HAProxy takes it for dead, because connections to it failed. */
  readonly isDown: boolean;
  /** Connections that it has now. */
  readonly connections: number;
}

/** A proxy as it was found. */
export interface ObservedProxy {
  readonly localPort: number;
  readonly slots: readonly ProxySlot[];
}

export type ProxyObserved =
  /** Nobody wants it here, and it was not started here. */
  | { readonly kind: 'unasked' }
  | { readonly kind: 'no-tool' }
  /** It does not run. */
  | { readonly kind: 'absent'; readonly place: ObservedPlace }
  /** It runs and tells nothing that can be read: why. It is left as it is. */
  | { readonly kind: 'silent'; readonly why: string; readonly before: RunningProxy | null }
  | RunningProxy;

/** As it was found. */
export interface RunningProxy {
  readonly kind: 'running';
  readonly place: ObservedPlace;
  /** The mark of the configuration that it has loaded. */
  readonly mark: string;
  readonly peerPort: number | null;
  /** Who stays where it has learned, or given up to: it tells the worker that comes next. */
  readonly hasLearned: boolean;
  /** Workers of before a reload that have connections yet. */
  readonly formerWorkers: number;
  /** By names of balancers. */
  readonly proxies: ReadonlyMap<string, ObservedProxy>;
}

/** What counts of the host around it. */
export interface ObservedPlace {
  readonly hasIpv6: boolean;
  /** Local ports, of those that are ours to choose from, on which something listens. */
  readonly taken: ReadonlySet<number>;
}
