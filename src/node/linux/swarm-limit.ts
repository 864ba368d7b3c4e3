/**
 * Edge: swarm limit — makes the connection of an invite's holder one that can do nothing but join.
 *
 * 1. `connection.limits` is set before libp2p hands on the first stream; from then on it refuses
 *    each protocol that does not say `runOnLimitedConnection`: gossip and all requests but join.
 * 2. libp2p does not end a limited connection itself; a timer here does.
 * 3. multistream would answer `ls` with the names of all protocols, before it looks at limits. A
 *    stream that asks is reset.
 */
import type { Connection, Stream } from '@libp2p/interface';

/** How long the holder of an invite may stay; joining takes a second or two. Unit: ms. */
const INVITE_LIFE_MS = 60_000;
/** The question for the list, as multistream frames it: its length, then the word and a newline. */
const LIST_QUESTION = '\x03ls\n';

/** Limits a connection. Must be called from a synchronous listener to `connection:open`. */
export function limit(
  connection: Connection,
  onStream: (listener: (stream: Stream) => void) => void,
): void {
  connection.limits = { seconds: INVITE_LIFE_MS / 1_000 };
  const end = setTimeout(() => {
    connection.abort(new Error('the time of an invite connection is over'));
  }, INVITE_LIFE_MS).unref();
  connection.addEventListener('close', () => clearTimeout(end));
  onStream(refuseList);
}

/**
 * Looks at what is said before a protocol is agreed on; multistream answers later, in a promise.
 */
const refuseList = (stream: Stream): void => {
  let last = '';
  const look = ({ data }: { data: { subarray(): Uint8Array } }): void => {
    if (stream.protocol !== '') {
      stream.removeEventListener('message', look);
      return;
    }
    const said = last + Buffer.from(data.subarray()).toString('latin1');
    if (said.includes(LIST_QUESTION)) stream.abort(new Error('asks for the list of protocols'));
    last = said.slice(1 - LIST_QUESTION.length);
  };
  stream.addEventListener('message', look);
};
