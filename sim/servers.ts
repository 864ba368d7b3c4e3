/**
 * Edge: servers — what comes of a new connection to a program of the user's on a simulated VM.
 *
 * A lost packet is sent again after a second, as TCP does; a VM that is on and has no such program
 * refuses.
 */
import type { Sign } from '../src/sign.ts';
import type { Kernel, Serving } from './kernel.ts';
import type { Life } from './life.ts';
import type { Tunnels } from './tunnel.ts';

/** How long a new connection is waited for. Unit: ms. As `glance.ts`. */
const REACH_MS = 1_500;
/** Until a lost packet is sent again, and what a round trip takes at least. Unit: ms. */
const AGAIN_MS = 1_000;
const TRIP_MS = 2;

type Asked = Sign & { readonly kind: 'reach' | 'http' };

/** Opens one, and gives what came of it. */
export function connect(
  { kernel, tunnels, life }: { kernel: Kernel; tunnels: Tunnels; life: Life },
  sign: Asked,
  answer: (said: string) => void,
): void {
  const withinMs = sign.kind === 'http' ? sign.withinMs : REACH_MS;
  const attempt = (atMs: number): void => {
    const server = isOwn(kernel, sign.host) ? kernel : tunnels.answerer(kernel, sign.host);
    const said = server === null ? null : saidBy(server.servers?.get(sign.port), sign);
    if (said !== null) life.after(TRIP_MS, () => answer(said));
    else if (server === null && atMs + AGAIN_MS < withinMs) {
      life.after(AGAIN_MS, () => attempt(atMs + AGAIN_MS));
    } else life.after(withinMs - atMs, () => answer('silent'));
  };
  attempt(0);
}

/** Null: nothing. */
const saidBy = (serving: Serving | undefined, { kind }: Asked): string | null => {
  if (serving === undefined) return 'refused';
  if (serving === 'hung') return null;
  return serving === 'failing' && kind === 'http' ? 'status 503' : 'answered';
};

const isOwn = ({ devices }: Kernel, host: string): boolean =>
  [...devices.values()].some(({ addresses }) =>
    addresses.some((address) => address.split('/')[0] === host),
  );
