/**
 * Edge: expulsion — how soon an evicted member is out on every VM that can be reached: by the
 * daemons' own word, by its TCP connections and by the peers of their WireGuard.
 *
 * No process is started meanwhile: looking at many VMs disturbs nobody.
 */
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { obey } from './command-line.ts';
import { askEvents, askStatus, awaitEvents } from './outside-api.ts';
import type { Vm } from './vm.ts';
import type { RealWorld } from './world.ts';

/** From the moment when the operator asked. Unit: ms. */
export interface Expulsion {
  /** Until the last of the others refuses it, by its own word. */
  readonly refusedMs: number;
  /** Until none of the connections is left that it had in the swarm. */
  readonly closedMs: number;
  /** Until no other VM has it as a WireGuard peer. */
  readonly peerGoneMs: number;
}

/** What takes longer is not seen. Unit: ms. */
const LOST_MS = 60_000;
const LOOK_MS = 50;

/** Evicts a member that is on; resolves when it is out everywhere. */
export async function expel(
  world: RealWorld,
  operator: string,
  victim: string,
): Promise<Expulsion> {
  const others = [...world.vms.values()].filter((vm) => vm.name !== victim && isMember(vm));
  const gone = world.vm(victim);
  const { id } = (await askStatus(gone)).self;
  const key = await publicKeyOf(gone);
  for (const vm of others) {
    if (!(await peersOf(vm)).includes(key)) throw new Error(`${vm.name} has no peer ${victim}`);
  }
  const before = connectionsOf(gone);
  if (before.size === 0) throw new Error(`${victim} has no connection`);
  const cursors = await Promise.all(others.map(async (vm) => (await askEvents(vm, null)).cursor));
  const startMs = performance.now();
  const since = (): number => performance.now() - startMs;
  const told = others.map(async (vm, index) => {
    await tells(vm, cursors[index] ?? '', victim);
    return since();
  });
  const closed = until(() => new Set(before).intersection(connectionsOf(gone)).size === 0, since);
  const peers = others.map((vm) => until(async () => !(await peersOf(vm)).includes(key), since));
  const evicting = obey(world.vm(operator), ['evict', id]);
  const refusedMs = Math.max(...(await Promise.all(told)));
  const closedMs = await closed;
  const peerGoneMs = Math.max(...(await Promise.all(peers)));
  await evicting;
  return { refusedMs, closedMs, peerGoneMs };
}

const isMember = (vm: Vm): boolean => {
  try {
    return vm.daemonPid() > 0;
  } catch {
    return false; // Off, or it has not joined.
  }
};

async function tells(vm: Vm, start: string, victim: string): Promise<void> {
  for (let cursor = start; ; ) {
    const answer = await awaitEvents(vm, cursor, LOST_MS);
    if (answer.events.some(({ kind, member }) => kind === 'evicted' && member === victim)) return;
    if (answer.events.length === 0) throw new Error(`${vm.name} does not tell the eviction`);
    ({ cursor } = answer);
  }
}

async function until(is: () => Promise<boolean> | boolean, since: () => number): Promise<number> {
  while (!(await is())) {
    if (since() > LOST_MS) throw new Error('the evicted member is not out');
    await sleep(LOOK_MS);
  }
  return since();
}

/** State 01 of proc_net_tcp(5). */
const ESTABLISHED = '01';
/** Port 7300, in hexadecimal, as the file has it. */
const SWARM_PORT = ':1C84';

/** TCP connections of a VM to or from the port of the swarm: both ends. */
function connectionsOf(vm: Vm): Set<string> {
  const rows = ['tcp', 'tcp6'].flatMap((file) =>
    readFileSync(`/proc/${vm.machine().pid}/net/${file}`, 'utf8').split('\n').slice(1),
  );
  return new Set(
    rows.flatMap((row) => {
      const [, local = '', remote = '', state] = row.trim().split(/\s+/);
      const isSwarm = local.endsWith(SWARM_PORT) || remote.endsWith(SWARM_PORT);
      return state === ESTABLISHED && isSwarm ? [`${local} ${remote}`] : [];
    }),
  );
}

/** The VM's own key, in hexadecimal. */
async function publicKeyOf(vm: Vm): Promise<string> {
  const text = await vm.must(['wg', 'show', 'cnsmo0', 'public-key']);
  return Buffer.from(text.trim(), 'base64').toString('hex');
}

/** Keys of the peers that wireguard-go has, in hexadecimal, by its own protocol. */
function peersOf(vm: Vm): Promise<readonly string[]> {
  const path = `/proc/${vm.machine().pid}/root/run/wireguard/cnsmo0.sock`;
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = createConnection({ path });
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.once('connect', () => socket.write('get=1\n\n'));
    socket.on('data', (more: string) => {
      text += more;
      if (!text.endsWith('\n\n')) return;
      socket.destroy();
      resolve([...text.matchAll(/^public_key=(\w+)$/gm)].map(([, key = '']) => key));
    });
  });
}
