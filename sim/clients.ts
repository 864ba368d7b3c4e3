/**
 * Edge: clients — programs on simulated VMs, and their guests, that open connections to the
 * balancer `web` all the time, each for as long as a request takes.
 *
 * A connection that was sent to a backend stays there; it is lost when that is not there, or ends
 * before the request does. A packet that the weather loses is sent again, and is no loss.
 */
import { openDraw, send, wayOut, wayThrough } from './balance.ts';
import { ALL, type openWeb, PORT } from './web.ts';
import { machineOf, pauseRun } from './world.ts';

type Web = ReturnType<typeof openWeb>;

/** Longest request, and longest time between two of a VM. Unit: ms. */
export const REQUEST_MS_MAX = 5_000;
const GAP_MS_MAX = 100;

/** Containers of each VM, from which half of them come. */
const GUESTS = 16;

/** What came of them. */
export interface Clients {
  /** How many there were of each backend, by VM. */
  readonly sent: ReadonlyMap<string, number>;
  /** What was lost, in words. */
  readonly lost: readonly string[];
  /** How many run at a backend now. */
  running(vm: string): number;
  /** A backend's program ends, and with it all that it has. */
  cut(vm: string): void;
  /** Ends what opens them; resolves when the last request has ended. */
  end(): Promise<void>;
}

/** Begins to open connections on every VM. */
export function openClients(web: Web): Clients {
  const { room } = web;
  const dice = room.dice.fork('clients');
  const sent = new Map<string, number>();
  const lost: string[] = [];
  const running = new Map<string, Set<object>>();
  let isOver = false;
  const request = async (vm: string, draw: ReturnType<typeof openDraw>): Promise<void> => {
    const aim = web.aimOf(vm);
    if (aim === null) return void lost.push(`${vm}: there is no balancer`);
    const { kernel } = machineOf(room, vm);
    const guest = `172.30.0.${dice.integer(GUESTS)}`;
    const way = dice.chance(0.5) ? wayOut(kernel, aim) : wayThrough(kernel, aim, guest);
    const fate = send(kernel, way, draw);
    const at = fate.kind === 'sent' && fate.port === PORT ? web.ownerOf(fate.to) : undefined;
    if (at === undefined) return void lost.push(`${vm}: ${JSON.stringify(fate)}`);
    if (machineOf(room, at).kernel.servers?.get(PORT) !== 'well') {
      return void lost.push(`${vm}: ${at} does not serve`);
    }
    sent.set(at, (sent.get(at) ?? 0) + 1);
    const own = {};
    const all = running.get(at) ?? new Set();
    running.set(at, all.add(own));
    await pauseRun(room, dice.between(0, REQUEST_MS_MAX));
    if (!all.delete(own)) lost.push(`${vm}: ${at} ended amid a request`);
  };
  const client = async (vm: string): Promise<void> => {
    const draw = openDraw(() => dice.between(0, 1));
    const requests: Promise<void>[] = [];
    while (!isOver) {
      requests.push(request(vm, draw));
      await pauseRun(room, dice.between(0, GAP_MS_MAX));
    }
    await Promise.all(requests);
  };
  const clients = ALL.map(client);
  return {
    sent,
    lost,
    running: (vm) => running.get(vm)?.size ?? 0,
    cut: (vm) => running.get(vm)?.clear(),
    end: async () => {
      isOver = true;
      await Promise.all(clients);
    },
  };
}
