/**
 * Edge: swarm knocks — connections of others that have not yet shown who they are.
 *
 * 1. There is room for so many. One more ends the one that has waited longest: who is honest is
 *    through in a moment, and a stranger who opens connections and says nothing would else keep
 *    everybody out for as long as each may last.
 */
import type { MultiaddrConnection } from '@libp2p/interface';

/** The connections that wait. */
export interface Knocks {
  /** One came. It waits until `end`, or until it is closed. */
  begin(connection: MultiaddrConnection): void;
  end(connection: MultiaddrConnection): void;
}

/** Room for `max` of them. */
export function createKnocks(max: number): Knocks {
  const waiting = new Set<MultiaddrConnection>(); // In the order in which they came.
  return {
    begin: (connection) => {
      waiting.add(connection);
      connection.addEventListener('close', () => void waiting.delete(connection));
      const [oldest] = waiting;
      if (waiting.size <= max || oldest === undefined) return;
      waiting.delete(oldest);
      oldest.abort(new Error('others wait'));
    },
    end: (connection) => void waiting.delete(connection),
  };
}
