/**
 * Loop: link acts — what people do with connections: look at them, and set how many there are.
 */
import type { PeerKey } from '../crdt/ids.ts';
import { intentPath } from '../crdt/paths.ts';
import { Fault } from '../fault.ts';
import type { Connection } from '../ports.ts';
import { mustBeOperator, type OperatorContext, spread } from './operators.ts';
import type { LinksView } from './rules/answers.ts';
import { DEGREE_MAX, DEGREE_MIN, DEGREE_PLACE, degreeOf, isDegree } from './rules/neighbours.ts';

/** What these acts need of the node. */
export interface LinkActsContext extends OperatorContext {
  readonly connections: () => readonly Connection[];
  /** With whom this member keeps connections. */
  readonly neighbours: () => ReadonlySet<PeerKey>;
}

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
        remote: one === undefined ? null : `${one.remote.host} ${one.remote.port}`,
        direction: one?.direction ?? null,
        rttMs: one?.rttMs ?? null,
      };
    });
  return { degree: degreeOf(view), links: links.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

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
