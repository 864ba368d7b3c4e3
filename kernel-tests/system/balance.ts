/** HAProxy of a balancer, and connections through it, while daemons die and are replaced. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as commandLine from '../../netns-tests/command-line.ts';
import { openAsker, openNamed, type Talker } from '../../netns-tests/talker.ts';
import { type Check, expect } from './story.ts';
import type { SystemWorld } from './world.ts';

const SERVED_MS = 60_000;
/** Where vm2 listens, first and later. */
const [PORT, OTHER_PORT] = [80, 81];
/** Longest answer, and time between two new connections. Unit: ms. Emulation is slow, not lossy. */
const ANSWER_MS = 5_000;
const PACE_MS = 100;

/** Whose its processes are: the master, and the worker that takes connections. */
const USERS =
  'for each in $(grep -lx haproxy /proc/[0-9]*/comm); do ' +
  'sed -n "s/^Uid:.//p" $(dirname $each)/status | cut -f 2; done';

/** A balancer on vm2 whose backend is vm1: connections come from outside, and go on in the VPN. */
export interface Balance {
  /** Opens connections, one after the other, until told to stop; then all were answered. */
  watch(): { stop(): Promise<void> };
  /** The daemon of now reloads it; what was open before all deaths still is. */
  obeys(): Promise<void>;
  end(): void;
}

/** Makes it, with one connection that stays open. */
export async function openBalance(check: Check, world: SystemWorld): Promise<Balance> {
  const { vm1, vm2, uplink, eventually } = world;
  const [server, keeper, asker] = await Promise.all([
    openNamed(vm1.machine(), 'vm1', [8080], []),
    openAsker(vm1.machine()),
    openAsker(vm1.machine()),
  ]);
  const to = { protocol: 'tcp', destination: uplink };
  const who = (port: number): Promise<string> =>
    asker.ask({ do: 'who', ...to, port, times: 1, wait: ANSWER_MS });
  const echoes = async (): Promise<boolean> =>
    (await keeper.ask({ do: 'echo', id: 'held' })) === 'answers';
  await check('a balancer of HAProxy serves, within what the unit allows', async () => {
    await commandLine.obey(vm1, [
      ...['lb', 'create', 'web', '--mode', 'leastconn', '--on', 'vm2'],
      ...['--listen', `${PORT}`, '--to', 'vm1:8080'],
    ]);
    await eventually('it serves', SERVED_MS, async () => isServed(await who(PORT)));
    await keeper.ask({ do: 'open', id: 'held', ...to, port: PORT });
    expect(await echoes(), 'the connection that is kept does not carry');
    const users = (await vm2.must(USERS)).trim().split('\n').map(Number);
    const [master, worker = 0] = users.toSorted((a, b) => a - b);
    expect(users.length === 2 && master === 0 && worker > 0, users);
  });
  const ending = new AbortController();
  return {
    watch: () => watch(() => who(PORT), echoes, ending.signal),
    obeys: async () => {
      await commandLine.obey(vm1, ['lb', 'edit', 'web', '--listen', `${OTHER_PORT}`]);
      await eventually('the other port', SERVED_MS, async () => isServed(await who(OTHER_PORT)));
      expect(!isServed(await who(PORT)), 'the first port is still served');
      expect(await echoes(), 'what was open is cut');
    },
    end: () => {
      ending.abort();
      for (const talker of [server, keeper, asker] satisfies Talker[]) talker.end();
    },
  };
}

const isServed = (said: string): boolean => said.startsWith('["vm1 ');

function watch(
  who: () => Promise<string>,
  echoes: () => Promise<boolean>,
  ending: AbortSignal,
): { stop(): Promise<void> } {
  const said: string[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver && !ending.aborted) {
      said.push(await who());
      await sleep(PACE_MS);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await asking;
      const bad = said.filter((each) => !isServed(each));
      expect(said.length >= 10 && bad.length === 0, `${bad.length} of ${said.length}: ${bad[0]}`);
      expect(await echoes(), 'the connection that was kept is cut');
    },
  };
}
