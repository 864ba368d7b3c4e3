/** Edge: all pairs — whether everybody in a crowd reaches everybody else, at a bearable cost. */

import { askStatus } from './outside-api.ts';
import type { RealWorld } from './world.ts';

/** Pings each address once; prints those that do not answer. */
const PING_EACH = 'for to; do ping -n -q -c 1 -W 1 "$to" > /dev/null || echo "$to"; done';
/** Longest ping round of one VM: nobody answers. Unit: ms. */
const ROUND_MS = 120_000;

/** Every ordered pair that does not talk over the VPN, by family: `vm1 to vm2 at ADDRESS`. */
export async function silentPairs(
  world: RealWorld,
  names: readonly string[],
): Promise<readonly string[]> {
  const owners = new Map<string, string>();
  for (const name of names) {
    const { self } = await askStatus(world.vm(name));
    for (const address of self.addresses) owners.set(address, name);
  }
  const silent = await Promise.all(
    names.map(async (name) => {
      const others = [...owners].filter(([, owner]) => owner !== name).map(([address]) => address);
      const argv = ['sh', '-c', PING_EACH, 'sh', ...others];
      const said = await world.vm(name).must(argv, { timeoutMs: ROUND_MS });
      const lost = said.split('\n').filter((line) => line !== '');
      return lost.map((address) => `${name} to ${owners.get(address)} at ${address}`);
    }),
  );
  return silent.flat();
}

/** Every ordered pair whose tunnel never shook hands: `vm1 with KEY`, and whom peers miss. */
export async function unshakenPairs(
  world: RealWorld,
  names: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of names) {
    const said = await world.vm(name).must(['wg', 'show', 'cnsmo0', 'latest-handshakes']);
    const rows = said.trimEnd().split('\n');
    if (rows.length !== names.length - 1) found.push(`${name} has ${rows.length} peers`);
    found.push(...rows.filter((row) => row.endsWith('\t0')).map((row) => `${name} with ${row}`));
  }
  return found;
}
