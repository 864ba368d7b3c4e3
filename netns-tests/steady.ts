/** Edge: steady — that traffic over the VPN flows while something happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealWorld } from './world.ts';

/** Pause between two pings. */
const PAUSE_MS = 50;
/** Fewest pings that say anything. */
const PINGS_MIN = 5;
/** What comes later than a second, on a full machine, is late and not lost. Unit: s. */
const LATE_SECONDS = 3;

/**
 * Pings from one VM to another, one after the other, while `work` runs. Gives how many there were
 * and how many of them got no answer.
 */
export async function pingDuring(
  world: RealWorld,
  [from, to]: readonly [string, string],
  work: () => Promise<void>,
): Promise<{ readonly sent: number; readonly lost: number }> {
  const [address = ''] = (await world.status(to)).self.addresses;
  const isAnswered = async (): Promise<boolean> => {
    const argv = ['ping', '-n', '-c', '1', '-W', `${LATE_SECONDS}`, address];
    return (await world.vm(from).run(argv)).status === 0;
  };
  let [sent, lost, isOver] = [0, 0, false];
  const pinging = (async () => {
    while (!isOver || sent < PINGS_MIN) {
      if (sent > 0) await sleep(PAUSE_MS);
      sent += 1;
      if (await isAnswered()) continue;
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
