/** Edge: marker — bytes sent over the VPN that a listener between the sites must not see. */
import { expect } from '../scenarios/world.ts';
import { type Capture, LAG_MS } from './capture.ts';
import type { RealWorld } from './world.ts';

/** The words; at most 16 bytes, which ping repeats through a packet. */
export const MARKER = 'meet me at noon ';
/** As ping wants them. */
const PATTERN = Buffer.from(MARKER).toString('hex');
/** Long enough to hold the pattern many times, short enough for one packet. Bytes. */
const PAYLOAD = '800';

/**
 * What is not the mesh's port; nor "unreachable", with which a kernel answers who knocks there
 * before it is open.
 */
export const OTHER_PORTS =
  '(ip or ip6) and not tcp port 7300 and not udp port 7300 and not icmp[icmptype] == icmp-unreach';

/** The pings that carry it, and their answers, as they are inside the tunnel and outside. */
const OPEN = '(icmp or icmp6) and greater 828';
const SEALED = 'udp port 7300 and greater 860';
/** How many there are: two pings and two answers by each family. */
const PACKETS = 8;

/** Sends it by both families, and waits until who listens inside and outside has all of it. */
export async function sendMarkers(
  world: RealWorld,
  pair: readonly [string, string],
  { inside, outside }: { readonly inside: Capture; readonly outside: Capture },
): Promise<void> {
  for (const family of [4, 6] as const) await sendMarker(world, pair, family);
  await world.eventually('the tunnel was heard', () => inside.has(OPEN, PACKETS), LAG_MS);
  await world.eventually('the wire was heard', () => outside.has(SEALED, PACKETS), LAG_MS);
}

/** Sends it from one VM to another, and back, over the VPN. */
async function sendMarker(
  world: RealWorld,
  [from, to]: readonly [string, string],
  family: 4 | 6,
): Promise<void> {
  const { addresses } = (await world.status(to)).self;
  const address = addresses.find((one) => one.includes(':') === (family === 6)) ?? '';
  const argv = ['ping', '-n', '-c', '2', '-i', '0.2', '-W', '2', '-p', PATTERN, '-s', PAYLOAD];
  const { status, stdout } = await world.vm(from).run([...argv, address]);
  expect(`the marker reaches ${to} by IPv${family}: ${stdout}`, status === 0);
}
