/**
 * Loop: society — the parts that know each other: whom to be connected with, the connections, who
 * lives; and what members say, in which of their lives.
 *
 * Who is dead is no neighbour; a neighbour whose connection ended is looked for; a question of the
 * failure detector to somebody else is a dial.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { Ports } from '../ports.ts';
import { createLinks, type LinkContext, type Links } from './links.ts';
import { type Liveness, openLiveness } from './liveness.ts';
import type { LocalState } from './local-state.ts';
import { createNeighbourhood, type Neighbourhood } from './neighbourhood.ts';
import { createWords, type Words } from './words.ts';

type SocietyPorts = Pick<Ports, 'clock' | 'random' | 'crypto' | 'disk' | 'log'>;

interface SocietyContext extends Omit<LinkContext, 'neighbourhood' | 'isAlive'> {
  readonly local: Pick<LocalState, 'keys' | 'meshId'>;
}

/** What runs then. */
export interface Society {
  readonly neighbourhood: Neighbourhood;
  readonly liveness: Liveness;
  readonly links: Links;
  readonly words: Words;
}

/** Opens them; they do nothing until they run. */
export async function openSociety(ports: SocietyPorts, context: SocietyContext): Promise<Society> {
  const { self, local, view } = context;
  const neighbourhood = createNeighbourhood(ports.crypto, {
    ...{ self, view },
    isDead: (member) => liveness.sight(member).mesh === 'dead',
  });
  const liveness = await openLiveness(ports, {
    ...{ self, seed: local.keys.memberSeed, meshId: local.meshId, view },
    neighbours: neighbourhood.all,
    neighboursOf: neighbourhood.of,
    reach: (member) => links.reach(member),
  });
  liveness.onChange(neighbourhood.forget);
  const isAlive: LinkContext['isAlive'] = (peer) =>
    liveness.sight(peer as MemberId).mesh === 'alive';
  const links = createLinks(ports, { ...context, neighbourhood, isAlive }, liveness.noteDial);
  const speaker = { self, seed: local.keys.memberSeed, meshId: local.meshId };
  const words = createWords(ports, { ...speaker, life: liveness.ownLife, view });
  return { neighbourhood, liveness, links, words };
}
