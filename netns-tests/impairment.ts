/**
 * Edge: impairment — links between the sites that are neither good nor gone: packets are lost, pass
 * one way only, or pass now and then. Rules in the internet's router do it, and nobody is told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network, Place } from './network.ts';

/** Ends an impairment. Harmless when it is over. */
export type Mend = () => Promise<void>;

/** From now on so many percent of all packets between the sites are lost, by chance. */
export const lossy = (network: Network, percent: number): Promise<Mend> =>
  impair(network, 'lossy', `numgen random mod 100 < ${percent} drop`);

/** Loss between all VMs, also those of one site. */
export interface LossEverywhere {
  /** Packets so far. */
  counts(): Promise<{ readonly all: number; readonly lost: number }>;
  mend: Mend;
}

/**
 * From now on so many percent of all packets are lost, by chance, whichever VM they are from and
 * to: each packet enters the bridge of its sender's site once.
 */
export async function lossyEverywhere(network: Network, percent: number): Promise<LossEverywhere> {
  const routers = [...network.routers.values()];
  const drop = `numgen random mod 100 < ${percent} counter name dropped drop`;
  const rules = `counter name entered\n${drop}`;
  const chain = `chain pass {\ntype filter hook prerouting priority 0\n${rules}\n}`;
  const input = `table bridge loss {\ncounter entered {\n}\ncounter dropped {\n}\n${chain}\n}`;
  await Promise.all(routers.map((router) => router.must(['nft', '-f', '-'], { input })));
  const read = async (name: string): Promise<number> => {
    const argv = ['nft', 'list', 'counter', 'bridge', 'loss', name];
    const said = await Promise.all(routers.map((router) => router.must(argv)));
    return said.reduce((sum, text) => sum + Number(/packets (\d+)/.exec(text)?.[1]), 0);
  };
  return {
    counts: async () => ({ all: await read('entered'), lost: await read('dropped') }),
    mend: async () => {
      const argv = ['nft', 'delete', 'table', 'bridge', 'loss'];
      await Promise.all(routers.map((router) => router.must(argv)));
    },
  };
}

/** From now on nothing passes from one VM to another of the other site; back it does. */
export const oneWay = (network: Network, from: Place, to: Place): Promise<Mend> =>
  impair(network, 'oneway', `ip saddr ${from.public4} ip daddr ${to.public4} drop`);

/** Nothing passes between the sites for so long, then everything, and so on. Unit: ms. */
export async function flapping(network: Network, periodMs: number): Promise<Mend> {
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const mend = await impair(network, 'flapping', 'drop');
      await sleep(periodMs);
      await mend();
      if (!isOver) await sleep(periodMs);
    }
  })();
  return async () => {
    isOver = true;
    await running;
  };
}

let count = 0;

async function impair({ internet }: Network, what: string, rule: string): Promise<Mend> {
  count += 1;
  const name = `${what}${count}`;
  const chain = `chain pass {\ntype filter hook forward priority 0\n${rule}\n}`;
  await internet.must(['nft', '-f', '-'], { input: `table inet ${name} {\n${chain}\n}` });
  let isOver = false;
  return async () => {
    if (isOver) return;
    isOver = true;
    await internet.must(['nft', 'delete', 'table', 'inet', name]);
  };
}
