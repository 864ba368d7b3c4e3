/**
 * Rule: lb list — the balancers as people and programs see them, and on how many members each is in
 * force; as JSON it is what import takes.
 */
import type { Meter } from '../../../crdt/meter.ts';
import type { Member, View } from '../../../crdt/view.ts';
import { type Behind, behindOf, lateIn, type Stamps, stampText, standingOf } from '../../behind.ts';
import type { Selector } from '../../selectors/schemas.table.ts';
import { selectorText } from '../../selectors/typed.ts';
import type { Cell, Decision, Scene, Shown, Verb } from '../../verb.ts';
import { verbInPieces } from '../../verb.ts';
import { addressesOf } from '../addresses.ts';
import { type Balancer, balancersOf, engineOf } from '../balancers.ts';
import { isBalancing } from './fit.ts';
import { addressTexts } from './objects.ts';
import { countServing, type ListedBackend, listedBackends, panickedBy } from './seen.ts';
import { checkText, listenText, toTexts, weightTexts } from './typed.ts';

/** How long members are asked, ms: as the firewall's list. */
const STANDINGS_MS = 5_000;
/** Time to tell of a balancer. Unit: ms, as measured. */
const LISTED_MS = 0.05;
/** Lines of members beneath the table. */
const NAMED_MAX = 8;

/** A balancer as it is listed; selectors, ports and checks as they are typed. */
export interface ListedBalancer {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly listen: string;
  readonly to: readonly string[];
  readonly mode: string;
  readonly weights: readonly string[];
  readonly on: readonly string[];
  readonly check: string;
  readonly stickyMs: number | null;
  readonly drainMs: number;
  /** As it was wished for. */
  readonly engine: string;
  /** What balances it. */
  readonly carriedBy: string;
  readonly includesSelf: boolean;
  readonly comment: string | null;
  readonly backends: readonly ListedBackend[];
  /** Backends that take new connections. */
  readonly serving: number;
  /** What it was asked for, on all members that told: first packets of connections. */
  readonly connections: number;
  /** Members that see over half of the backends down, and so use all. */
  readonly panickedBy: readonly string[];
  /** Members that have read it back from their host, of those that are to have it. */
  readonly applied: number;
  readonly of: number;
  /** Of those, who did not tell. */
  readonly unknown: number;
  readonly behind: readonly Behind[];
}

/** `list`. */
export const listVerb: Verb = verbInPieces<readonly ListedBalancer[]>({
  name: 'list',
  help: 'the balancers, how their backends do, and where they are in force',
  example: '',
  inputs: [],
  needs: 'anybody',
  standingsMs: () => STANDINGS_MS,
  decideInPieces: (scene, _, meter) => decide(scene, meter),
  show,
});

function* decide(scene: Scene, meter: Meter): Generator<void, Decision<readonly ListedBalancer[]>> {
  const desk = deskOf(scene);
  const body: ListedBalancer[] = [];
  for (const balancer of balancersOf(scene.view).balancers) {
    body.push(listedBalancer(desk, balancer));
    if (meter.isDue(LISTED_MS)) yield;
  }
  return { edits: [], body };
}

/** What all rows are made of. */
interface Desk {
  readonly scene: Scene;
  readonly balancing: readonly Member[];
}

/** What all rows are made of. */
export const deskOf = (scene: Scene): Desk => ({
  scene,
  balancing: scene.view.members.filter(isBalancing),
});

