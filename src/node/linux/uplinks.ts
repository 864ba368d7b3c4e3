/**
 * Edge: uplinks — the interfaces by which this host reaches everything else, read from `/proc`: no
 * process is started, for this is asked every 30 s.
 */
import { readText } from './files.ts';
import { uplinks4, uplinks6 } from './route-table.ts';

/** Names of the interfaces with a default route of either family in the main table. */
export async function readUplinks(): Promise<ReadonlySet<string>> {
  const routes4 = (await readText('/proc/net/route')) ?? '';
  const routes6 = (await readText('/proc/net/ipv6_route')) ?? ''; // Absent without IPv6.
  return new Set([...uplinks4(routes4), ...uplinks6(routes6)]);
}
