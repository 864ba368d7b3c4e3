/**
 * Rule: firewall list — the rules as people and programs see them, and on how many members each is
 * in force.
 */
import type { Hlc } from '../../../crdt/hlc.ts';
import type { Meter } from '../../../crdt/meter.ts';
import type { Intent, Member, View } from '../../../crdt/view.ts';
import { behindOf, type Stamps, stampText, standingOf } from '../../behind.ts';
import type { Selector } from '../../selectors/schemas.table.ts';
import { membersOf } from '../../selectors/selectors.ts';
import { selectorText } from '../../selectors/typed.ts';
import type { Count } from '../../service.ts';
import { type Decision, type Scene, type Verb, verbInPieces } from '../../verb.ts';
import { digestView } from '../digest.ts';
import {
  compareRules,
  type Default,
  isInForce,
  type Policy,
  policyOf,
  type Rule,
  SERVICE,
  type TrialOrder,
  withTrial,
} from '../policy.ts';
import { sortInPieces } from '../sort-lane.ts';
import { runningTrial } from './change.ts';
import { type ListedRule, showRules } from './list-rows.ts';
import { isEnforcing, lanesAt } from './sites.ts';
import { rateText, trafficText } from './traffic.ts';

/**
 * How long members are asked, ms. A member that takes in thousands of rules on a small host answers
 * a few seconds late.
 */
const STANDINGS_MS = 5_000;

/** `list`. */
export const listVerb: Verb = verbInPieces<readonly ListedRule[]>({
  name: 'list',
  help: 'the rules, in the order in which they decide, and where they are in force',
  example: '',
  inputs: [],
  needs: 'anybody',
  standingsMs: () => STANDINGS_MS,
  decideInPieces: (scene, _, meter) => decide(scene, meter),
  show: showRules,
});

/** Time to tell of a rule. Unit: ms, as measured. */
const LISTED_MS = 0.008;

function* decide(scene: Scene, meter: Meter): Generator<void, Decision<readonly ListedRule[]>> {
  const trial = runningTrial(scene);
  const view = trial === null ? scene.view : withTrial(scene.view, trial);
  const enforcing = view.members.filter((member) => !member.hasLeft && isEnforcing(member));
  const ordered = yield* orderedOf(scene, view, meter);
  const desk: Desk = {
    ...{ scene: { ...scene, view }, trial, enforcing },
    ...{ groups: groupsOf(view), ordered },
  };
  const { rules, defaults } = policyOf(view);
  const gone = goneIn(policyOf(scene.view), trial);
  const set = [...defaults.filter(({ claim }) => claim !== null), ...gone.defaults];
  const body: ListedRule[] = [];
  for (const rule of [...rules, ...gone.rules].toSorted(compareRules)) {
    body.push(listedRule(desk, rule));
    if (meter.isDue(LISTED_MS)) yield;
  }
  return { edits: [], body: [...body, ...set.map((each) => listedDefault(desk, each))] };
}

/** What all rows are made of. */
interface Desk {
  readonly scene: Scene;
  readonly trial: TrialOrder | null;
  readonly enforcing: readonly Member[];
  /** Parts of rules that are tried in turn on this VM, by the rule's path. */
  readonly ordered: ReadonlyMap<string, number>;
  /** Groups as they stand in the view, by name. */
  readonly groups: ReadonlyMap<string, Intent>;
}

function* orderedOf(scene: Scene, view: View, meter: Meter): Generator<void, Desk['ordered']> {
  yield* digestView(view, meter);
  const counts = new Map<string, number>();
  const here = view.members.find(({ id }) => id === scene.self);
  const lanes = here === undefined ? [] : lanesAt(scene, view, here);
  for (const lane of lanes) {
    for (const { clause } of (yield* sortInPieces(lane, meter)).ordered) {
      const { path } = clause.rule;
      counts.set(path, (counts.get(path) ?? 0) + 1);
    }
  }
  return counts;
}

const groupsOf = ({ intent }: View): Desk['groups'] =>
  new Map(
    intent
      .filter(({ service, kind }) => service === SERVICE && kind === 'group')
      .map((each) => [each.name, each] as const),
  );

/** What stands, and would not if the trial lasted. */
const goneIn = ({ rules, defaults }: Policy, trial: TrialOrder | null) => {
  const isGone = (kind: string, name: string): boolean =>
    trial?.changes.some((each) => each.kind === kind && each.name === name && !each.value) === true;
  return {
    rules: rules.filter(({ name }) => isGone('rule', name)),
    defaults: defaults.filter(({ zone, direction }) => isGone('default', `${zone}-${direction}`)),
  };
};

