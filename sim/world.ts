/**
 * Edge: world — the vocabulary of the scenarios, in virtual time.
 */
import type { MemberRow, StatusReport, ToldEvent, World } from '../scenarios/world.ts';
import { readSettings } from '../src/node/rules/settings.ts';
import type { ApiRequest } from '../src/ports.ts';
import { SERVICE_NAMES } from '../src/services/registry.ts';
import {
  bootMachine,
  call,
  crashDaemon,
  cutPower,
  type Machine,
  runCommandLine,
  startDaemon,
} from './machine.ts';
import type { Room } from './room.ts';

/** Time between two polls. Unit: virtual ms. */
const POLL_MS = 250;
/** Packets of one ping, and the time between them. Unit: ms. */
const PING_PACKETS = 3;
const PING_MS = 400;

/** Virtual time, for those who drive a run. */
export const pauseRun = (room: Room, durationMs: number): Promise<void> =>
  new Promise((resolve) => room.scheduler.after(durationMs, resolve));

/** The machine of a name. */
export function machineOf(room: Room, name: string): Machine {
  const machine = room.machines.get(name);
  if (machine === undefined) throw new Error(`no VM of the name ${name}`);
  return machine;
}

/** The world of a room. */
export function openWorld(room: Room, name: string): World {
  const addresses = new Map<string, readonly string[]>();
  return {
    name,
    ...memberVerbs(room),
    ...operatorVerbs(room),
    ping: (from, to, family = 4) => ping(room, addresses, [from, to], family),
    powerCut: async (vm) => cutPower(machineOf(room, vm)),
    crash: async (vm) => crashDaemon(machineOf(room, vm)),
    boot: (vm) => bootMachine(room, machineOf(room, vm)),
    move: async (vm) => {
      const { station } = machineOf(room, vm).kernel;
      if (station.isOn) throw new Error(`${vm} is on`);
      room.underlay.move(station);
    },
    pointTo: async (vm, other) => {
      const { addresses, publicHost } = machineOf(room, other).kernel.station;
      const at = publicHost ?? addresses[0];
      await ask(room, vm, { method: 'POST', path: '/v1/links/at', body: { at } });
    },
    dataPlane: async (vm) => dataPlaneOf(machineOf(room, vm)),
    cut: async (siteA, siteB) => room.underlay.cut(siteA, siteB),
    heal: async () => room.underlay.heal(),
    eventually: (what, predicate, deadlineMs) => eventually(room, what, predicate, deadlineMs),
    holds: async (what, predicate, durationMs) => {
      const untilMs = room.scheduler.nowMs() + durationMs;
      while (room.scheduler.nowMs() < untilMs) {
        if (!(await predicate())) throw new Error(`did not hold: ${what}`);
        await pauseRun(room, POLL_MS);
      }
    },
  };
}

/** Peers, addresses, routes and rules; not what passes by itself. */
function dataPlaneOf({ kernel: { devices, tables } }: Machine): string {
  const overlay = [...devices.values()].map(({ name, isUp, mtu, addresses, routes, peers }) => ({
    ...{ name, isUp, mtu, addresses, routes },
    peers: [...peers.values()]
      .map(({ publicKey, allowedIps }) => `${publicKey} ${allowedIps.join()}`)
      .toSorted(),
  }));
  return JSON.stringify({ overlay, tables: [...tables] }, null, 1);
}

type Verbs<Name extends keyof World> = Pick<World, Name>;

/** What a VM does with its own membership. */
function memberVerbs(room: Room): Verbs<'init' | 'join' | 'leave' | 'status' | 'members'> {
  const settings = (vm: string) => readSettings({ member: vm }, vm, SERVICE_NAMES);
  return {
    init: async (vm) => {
      const machine = machineOf(room, vm);
      let printed = '';
      await runCommandLine(room, machine, (ports) =>
        machine.edition.prepareInit(ports, settings(vm), async (code) => {
          printed = code;
        }),
      );
      await startDaemon(room, machine);
      return printed;
    },
    join: async (vm, token) => {
      const machine = machineOf(room, vm);
      await runCommandLine(room, machine, (ports) =>
        machine.edition.prepareJoin(ports, token, settings(vm), {
          onStep: () => {},
          timeoutMs: null,
        }),
      );
      await startDaemon(room, machine);
    },
    leave: async (vm) => {
      const { daemon } = machineOf(room, vm);
      await ask(room, vm, { method: 'POST', path: '/v1/leave' });
      await daemon?.ended;
    },
    status: (vm) => ask<StatusReport>(room, vm, { path: '/v1/status' }),
    members: (vm) => ask<readonly MemberRow[]>(room, vm, { path: '/v1/members' }),
  };
}

