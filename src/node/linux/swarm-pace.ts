/**
 * Edge: swarm pace — how much is read of one connection in a turn of the event loop.
 *
 * Node reads up to 2 MiB from a socket that always has more (libuv tries 32 times) before it looks
 * at another one or at a timer, and what follows from each piece is worked out in between: who
 * sends as fast as it goes held everybody up for 40 to 115 ms.
 * 1. Who was heard for so much waits until it is its turn again, and one goes on in each turn. What
 *    it sends meanwhile fills its TCP window, and then itself.
 */
import type { MessageStream } from '@libp2p/interface';
import type { InTurn } from './turns.ts';

/** What is heard of a connection before others have their turn: one read. Unit: bytes. */
const PACE_BYTES = 65_536;

/** What is asked of a connection. */
export type PacedConnection = Pick<
  MessageStream,
  'status' | 'pause' | 'resume' | 'addEventListener'
>;

/** Holds a connection to it. To be called when somebody hears its messages already. */
export function pace(connection: PacedConnection, inTurn: InTurn): void {
  let heardBytes = 0;
  let isGoingOn = false;
  const restWhenFull = (): void => {
    if (heardBytes < PACE_BYTES || connection.status !== 'open') return;
    connection.pause();
    inTurn(goOn);
  };
  const goOn = (): void => {
    heardBytes = 0;
    if (connection.status !== 'open') return;
    // To pause what is not all awake yet would leave the socket awake beneath it.
    isGoingOn = true;
    try {
      connection.resume();
    } catch (error) {
      // What it had held back made somebody close it, and then there is nothing to wake beneath.
      if (connection.status === 'open') throw error;
    } finally {
      isGoingOn = false;
    }
    restWhenFull();
  };
  connection.addEventListener('message', ({ data }) => {
    heardBytes += data.byteLength;
    if (!isGoingOn) restWhenFull();
  });
}
