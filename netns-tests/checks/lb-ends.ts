/** Edge: lb ends — what runs through a balancer, and when it ends. */
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { openNamed, type Talker } from '../talker.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { ENFORCED_MS, overlayOf } from './firewall-words.ts';
import { isAnsweredBy } from './lb-words.ts';

/** Port of what is asked by udp. */
const PORT = 5_300;
/** The time that a drained backend has here. Unit: ms. */
const DRAIN_MS = 5_000;
/** Longest that a power cut may be felt anywhere. Unit: ms. The issue's. */
const DEAD_MS = 15_000;

/** What is kept open, and who has it: names of VMs. */
interface Kept {
  readonly asker: Talker;
  readonly ids: readonly string[];
  /** By ids. */
  readonly of: ReadonlyMap<string, string>;
}

/** Keeps four of them open, and hears whom each has. */
async function keep(asker: Talker, word: string, flow: object): Promise<Kept> {
  const ids = [1, 2, 3, 4].map((n) => `${word} ${n}`);
  for (const id of ids) await asker.ask({ do: 'open', id, ...flow });
  const said = await hear(asker, ids);
  const of = new Map(ids.map((id, at) => [id, said[at]?.split(' ')[0] ?? '']));
  expect(`both have some of ${[...of.values()].join()}`, new Set(of.values()).size === 2);
  return { asker, ids, of };
}

const hear = async (asker: Talker, ids: readonly string[]): Promise<readonly string[]> =>
  JSON.parse(await asker.ask({ do: 'hear', ids })) as readonly string[];

/** What is said on those that a VM has, and not on the others. */
async function heardOf({ asker, ids, of }: Kept, name: string, isOf = true) {
  const those = ids.filter((id) => (of.get(id) === name) === isOf);
  return await hear(asker, those);
}

const close = async ({ asker, ids }: Kept): Promise<void> => {
  for (const id of ids) await asker.ask({ do: 'close', id });
};

/** How vm2 stops to be used, and is again; who then answers at its port. */
const WAYS_OUT = [
  ['lb drain web vm2', 'lb undrain web vm2', 'vm2'],
  ['member label vm2 role-', 'member label vm2 role=web', 'drop'],
] as const;

/**
 * Drained, or without its label, vm2 has its time, and no more; what vm3 has goes on. The firewall
 * denies what is not open, as is the port of who is a backend no more once that time is over.
 */
export async function drainIsKeptTo(
  world: RealWorld,
  vm1: Vm,
  asker: Talker,
  at: string,
): Promise<void> {
  const tell = (line: string): Promise<string> => obey(vm1, line.split(' '));
  await tell(`lb edit web --drain ${DRAIN_MS / 1_000}s`);
  const direct = { by: asker, at: await overlayOf(world, 'vm2'), port: 8_080 };
  for (const [out, back, answer] of WAYS_OUT) {
    const kept = await keep(asker, out, { protocol: 'tcp', destination: at, port: 80 });
    const startMs = Date.now();
    await tell(out);
    await isEndedInTime(world, kept, startMs);
    await close(kept);
    await isAnsweredBy(world, `after ${out}, its port`, direct, [answer]);
    await tell(back);
    await isAnsweredBy(world, `after ${back}, the balancer`, { by: asker, at }, ['vm2', 'vm3']);
  }
}

const isEndedInTime = (world: RealWorld, kept: Kept, startMs: number): Promise<void> =>
  world.eventually(
    'what vm2 has is ended',
    async () => {
      const said = await heardOf(kept, 'vm2');
      const isBefore = Date.now() - startMs < DRAIN_MS;
      expect(`not before: ${said.join()}`, !isBefore || said.every((text) => text === 'x'));
      const others = await heardOf(kept, 'vm2', false);
      const isUntouched = others.every((text) => text === 'x');
      expect(`what vm3 has goes on: ${others.join()}`, isUntouched);
      return said.every((text) => text === 'reset');
    },
    DRAIN_MS + ENFORCED_MS,
  );

/**
 * A power cut of vm3 ends its connections as soon as they are used, and moves the udp of clients
 * that keep their port; what vm2 has goes on. `at`: the virtual address of web.
 */
export async function cutIsFelt(
  world: RealWorld,
  { vm1, vm2, vm3 }: { readonly vm1: Vm; readonly vm2: Vm; readonly vm3: Vm },
  asker: Talker,
  at: string,
): Promise<void> {
  const servers = await Promise.all(
    [vm2, vm3].map(async (vm) =>
      openNamed(vm.machine(), vm.name, [PORT], [await overlayOf(world, vm.name)]),
    ),
  );
  await obey(vm1, ['lb', 'create', 'dns', '--listen', `${PORT}/udp`, '--to', 'role=web']);
  const listed = JSON.parse(await obey(vm1, ['lb', 'show', 'dns', '-o', 'json'])) as {
    readonly addresses: readonly string[];
  };
  const udpFlow = { protocol: 'udp', destination: listed.addresses[0], port: PORT };
  await world.eventually(
    'udp is balanced',
    async () => {
      const said = JSON.parse(await asker.ask({ do: 'who', ...udpFlow, times: 4 }));
      return new Set((said as string[]).map((text) => text.split(' ')[0])).size === 2;
    },
    ENFORCED_MS,
  );
  const udp = await keep(asker, 'udp', udpFlow);
  const tcp = await keep(asker, 'tcp', { protocol: 'tcp', destination: at, port: 80 });
  try {
    await vm3.powerCut();
    await world.eventually(
      'connections of vm3 are reset, and its udp is answered by vm2',
      async () => {
        const [ended, moved] = [await heardOf(tcp, 'vm3'), await heardOf(udp, 'vm3')];
        const others = [
          ...(await heardOf(tcp, 'vm3', false)),
          ...(await heardOf(udp, 'vm3', false)),
        ];
        const isUntouched = others.every((text) => text === 'x' || text.startsWith('vm2 '));
        expect(`what vm2 has goes on: ${others.join()}`, isUntouched);
        return (
          ended.every((text) => text === 'reset') && moved.every((text) => text.startsWith('vm2 '))
        );
      },
      DEAD_MS,
    );
  } finally {
    for (const kept of [udp, tcp]) await close(kept);
    for (const server of servers) server.end();
    await obey(vm1, ['lb', 'delete', 'dns']);
  }
}