function listedDefault(desk: Desk, given: Default): ListedRule {
  const { zone, direction, action, audit, path, claim } = given;
  const name = `${zone}-${direction}`;
  const change = changeIn(desk, 'default', name);
  const stamps: Stamps =
    change?.value === null || claim === null ? trialStamps(desk) : stampOf(desk, path, claim.hlc);
  const told = change?.value === null ? null : path;
  const behind = desk.enforcing.flatMap((each) => behindOf(desk.scene, stamps, each, told) ?? []);
  return {
    ...{ kind: 'default', name, priority: null, action, direction, zone, traffic: 'any' },
    ...{ from: [], to: [], on: [], comment: null, enabled: true },
    ...{ log: action !== 'allow', audit: audit === true },
    ...{ rate: null, connections: null, expires: null },
    ...standingOf(desk.enforcing, behind),
    ...{ ordered: 0, ...countOf(desk.scene, path), ...triedIn(desk, change) },
  };
}

type TrialChange = TrialOrder['changes'][number];

/** What the trial does to an object, or undefined. */
const changeIn = ({ trial }: Desk, kind: string, name: string): TrialChange | undefined =>
  trial?.changes.find((each) => each.kind === kind && each.name === name);

const triedIn = ({ trial }: Desk, change: TrialChange | undefined) => ({
  trial: change === undefined ? null : (trial?.id ?? null),
  isTriedWithout: change?.value === null,
});

function listedRule(desk: Desk, rule: Rule): ListedRule {
  const { scene } = desk;
  const { view, wallMs } = scene;
  const texts = (selectors: readonly Selector[] | undefined): readonly string[] =>
    (selectors ?? []).map((selector) => selectorText(view, selector));
  const meant = isInForce(rule, wallMs) ? enforcersOf(desk, rule) : [];
  const change = changeIn(desk, 'rule', rule.name);
  const stamps = change?.value === null ? trialStamps(desk) : stampsOf(desk, rule);
  const told = change?.value === null ? null : rule.path;
  const behind = meant.flatMap((member) => behindOf(scene, stamps, member, told) ?? []);
  return {
    kind: 'rule',
    name: rule.name,
    priority: rule.priority,
    action: rule.action,
    direction: rule.direction,
    zone: rule.zone,
    traffic: trafficText(rule),
    from: texts(rule.from),
    to: texts(rule.to),
    on: texts(rule.on),
    comment: rule.comment ?? null,
    enabled: rule.enabled,
    log: rule.log === true,
    audit: rule.audit === true,
    rate: rateText(rule),
    connections: rule.connections ?? null,
    expires: rule.expiry === undefined ? null : new Date(rule.expiry).toISOString(),
    ...standingOf(meant, behind),
    ordered: desk.ordered.get(rule.path) ?? 0,
    ...countOf(scene, rule.path),
    ...triedIn(desk, change),
  };
}

const countOf = ({ standings }: Scene, path: string): Count => {
  const counts = [...standings.values()].flatMap((standing) =>
    standing.kind === 'told' ? (standing.counts?.get(path) ?? []) : [],
  );
  const sum = (of: (count: Count) => number) => counts.reduce((all, each) => all + of(each), 0);
  return {
    packets: sum(({ packets }) => packets),
    bytes: sum(({ bytes }) => bytes),
  };
};

/** The members that are to enforce a rule. */
const enforcersOf = ({ scene: { view }, enforcing }: Desk, rule: Rule): readonly Member[] => {
  if (rule.on === undefined) return enforcing;
  const meant = membersOf({ view, groups: policyOf(view).groups }, rule.on);
  return enforcing.filter((member) => meant.has(member.id));
};

/** What has to be in force for a rule to be: itself, and the groups that it names. */
const stampsOf = (desk: Desk, rule: Rule): Stamps => {
  const { groups } = desk;
  const selectors = [...(rule.from ?? []), ...(rule.to ?? []), ...(rule.on ?? [])];
  const named = selectors.flatMap((each) =>
    each.kind === 'group' ? (groups.get(each.name) ?? []) : [],
  );
  const objects = [{ path: rule.path, hlc: rule.claim.hlc }, ...named];
  return objects.flatMap(({ path, hlc }) => stampOf(desk, path, hlc));
};

/** What a trial brings has the trial's stamp, and is in force when the trial is. */
const stampOf = ({ trial }: Desk, path: string, hlc: Hlc): Stamps => [
  [hlc === trial?.claim.hlc ? trial.path : path, stampText(hlc)],
];

const trialStamps = ({ trial }: Desk): Stamps =>
  trial === null ? [] : [[trial.path, stampText(trial.claim.hlc)]];
