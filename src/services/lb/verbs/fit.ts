/**
 * Rule: lb fit — what of a balancer does not fit into the mesh as it is: refused where it would do
 * harm, said where it only does nothing yet.
 */
import type { Member, View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import { groupsOf } from '../../selectors/groups.ts';
import type { Selector } from '../../selectors/schemas.table.ts';
import { membersOf } from '../../selectors/selectors.ts';
import { selectorText } from '../../selectors/typed.ts';
import type { Scene } from '../../verb.ts';
import { type Balancer, engineOf, SERVICE } from '../balancers.ts';
import { listenText } from './typed.ts';
import type { Wish } from './wish.ts';

/** Where SSH listens where nobody says otherwise. */
const SSH_PORT = 22;
/** Names that one line has. */
const NAMED_MAX = 8;

/** Whether a member balances: it lets this service run. */
export const isBalancing = ({ services, hasLeft }: Member): boolean =>
  !hasLeft && services?.includes(SERVICE) !== false;

/** The members that selectors mean now. */
export const meantBy = (view: View, selectors: readonly Selector[]): readonly Member[] => {
  const ids = membersOf({ view, groups: groupsOf(view) }, selectors);
  return view.members.filter(({ id }) => ids.has(id));
};

/** Several names in one line. */
const namesText = (members: readonly Pick<Member, 'name'>[]): string => {
  const names = members.slice(0, NAMED_MAX).map(({ name }) => name);
  const more = members.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

/** A balancer beside the one that is looked at. */
export type Other = Pick<Balancer, 'name' | 'listen' | 'on'>;

/** A balancer that is to be written, and those that stand then. */
interface Place {
  readonly name: string;
  readonly wish: Wish;
  readonly others: readonly Other[];
}

/** Fault 'refused' for a balancer that would take what others need, or could never serve. */
export function mustFit(scene: Scene, place: Place, isForced: boolean): void {
  const { view } = scene;
  const { wish } = place;
  const frontends = wish.on === undefined ? [] : meantBy(view, wish.on);
  mustLetBalance(frontends);
  mustLeaveMesh(scene, wish, frontends);
  if (!isForced) mustLeaveSsh(scene, wish, frontends);
  mustNotOverlap(view, place, frontends);
  const backends = meantBy(view, wish.to);
  mustHaveOthers(wish, frontends, backends);
  mustLetRun(wish, backends);
}

function mustLetBalance(frontends: readonly Member[]): void {
  const deaf = frontends.filter((member) => !isBalancing(member));
  if (deaf.length === 0) return;
  const remedy = 'on each: cnsmo consent --services …,lb; or name others';
  throw refuse('on', namesText(deaf), 'does not let lb run there', remedy);
}

function mustLeaveMesh({ port: own }: Scene, { listen }: Wish, frontends: readonly Member[]): void {
  const taken = frontends.find(({ endpoints }) => isIn(listen, endpoints?.port ?? own));
  if (taken === undefined) return;
  const why = `takes ${taken.endpoints?.port ?? own}, by which ${taken.name} is in the mesh`;
  throw refuse('listen', listenText(listen), why, 'listen at another port, or leave --on out');
}

function mustLeaveSsh({ caller }: Scene, { listen }: Wish, frontends: readonly Member[]): void {
  if (frontends.length === 0 || listen.protocol !== 'tcp') return;
  const ports = [SSH_PORT, ...(caller === null ? [] : [caller.local.port])];
  const taken = ports.find((port) => isIn(listen, port));
  if (taken === undefined) return;
  const why = `takes ${taken} of ${namesText(frontends)}, where SSH comes in`;
  const remedy = 'listen at another port, or add --force where another way in is certain';
  throw refuse('listen', listenText(listen), why, remedy);
}

const isIn = ({ ports: [first, last] }: Wish['listen'], port: number): boolean =>
  first <= port && port <= last;

/** Two that listen at one port of one member, now or as soon as somebody comes. */
function mustNotOverlap(
  view: View,
  { name, wish, others }: Place,
  frontends: readonly Member[],
): void {
  if (wish.on === undefined) return;
  const { listen } = wish;
  const ids = new Set(frontends.map(({ id }) => id));
  const own = new Set(wish.on.map((each) => JSON.stringify(each)));
  for (const other of others) {
    if (other.name === name || other.on === undefined || !meets(listen, other.listen)) continue;
    const member = meantBy(view, other.on).find(({ id }) => ids.has(id));
    const same = other.on.find((each) => own.has(JSON.stringify(each)));
    if (member === undefined && same === undefined) continue;
    const where = member?.name ?? selectorText(view, same ?? { kind: 'mesh' });
    const why = `balancer ${other.name} has ${listenText(other.listen)} of ${where}`;
    throw refuse('listen', listenText(listen), why, 'listen at another port or --on others');
  }
}

const meets = (a: Wish['listen'], b: Wish['listen']): boolean =>
  a.protocol === b.protocol && a.ports[0] <= b.ports[1] && b.ports[0] <= a.ports[1];

/** A frontend is not its own backend unless asked, so with that one alone it has none. */
function mustHaveOthers(
  { includesSelf }: Wish,
  frontends: readonly Member[],
  backends: readonly Member[],
): void {
  const [only, ...others] = backends;
  if (includesSelf === true || only === undefined || others.length > 0) return;
  if (!frontends.some(({ id }) => id === only.id)) return;
  const why = 'is the only backend, and listens itself: a VM is not its own backend unless asked';
  throw refuse('on', only.name, why, 'add --include-self, or name others');
}

/** Programs are started only where that VM's owner lets them. */
function mustLetRun({ check }: Wish, backends: readonly Member[]): void {
  if (check.kind !== 'exec') return;
  const closed = backends.filter(({ allowsRun }) => allowsRun === false);
  if (closed.length === 0) return;
  const why = 'lets no program be run by the mesh, so it cannot be checked so';
  const remedy = 'on each: cnsmo consent --allow-run; or choose tcp or http:/path';
  throw refuse('check', namesText(closed), why, remedy);
}

/** What is said of a balancer that does nothing yet, or not all. */
export function notesOf(view: View, wish: Wish): readonly string[] {
  const backends = meantBy(view, wish.to);
  const idle = (wish.weights ?? []).flatMap(({ of }) => {
    const ids = new Set(meantBy(view, [of]).map(({ id }) => id));
    return backends.some(({ id }) => ids.has(id)) ? [] : [selectorText(view, of)];
  });
  const mute = backends.filter((member) => !isBalancing(member));
  const [only, ...others] = backends;
  const isAlone = only !== undefined && others.length === 0 && wish.includesSelf !== true;
  const isOnNobody = wish.on !== undefined && meantBy(view, wish.on).length === 0;
  return [
    ...(engineOf(wish) === 'haproxy'
      ? ['every member that connects needs the package haproxy; cnsmo lb list says who lacks it.']
      : []),
    ...(backends.length === 0
      ? ['No member is meant now: connections are refused until one is.']
      : []),
    ...(isAlone
      ? [`${only.name} itself is refused: it is the only backend; --include-self lets it in.`]
      : []),
    ...(isOnNobody ? ['--on means no member now; whoever comes to fit listens at once.'] : []),
    ...(idle.length === 0 ? [] : [`No backend has the weight of ${idle.join(', ')}.`]),
    ...(mute.length === 0
      ? []
      : [`${namesText(mute)}: lb does not run there, so nobody checks from inside.`]),
  ].map((line) => `Note: ${line}`);
}
