/** Edge: steady — that traffic over the VPN flows while something happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealWorld } from './world.ts';

/** Pause between two pings. */
const PAUSE_MS = 50;
/** Fewest pings that say anything. */
const PINGS_MIN = 5;

/**
 * Pings from one VM to another, one after the other, while `work` runs. Gives how many there were
 * and how many of them got no answer.
 */
export async function pingDuring(
  world: RealWorld,
  [from, to]: readonly [string, string],
  work: () => Promise<void>,
): Promise<{ readonly sent: number; readonly lost: number }> {
  let [sent, lost, isOver] = [0, 0, false];
  const pinging = (async () => {
    while (!isOver || sent < PINGS_MIN) {
      if (sent > 0) await sleep(PAUSE_MS);
      sent += 1;
      if (await world.ping(from, to)) continue;
      lost += 1;
      world.timeline.note(`${from} got no answer from ${to}`);
    }
  })();
  try {
    await work();
  } finally {
    isOver = true;
    await pinging;
  }
  return { sent, lost };
}
