/**
 * Edge: iperf — how much TCP goes through a tunnel, and how long a ping takes.
 *
 * The CPU time of a sample is that of everything in the two VMs, iperf3 at both ends included, and
 * of nothing else on the machine.
 */

import { cpuMsOf, endedChildrenCpuMs } from './cpu.ts';
import type { Sample } from './figure.ts';
import { median } from './statistics.ts';
import { type Pair, pidsIn, type Tunnel } from './tunnels/tunnel.ts';

/** Seconds sent in one sample. TCP's slow start is over after some 10 ms. */
export const SECONDS = 3;
/** Pings in one sample, and the pause between two, s. */
const PINGS = 50;
const PING_PAUSE_S = 0.01;

/** Sends for some seconds from the first VM to the second; Mb/s that arrived. */
export async function sendTcp(pair: Pair, { target }: Tunnel): Promise<Sample> {
  const cpuMs = cpuMsOfBoth(pair);
  const argv = ['iperf3', '--json', '--client', target, '--time', String(SECONDS)];
  const said = await pair[0].must(argv);
  const usedMs = cpuMsOfBoth(pair) - cpuMs;
  const { end } = JSON.parse(said) as { end: { sum_received: { bits_per_second: number } } };
  return { value: end.sum_received.bits_per_second / 1e6, cpuMs: usedMs };
}

/** The median time of a round trip on an idle tunnel, ms. */
export async function sendPings([from]: Pair, { name, target }: Tunnel): Promise<Sample> {
  const how = ['-n', '-c', String(PINGS), '-i', String(PING_PAUSE_S)];
  const said = await from.must(['ping', ...how, target]);
  const times = [...said.matchAll(/ time=([\d.]+) ms/g)].map(([, text]) => Number(text));
  if (times.length < PINGS / 2) throw new Error(`${name}: ${times.length} of ${PINGS} answers`);
  return { value: median(times) };
}

/** What lives in the VMs, and what was run in them and has ended: iperf3's client. */
function cpuMsOfBoth(pair: Pair): number {
  const living = pair.flatMap(pidsIn).map((pid) => {
    try {
      return cpuMsOf(pid);
    } catch {
      return 0; // It has ended since it was listed.
    }
  });
  return living.reduce((sum, each) => sum + each, 0) + endedChildrenCpuMs();
}
