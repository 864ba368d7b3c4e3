/**
 * Edge: balanced — a mesh of real daemons: the first member balances for itself and as a frontend,
 * the second for itself alone, and all others serve the web.
 */
import { askVerb } from '../../netns-tests/outside-api.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import type { RealWorld } from '../../netns-tests/world.ts';
import { namesOf, openMesh } from '../mesh.ts';
import { type Asker, openAsker, openWebServer, WEB_PORT, type WebServer } from './web.ts';

/** The balancer's name. */
const NAME = 'web';
const PORT = 80;
const READY_MS = 30_000;

/** Who asks: a member that is no frontend, the frontend itself, or somebody outside through it. */
export type Place = 'member' | 'frontend' | 'outside';

/** Such a mesh. */
export interface Balanced {
  readonly world: RealWorld;
  /** The frontend, and the member that is none. */
  readonly first: Vm;
  readonly second: Vm;
  /** Names of those who serve. */
  readonly backends: readonly string[];
  server(name: string): WebServer;
  /** Starts a backend's server. */
  serve(name: string): Promise<void>;
  /** Asks at a place; resolves when all backends have answered there. */
  ask(from: Place, lanes: number, pauseMs: number): Promise<Asker>;
  /** Resolves when an asker has an answer of this backend, from now on. */
  answers(asker: Asker, name: string): Promise<void>;
  verb(name: string, given: Readonly<Record<string, unknown>>): Promise<unknown>;
  end(): Promise<void>;
}

/** Members: one that listens for clients from outside, one that does not, three that serve. */
const MEMBERS = 5;

/** Opens it. `drainMs`: how long a backend that drains ends what it has. */
export async function openBalanced(drainMs: number): Promise<Balanced> {
  const names = namesOf(MEMBERS);
  const world = await openMesh(names);
  const servers = new Map<string, WebServer>();
  const [firstName = '', secondName = '', ...backends] = names;
  const [first, second] = [world.vm(firstName), world.vm(secondName)];
  const serve = async (name: string): Promise<void> => {
    servers.set(name, await openWebServer(world.vm(name).machine(), name));
  };
  const end = async (): Promise<void> => {
    for (const each of servers.values()) await each.kill();
    await world.end();
  };
  try {
    for (const name of backends) await serve(name);
    const virtual = await create(world, firstName, backends, drainMs);
    const answers = (asker: Asker, name: string): Promise<void> => {
      const from = asker.heard.length;
      const isAnswered = async () => asker.heard.slice(from).some((each) => each.from === name);
      return world.eventually(`${name} answers`, isAnswered, READY_MS);
    };
    return {
      ...{ world, first, second, backends, serve, answers, end },
      server: (name) => {
        const server = servers.get(name);
        if (server === undefined) throw new Error(`${name} serves nothing`);
        return server;
      },
      ask: async (from, lanes, pauseMs) => {
        const [at, address] =
          from === 'outside'
            ? [world.network.internet, first.place.public4]
            : [(from === 'member' ? second : first).machine(), virtual];
        const asker = openAsker(at, address, { port: PORT, lanes, pauseMs });
        for (const name of backends) await answers(asker, name);
        return asker;
      },
      verb: (name, given) => askVerb(first, 'lb', name, { name: NAME, ...given }),
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Makes the balancer; where it is in the mesh. */
async function create(
  world: RealWorld,
  first: string,
  backends: readonly string[],
  drainMs: number,
): Promise<string> {
  for (const name of backends) await world.label(first, name, ['role=web']);
  const wish = { name: NAME, listen: String(PORT), to: [`role=web:${WEB_PORT}`] };
  const more = { check: 'http:/', on: [first], drain: drainMs };
  await askVerb(world.vm(first), 'lb', 'create', { ...wish, ...more });
  return await virtualOf(world.vm(first));
}

async function virtualOf(vm: Vm): Promise<string> {
  const [listed] = (await askVerb(vm, 'lb', 'list', {})) as readonly {
    readonly addresses: readonly string[];
  }[];
  const [address] = listed?.addresses ?? [];
  if (address === undefined) throw new Error('the balancer has no address');
  return address;
}