/** A balancer as it is listed. */
export function listedBalancer(desk: Desk, balancer: Balancer): ListedBalancer {
  const { scene, balancing } = desk;
  const { view } = scene;
  const { name, listen, mode, weights, on, check, stickyMs, drainMs, engine } = balancer;
  const stamps = stampsOf(balancer);
  const backends = listedBackends(scene, balancer);
  const behind = balancing.flatMap(
    (member) => behindOf(scene, stamps, member, balancer.path) ?? [],
  );
  return {
    ...{ name, addresses: addressTexts(addressesOf(view).get(name) ?? balancer.addresses) },
    ...{ listen: listenText(listen), to: toTexts(view, balancer), mode },
    ...{ weights: weightTexts(view, weights), on: textsOf(view, on), check: checkText(check) },
    ...{ stickyMs: stickyMs ?? null, drainMs, engine, carriedBy: engineOf(balancer) },
    ...{ includesSelf: balancer.includesSelf === true, comment: balancer.comment ?? null },
    ...{ backends, serving: countServing(backends) },
    ...{ connections: connectionsOf(scene, balancer), panickedBy: panickedBy(scene, balancer) },
    ...standingOf(balancing, behind),
  };
}

const connectionsOf = ({ standings }: Scene, { path }: Balancer): number =>
  [...standings.values()].reduce(
    (sum, each) => sum + (each.kind === 'told' ? (each.counts?.get(path)?.packets ?? 0) : 0),
    0,
  );

const stampsOf = ({ path, claim }: Balancer): Stamps => [[path, stampText(claim.hlc)]];

const textsOf = (view: View, selectors: readonly Selector[] | undefined): readonly string[] =>
  (selectors ?? []).map((each) => selectorText(view, each));

const COLUMNS = [
  { heading: 'NAME', least: 12 },
  { heading: 'LISTEN' },
  { heading: 'ADDRESS' },
  { heading: 'TO', least: 16 },
  { heading: 'ON', least: 4, spare: 2 },
  { heading: 'MODE', spare: 3 },
  { heading: 'ENGINE', spare: 4 },
  { heading: 'BACKENDS' },
  { heading: 'APPLIED' },
];

function show(balancers: readonly ListedBalancer[]): Shown {
  if (balancers.length === 0) return { lines: ['No balancers.'] };
  const lines = [...balancers.flatMap(troublesOf), ...lateIn(balancers)];
  const more = lines.length - NAMED_MAX;
  return {
    table: { columns: COLUMNS, rows: balancers.map(rowOf) },
    lines: [...lines.slice(0, NAMED_MAX), ...(more > 0 ? [`and ${more} more; see -o json`] : [])],
  };
}

const rowOf = (balancer: ListedBalancer): Cell[] => {
  const { backends, serving, applied, of, unknown } = balancer;
  return [
    ...[balancer.name, balancer.listen, balancer.addresses[0] ?? '', balancer.to.join(' ')],
    ...[balancer.on.join(' ') || '-', balancer.mode, balancer.carriedBy],
    {
      text: `${serving} of ${backends.length}`,
      tone: serving === 0 ? 'bad' : serving < backends.length ? 'warn' : 'good',
    },
    {
      text: `${applied} of ${of}${unknown === 0 ? '' : `, ${unknown} unknown`}`,
      tone: balancer.behind.length === 0 ? 'good' : 'warn',
    },
  ];
};

/** What is wrong with a balancer, a line each. */
export const troublesOf = (balancer: ListedBalancer): readonly string[] => {
  const { name, backends, serving } = balancer;
  const down = backends
    .filter(({ state }) => state === 'down')
    .map(({ member, why }) => `${name}: ${member} is down${why === null ? '' : `: ${why}`}`);
  const panic = panicOf(balancer);
  const empty =
    backends.length === 0
      ? [`${name}: nobody is meant now: connections are refused`]
      : serving === 0 && panic.length === 0
        ? [`${name}: nobody takes new connections`]
        : [];
  return [...empty, ...panic, ...down];
};

/** So many are down that all are used. */
const panicOf = ({ name, backends, panickedBy }: ListedBalancer): readonly string[] => {
  if (panickedBy.length === 0) return [];
  const by = panickedBy.join(', ');
  const [only, second] = backends.filter(({ draining }) => draining === null);
  return only !== undefined && second === undefined
    ? [`${name}: ${only.member} is down for ${by} and there is no other: it is used all the same`]
    : [`${name}: over half of its backends are down for ${by}: all of them are used there`];
};