type OperatorVerbs =
  | ('invite' | 'operatorAdd' | 'operatorRecover' | 'evict' | 'rename' | 'label' | 'events')
  | ('stepDown' | 'drain' | 'logs');

/** What an operator does with the mesh. */
function operatorVerbs(room: Room): Verbs<OperatorVerbs> {
  const post = <Result>(vm: string, path: string, body: unknown): Promise<Result> =>
    ask<Result>(room, vm, { method: 'POST', path, body });
  return {
    invite: async (vm, { ttlSeconds = 3_600, uses = 1 } = {}) => {
      const wish = { ttlMs: ttlSeconds * 1_000, uses, labels: [] };
      return (await post<{ token: string }>(vm, '/v1/invites', wish)).token;
    },
    operatorAdd: async (vm, member) => {
      await post(vm, '/v1/operators', { member });
    },
    operatorRecover: async (vm, code) => {
      const next = await post<{ code: string }>(vm, '/v1/recovery-codes', null);
      await post(vm, '/v1/operators/recover', { code: code.trim(), nextCode: next.code });
      return next.code;
    },
    evict: async (vm, member) => {
      await post(vm, '/v1/evictions', { member });
    },
    stepDown: async (vm) => {
      await post(vm, '/v1/core/step-down', null);
    },
    drain: async (vm, draining) => {
      await ask(room, vm, { method: 'PUT', path: '/v1/drain', body: { draining } });
    },
    rename: async (vm, member, name) => {
      await ask(room, vm, { method: 'PUT', path: `${pathOf(member)}/name`, body: { name } });
    },
    label: async (vm, member, changes) => {
      await ask(room, vm, { method: 'PUT', path: `${pathOf(member)}/labels`, body: { changes } });
    },
    events: async (vm) =>
      (await ask<{ events: readonly ToldEvent[] }>(room, vm, { path: '/v1/events' })).events,
    logs: async (vm, member) =>
      (await ask<{ lines: readonly string[] }>(room, vm, { path: `${pathOf(member)}/log` })).lines,
  };
}

const pathOf = (member: string): string => `/v1/members/${encodeURIComponent(member)}`;

/** Asks a VM’s own API. Rejects with what it refuses. */
export const ask = async <Result>(
  room: Room,
  vm: string,
  request: Partial<ApiRequest> & Pick<ApiRequest, 'path'>,
): Promise<Result> => (await call(room, machineOf(room, vm), request)) as Result;

/** Polls until the predicate is true; as `World.eventually` wants it. */
export async function eventually(
  room: Room,
  what: string,
  predicate: () => Promise<boolean>,
  deadlineMs: number,
): Promise<void> {
  const untilMs = room.scheduler.nowMs() + deadlineMs;
  let last = '';
  while (room.scheduler.nowMs() < untilMs) {
    const isTrue = await predicate().catch((error: unknown) => {
      last = ` (${error instanceof Error ? error.message : String(error)})`;
      return false;
    });
    if (isTrue) return;
    await pauseRun(room, POLL_MS);
  }
  throw new Error(`not within ${deadlineMs} ms: ${what}${last}`);
}

async function ping(
  room: Room,
  known: Map<string, readonly string[]>,
  [from, to]: readonly [string, string],
  family: 4 | 6,
): Promise<boolean> {
  const source = machineOf(room, from).kernel;
  const target = machineOf(room, to);
  if (target.daemon !== null) {
    const status = await call(room, target, { path: '/v1/status' }).catch(() => null);
    const own = (status as StatusReport | null)?.self.addresses ?? [];
    if (own.length > 0) known.set(to, own);
  }
  const address = known.get(to)?.find((one) => one.includes(':') === (family === 6));
  if (address === undefined) return false;
  for (let packet = 0; packet < PING_PACKETS; packet += 1) {
    if (!source.station.isOn) return false;
    if (room.tunnels.answerer(source, address) !== null) return true;
    await pauseRun(room, PING_MS);
  }
  return false;
}
