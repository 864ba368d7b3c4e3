/**
 * Edge: prober — for how long a daemon answers nobody: it is asked for a page that there is not,
 * which costs it next to nothing, again and again, over one connection.
 *
 * What an answer takes is what everybody else waits for as well: the turn of the event loop that is
 * under way, collecting of garbage and waiting for a processor included.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../netns-tests/vm.ts';

/** Between an answer and the next question. Unit: ms. */
const PAUSE_MS = 1;
/** A daemon that lets somebody wait for so long has stopped. Unit: ms. */
const STOPPED_MS = 30_000;
const PATH = '/v1/no-such-page';
const HEADERS = { host: 'cnsmo' };

/** What was seen of a daemon. */
export interface Waits {
  /** The longest wait for an answer. Unit: ms. */
  readonly longestMs: number;
  readonly answers: number;
}

/**
 * Begins to ask a VM's daemon; gives what ends it, as `over` does. Rejects when the daemon ends, or
 * answers no more.
 */
export function probe(vm: Vm, over: AbortSignal): () => Promise<Waits> {
  const socketPath = `/proc/${vm.machine().pid}/root/run/cnsmo/api.sock`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let isOver = false;
  const ask = async (): Promise<Waits> => {
    let [longestMs, answers] = [0, 0];
    while (!isOver) {
      const startMs = performance.now();
      await answerOf(socketPath, agent, over);
      longestMs = Math.max(longestMs, performance.now() - startMs);
      answers += 1;
      await sleep(PAUSE_MS);
    }
    agent.destroy();
    return { longestMs, answers };
  };
  const asking = ask();
  asking.catch(() => undefined); // Told to whoever ends it.
  return () => {
    isOver = true;
    return asking;
  };
}

const answerOf = (socketPath: string, agent: Agent, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: PATH, headers: HEADERS, agent, signal });
    asking.setTimeout(STOPPED_MS, () => asking.destroy(new Error('a daemon answers no more')));
    asking.once('error', reject);
    asking.once('response', (answer) => {
      answer.resume();
      answer.once('end', resolve);
    });
    asking.end();
  });
