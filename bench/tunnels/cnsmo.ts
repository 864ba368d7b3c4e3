/** Edge: cnsmo — the tunnel of two members, made as anybody makes it: init, invite, join. */
import { init, invite, join, status } from '../../netns-tests/command-line.ts';
import type { Pair, Tunnel } from './tunnel.ts';

/** Founds a mesh on the first VM and lets the second join. */
export async function openCnsmo([first, second]: Pair): Promise<Tunnel> {
  await init(first);
  await join(second, await invite(first));
  const [target = ''] = (await status(second)).self.addresses;
  return { name: 'CNSMO', target };
}
