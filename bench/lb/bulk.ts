/** Edge: bulk — how much TCP goes to a backend by a virtual address, and to it directly. */

import type { Figure, Sample } from '../figure.ts';
import { leashed } from '../leash.ts';
import { takeRounds } from '../rounds.ts';
import { SERVED } from './programs.ts';
import { openStage } from './stage.ts';
import { tableText, virtualOf } from './tables.ts';

/** The limit, from the issue that set it. */
const RATIO_MIN = 0.95;
const SECONDS = 2;
const DIRECT = 'direct';

/** Throughput of one connection from a member that balances. */
export async function measureBulk(
  count: number,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const series = await takeRounds(
    {
      'virtual address': () => send(virtualOf(0), 80),
      [DIRECT]: () => send('10.10.0.2', SERVED.bulk),
    },
    count,
    (round) => tell(`throughput: round ${round} of ${count}`),
  );
  return [
    {
      ...{ name: 'throughput of one connection, from a member', unit: 'Gb/s', series },
      limits: [{ of: 'ratio', to: DIRECT, atLeast: RATIO_MIN }],
    },
  ];
}

/** iperf3's two connections go to two addresses of one server. */
async function send(host: string, port: number): Promise<Sample> {
  const stage = await openStage();
  try {
    await stage.load(tableText({ port: SERVED.bulk }));
    await stage.servers.must(['iperf3', '--server', '--daemon', '--port', String(SERVED.bulk)]);
    await stage.listening(SERVED.bulk);
    const to = ['--client', host, '--port', String(port), '--time', String(SECONDS)];
    const said = await stage.member.must(leashed(['iperf3', '--json', ...to]));
    const { end } = JSON.parse(said) as {
      end: {
        sum_received: { bits_per_second: number };
        cpu_utilization_percent: { host_total: number; remote_total: number };
      };
    };
    const { host_total: own, remote_total: other } = end.cpu_utilization_percent;
    const cpuMs = (own + other) * SECONDS * 10;
    return { value: end.sum_received.bits_per_second / 1e9, cpuMs };
  } finally {
    await stage.end();
  }
}
