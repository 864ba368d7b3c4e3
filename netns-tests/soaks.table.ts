/** Edge: soaks — what takes too long for every day. The netns tier has a short form of each. */
import { far } from './checks/far.ts';
import { ELEVEN, firewallCrowd } from './checks/firewall-crowd.ts';
import { firewallTorn } from './checks/firewall-torn.ts';
import { interleaving } from './checks/interleavings.ts';
import { lossHour } from './checks/loss-hour.ts';
import { pauses } from './checks/rough.ts';
import { TWENTY, twentyAtOnce } from './checks/steady-crowd.ts';
import { RARE } from './rare.table.ts';
import type { RealTest } from './real-test.ts';

const MINUTE_MS = 60_000;

/** The soaks by name, each as tests; some take seeds. */
export const SOAKS: Readonly<Record<string, (seeds: readonly number[]) => readonly RealTest[]>> = {
  'twenty-at-once': () => [
    {
      name: 'twenty-at-once-for-10-minutes',
      world: TWENTY,
      deadlineMs: 15 * MINUTE_MS,
      run: twentyAtOnce(10 * MINUTE_MS),
    },
  ],
  'loss-hour': () => [
    { name: 'loss-hour', world: TWENTY, deadlineMs: 80 * MINUTE_MS, run: lossHour(60 * MINUTE_MS) },
  ],
  'firewall-crowd': () => [
    {
      name: 'firewall-crowd',
      world: ELEVEN,
      deadlineMs: 6 * MINUTE_MS,
      run: firewallCrowd,
    },
  ],
  far: () => [{ name: 'far', deadlineMs: 4 * MINUTE_MS, run: far }],
  'firewall-torn': () => [{ name: 'firewall-torn', deadlineMs: 8 * MINUTE_MS, run: firewallTorn }],
  pauses: () => [{ name: 'pauses', deadlineMs: 6 * MINUTE_MS, run: pauses }],
  interleavings: (seeds) => seeds.map(interleaving),
  rare: () => RARE,
};
