/**
 * Edge: swarm window — when a stream tells its far end that there is room again.
 *
 * `@libp2p/yamux` 8 answers each frame of data with one that gives back its window: a third of all
 * that a swarm of short questions sends, each encrypted and written by itself. It is given back
 * here when half of the window is used, as by the yamux of Go, from which the protocol comes.
 */
import { StreamState, YamuxStream } from '@libp2p/yamux/stream';

/** What of the window is used before it is given back. */
const USED_LEAST = 1 / 2;

/** What a stream knows of its own window, which its type does not tell. Unit: bytes. */
interface Window {
  readonly state: StreamState;
  readonly recvWindow: number;
  readonly recvWindowCapacity: number;
}

const isWorthTelling = ({ state, recvWindow, recvWindowCapacity }: Window): boolean =>
  state !== StreamState.Established || recvWindowCapacity <= recvWindow * (1 - USED_LEAST);

const { sendWindowUpdate } = YamuxStream.prototype;

/** Lets the streams of all muxers of this process wait with it. Harmless to repeat. */
export const giveWindowBackByHalves = (): void => {
  YamuxStream.prototype.sendWindowUpdate = function giveBack(this: YamuxStream): void {
    if (isWorthTelling(this as unknown as Window)) sendWindowUpdate.call(this);
  };
};
