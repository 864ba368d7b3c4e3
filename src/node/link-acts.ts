/**
 * Loop: link acts — what people do with connections: look at them, and set how many there are.
 */
import { endpointText, isOverlay, plainHost } from '../crdt/endpoints.ts';
import type { PeerKey } from '../crdt/ids.ts';
import { intentPath } from '../crdt/paths.ts';
import { Fault } from '../fault.ts';
import type { Clock, Connection, Endpoint } from '../ports.ts';
import { mustBeOperator, type OperatorContext, spread } from './operators.ts';
import type { LinksView } from './rules/answers.ts';
import { DEGREE_MAX, DEGREE_MIN, DEGREE_PLACE, degreeOf, isDegree } from './rules/neighbours.ts';
import { readEndpoint } from './rules/settings.ts';

/** What these acts need of the node. */
export interface LinkActsContext extends OperatorContext {
  readonly connections: () => readonly Connection[];
  /** With whom this member keeps connections. */
  readonly neighbours: () => ReadonlySet<PeerKey>;
  /** Looks for all who are not connected at this place. */
  readonly seek: (place: Endpoint) => void;
}

/** Longest wait until a member answers at a place. Unit: ms. A dial takes 6 s at most. */
const FOUND_MS = 15_000;
/** Time between two looks. A dial that was under way before looks elsewhere: it is tried anew. */
const LOOK_MS = 500;

/** The connections of this member, and those that it should have, by name. */
export function showLinks({ replica, connections, neighbours }: LinkActsContext): LinksView {
  const view = replica.view();
  const live = new Map(connections().map((one) => [one.peer, one]));
  const wanted = neighbours();
  const links = view.members
    .filter(({ id }) => live.has(id) || wanted.has(id))
    .map(({ id, name }) => {
      const one = live.get(id);
      return {
        ...{ id, name, neighbour: wanted.has(id), connected: one !== undefined },
        remote: one === undefined ? null : remoteText(one.remote),
        direction: one?.direction ?? null,
        rttMs: one?.rttMs ?? null,
      };
    });
  return { degree: degreeOf(view), links: links.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** As `links --at` takes it. */
const remoteText = ({ host, port }: Endpoint): string =>
  endpointText({ host: plainHost(host), port });

/** Sets how many neighbours a member has in a large mesh. */
export async function setDegree(
  context: LinkActsContext,
  degree: number,
): Promise<{ readonly degree: number }> {
  mustBeOperator(context.replica.view(), context.self, 'set how many connections a member keeps');
  if (!isDegree(degree)) {
    throw new Fault('refused', {
      field: 'degree',
      value: String(degree),
      why: `not an even number from ${DEGREE_MIN} to ${DEGREE_MAX}`,
      remedy: 'give one as 8',
    });
  }
  await context.replica.write([{ path: intentPath(DEGREE_PLACE), value: { count: degree } }]);
  await spread(context);
  return { degree };
}

/**
 * Looks for a member at a place that nobody could know of, as all have moved; gives its name. Fault
 * 'refused' for a place that is none, 'timeout' when no other member answers there in 15 s.
 */
export async function findAt(
  { clock }: { readonly clock: Clock },
  { replica, local, connections, seek }: LinkActsContext,
  text: string,
): Promise<{ readonly member: string }> {
  const view = replica.view();
  const place = readEndpoint('at', text, local.config.port);
  if (isOverlay(view.mesh, place.host)) {
    const why = 'an address inside the mesh, which leads nowhere without its member';
    const remedy = 'give the address of the VM itself';
    throw new Fault('refused', { field: 'at', value: text, why, remedy });
  }
  const untilMs = clock.monotonicMs() + FOUND_MS;
  while (clock.monotonicMs() < untilMs) {
    seek(place);
    const found = connections().find(({ remote }) => plainHost(remote.host) === place.host);
    const member = view.members.find(({ id }) => id === found?.peer);
    if (member !== undefined) return { member: member.name };
    await clock.sleep(LOOK_MS, new AbortController().signal);
  }
  throw new Fault('timeout', {
    field: 'at',
    value: text,
    why: 'no member of this mesh answers there',
    remedy: 'see that it runs there and that its port can be reached from here',
  });
}
