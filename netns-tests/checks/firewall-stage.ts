/** Edge: firewall stage — two VMs of which one answers, and what becomes of connections to it. */
import { expect } from '../../scenarios/world.ts';
import type { Talker, Verdict } from '../talker.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { ENFORCED_MS } from './firewall-words.ts';

/** Ports at which vm2 answers: the second is never spoken of. */
export const [PORT, TWIN] = [9_000, 9_001];

/** Two VMs, of which the second answers. */
export interface Stage {
  readonly world: RealWorld;
  readonly vm1: Vm;
  readonly asker: Talker;
  /** vm2 in the VPN and outside of it, IPv4 and IPv6. */
  readonly mesh: readonly [string, string];
  readonly wan: readonly [string, string];
}

/** A connection to try. */
export interface Flow {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly destination: string;
  readonly port: number;
  /** Unit: ms. */
  readonly wait?: number;
}

/** By TCP. */
export const tcp = (destination: string, port: number): Flow => ({
  protocol: 'tcp',
  destination,
  port,
});
/** By UDP. */
export const udp = (destination: string, port: number): Flow => ({
  protocol: 'udp',
  destination,
  port,
});
/** An echo. */
export const echo = (destination: string): Flow => ({ protocol: 'icmp', destination, port: 0 });

/** What becomes of new ones. */
export const verdictsOf = async (
  asker: Talker,
  tried: readonly Flow[],
): Promise<readonly Verdict[]> =>
  JSON.parse(await asker.ask({ do: 'try', flows: tried })) as readonly Verdict[];

/** Waits until each of these ends so. */
export async function become(
  { world, asker }: Stage,
  what: string,
  wanted: readonly (readonly [Flow, Verdict])[],
): Promise<void> {
  let last = '';
  const isSo = async (): Promise<boolean> => {
    const said = await verdictsOf(
      asker,
      wanted.map(([flow]) => flow),
    );
    last = wanted
      .map(([{ protocol, destination, port }, verdict], index) =>
        said[index] === verdict ? '' : `${protocol} ${destination} ${port}: ${said[index]}`,
      )
      .filter((line) => line !== '')
      .join('; ');
    return last === '';
  };
  await world.eventually(what, isSo, ENFORCED_MS).catch((error: unknown) => {
    throw new Error(`${what}: ${last}`, { cause: error });
  });
}

/** Opens one that is kept by its id. */
export const opens = async (asker: Talker, id: string, flow: Flow): Promise<void> =>
  expect(`${id} opens`, (await asker.ask({ do: 'open', id, ...flow })) === 'open');

/** Whether one that is kept still carries. */
export const carries = async (asker: Talker, id: string): Promise<boolean> =>
  (await asker.ask({ do: 'echo', id })) === 'answers';

/** Waits until one that is kept is heard to carry: a late answer is no cut. */
export const goesOn = ({ world, asker }: Stage, id: string): Promise<void> =>
  world.eventually(`${id} goes on`, () => carries(asker, id), ENFORCED_MS);
