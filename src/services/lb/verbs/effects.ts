/**
 * Rule: lb effects — what a change of the balancers does to each member's host, in words.
 */
import type { Meter } from '../../../crdt/meter.ts';
import type { Intent, Member, View } from '../../../crdt/view.ts';
import { durationText } from '../../typed-words.ts';
import type { Effect, Scene } from '../../verb.ts';
import { addressesOf } from '../addresses.ts';
import { type Balancer, backendsOf, balancersOf, engineOf, frontendsOf } from '../balancers.ts';
import { isBalancing } from './fit.ts';
import { addressTexts } from './objects.ts';
import { listenText } from './typed.ts';

/** Time to tell of a balancer, and of a line of it on a member. Unit: ms, as measured. */
const PLACE_MS = 0.05;
const LINE_MS = 0.001;

/** In pieces. Members without effect are left out. */
export function* effects(
  before: View,
  after: View,
  _scene: Scene,
  meter: Meter,
): Generator<void, readonly Effect[]> {
  const isTouched = touchedBy(before, after);
  const old = yield* placesOf(before, isTouched, meter);
  const now = yield* placesOf(after, isTouched, meter);
  const found: Effect[] = [];
  for (const member of after.members.filter(isBalancing)) {
    const [was, is] = [old, now].map((places) => places.flatMap((place) => linesAt(place, member)));
    const [gone, come] = [new Set(was), new Set(is)];
    const comes = [...come].filter((line) => !gone.has(line));
    const goes = [...gone].filter((line) => !come.has(line));
    if (comes.length + goes.length > 0) found.push({ member: member.name, comes, goes });
    if (meter.isDue((gone.size + come.size) * LINE_MS)) yield;
  }
  return found;
}

/** Which balancers can differ: where members or groups do, all. */
const touchedBy = (before: View, after: View): ((name: string) => boolean) => {
  const old = new Set(before.intent);
  const now = new Set(after.intent);
  const changed = [
    ...before.intent.filter((each) => !now.has(each)),
    ...after.intent.filter((each) => !old.has(each)),
  ];
  if (before.members !== after.members || changed.some(isOfMany)) return () => true;
  const names = new Set(changed.map(({ name }) => name));
  return (name) => names.has(name);
};

/** A group, or the drains of a member. */
const isOfMany = ({ kind }: Intent): boolean => kind === 'group' || kind === 'drain';

/** A balancer as it is on each host: lines of all, and lines of some. */
interface Place {
  readonly all: readonly string[];
  readonly isFrontend: (member: Member) => boolean;
  readonly frontend: string;
  readonly backends: readonly { readonly id: string; readonly line: string }[];
  readonly isSelf: boolean;
}

function* placesOf(
  view: View,
  isTouched: (name: string) => boolean,
  meter: Meter,
): Generator<void, readonly Place[]> {
  const places: Place[] = [];
  for (const balancer of balancersOf(view).balancers) {
    if (!isTouched(balancer.name)) continue;
    places.push(placeOf(view, balancer));
    if (meter.isDue(PLACE_MS)) yield;
  }
  return places;
}

function placeOf(view: View, balancer: Balancer): Place {
  const { name, listen, mode, port, includesSelf, stickyMs } = balancer;
  const addresses = addressesOf(view).get(name) ?? balancer.addresses;
  const frontends = frontendsOf(view, balancer);
  const sticky = stickyMs === undefined ? '' : `, sticky ${durationText(stickyMs)}`;
  const how = `${mode}, ${engineOf(balancer)}${sticky}`;
  return {
    all: [`${name}: ${listenText(listen)} at ${addressTexts(addresses).join(' and ')} (${how})`],
    isFrontend: ({ id }) => frontends.has(id),
    frontend: `${name}: ${listenText(listen)} at this VM's other addresses`,
    backends: backendsOf(view, balancer).map(({ member, weight, isDraining }) => ({
      id: member.id,
      line:
        `${name}: to ${member.name} at ${member.ipv4 ?? member.ipv6} port ${port}, ` +
        (isDraining ? 'nothing new' : `weight ${weight}`),
    })),
    isSelf: includesSelf === true,
  };
}

const linesAt = (place: Place, member: Member): readonly string[] => [
  ...place.all,
  ...(place.isFrontend(member) ? [place.frontend] : []),
  ...place.backends.filter(({ id }) => place.isSelf || id !== member.id).map(({ line }) => line),
];
