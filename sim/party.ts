/**
 * Edge: party — one running swarm node as the rest of the simulated swarm sees it.
 */
import type { PeerKey } from '../src/crdt/ids.ts';
import { Fault } from '../src/fault.ts';
import type { ProtocolOptions, RequestHandler, SwarmConfig } from '../src/ports.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';
import type { Station, Underlay } from './underlay.ts';
import type { End, Holder, Wires } from './wire.ts';

/** Everything that the parties of one run share. */
export interface Hall {
  readonly scheduler: Scheduler;
  readonly underlay: Underlay;
  readonly wires: Wires;
  readonly trace: Trace;
  /** Who listens, by VM and port. */
  readonly listeners: Map<string, Party>;
  /** Keys in hostile hands: what they send may be rejected. */
  readonly hostile: Set<string>;
  /** Told when somebody rejects a frame: nobody in a mesh of honest members may. */
  readonly onReject: (who: string) => void;
}

/** Who hears messages of one name. */
export interface Channel {
  readonly bytesMax: number;
  readonly listener: (from: PeerKey, message: Uint8Array) => void;
}

/** A running swarm node. */
export interface Party extends Holder {
  readonly self: PeerKey;
  readonly config: SwarmConfig;
  readonly ends: Set<End>;
  readonly handlers: Map<string, { options: ProtocolOptions; handler: RequestHandler }>;
  readonly listeners: Set<(peer: PeerKey) => void>;
  readonly channels: Map<string, Channel>;
  isStopped: boolean;
  /** Counts how often a peer became connected, or no more. */
  partings: number;
  /** The ends that are used: one per peer, sorted by peer. */
  used(): readonly End[];
  /** Whether it still takes part. */
  isOpen(): boolean;
  /** Takes an end that has just come up. */
  up(end: End): void;
  /** Takes a gossiped frame. `isRepeat`: the network doubled it. */
  hear(end: End, frame: Uint8Array, isRepeat: boolean): void;
}

/** The place where a party listens. */
export const doorOf = (station: Station, port: number): string => `${station.vm}:${port}`;

/** The connection that is used with a peer: the latest one. */
export function endWith({ ends }: Party, peer: PeerKey): End | undefined {
  let latest: End | undefined;
  for (const end of ends) {
    if (end.peer === peer && end.order >= (latest?.order ?? 0)) latest = end;
  }
  return latest;
}

/** A refusal by the swarm. Nobody asks where one was made, which would cost most of it. */
export function swarmFault(code: 'refused' | 'timeout', peer: string, why: string): Fault {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new Fault(code, { field: 'peer', value: peer, why, remedy: 'try again' });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
