/** Edge: lb words — what checks of the balancer are told in. */
import { obey } from '../command-line.ts';
import type { Talker } from '../talker.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { ENFORCED_MS } from './firewall-words.ts';

/** Whom a balancer is asked of, and by whom. */
export interface Asked {
  readonly by: Talker;
  readonly at: string;
}

/** Where the first balancer is found in the mesh. */
export async function addressOf(vm: Vm): Promise<string> {
  const text = await obey(vm, ['lb', 'list', '-o', 'json']);
  const [listed] = JSON.parse(text) as readonly { readonly addresses: readonly string[] }[];
  return listed?.addresses[0] ?? '';
}

/** At which port, and for how long; absent: tcp, 80, and until a change is in the kernels. */
export interface Way {
  readonly protocol?: 'tcp' | 'udp';
  readonly port?: number;
  readonly deadlineMs?: number;
}

/** Who answered so many connections, one after the other: names, or verdicts. */
export async function who(
  { by, at }: Asked,
  times: number,
  { protocol = 'tcp', port = 80 }: Way = {},
): Promise<readonly string[]> {
  const question = { do: 'who', protocol, destination: at, port, times, wait: 700 };
  const said = JSON.parse(await by.ask(question)) as readonly string[];
  return said.map((text) => text.split(' ')[0] ?? '');
}

/** Waits until so many in a row are answered by these, and by all of them. */
export const isAnsweredBy = (
  world: RealWorld,
  what: string,
  { by, at, ...way }: Asked & Way,
  names: readonly string[],
): Promise<void> =>
  world.eventually(
    `${what} is answered by ${names.join(' and ')}`,
    async () => [...new Set(await who({ by, at }, 6, way))].toSorted().join() === names.join(),
    way.deadlineMs ?? ENFORCED_MS,
  );
