/** Edge: wire — what the internet between two sites sees of a mesh. */
import { join } from 'node:path';
import { found } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { capture, LAG_MS } from '../capture.ts';
import { MARKER, OTHER_PORTS, sendMarkers } from '../marker.ts';
import type { RealWorld } from '../world.ts';

/**
 * Goal: nothing that goes over the VPN can be read between the sites, and there is nothing but
 * port 7300, by TCP and UDP. Method: capture a whole life (init, join, traffic) in the internet's
 * router, send a marker through, and look for it there, and inside the tunnel, where it must be.
 */
export async function wire(world: RealWorld): Promise<void> {
  const outside = await capture(world.network.internet, 'west', join(world.directory, 'out.pcap'));
  await found(world, ['vm1', 'vm2', 'vm3']);
  const [vm1, vm3] = [world.vm('vm1').machine(), world.vm('vm3').machine()];
  const inside = await capture(vm3, 'cnsmo0', join(world.directory, 'in.pcap'));
  await sendMarkers(world, ['vm1', 'vm3'], { inside, outside });
  await vm1.must(['ping', '-c', '1', world.vm('vm3').place.public4]);
  await world.eventually('the ping was heard', () => outside.has(OTHER_PORTS, 2), LAG_MS);
  const [seen, tunnelled] = [await outside.stop(), await inside.stop()];

  expect('the marker is in the tunnel', tunnelled.holds(MARKER));
  expect('the marker is not on the wire', !seen.holds(MARKER));
  expect('TCP is on the wire', (await seen.packets('tcp port 7300')).length > 0);
  expect('UDP is on the wire', (await seen.packets('udp port 7300')).length > 0);
  const others = await seen.packets(OTHER_PORTS);
  const isAsked = others.length === 2 && others.every((line) => line.includes('ICMP echo'));
  expect(`nothing else is but the ping beside the VPN, not ${others.join('\n')}`, isAsked);
}
