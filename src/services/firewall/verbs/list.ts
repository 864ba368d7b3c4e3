/**
 * Rule: firewall list — the rules as people and programs see them, and on how many members each is
 * in force.
 */
import type { Hlc } from '../../../crdt/hlc.ts';
import type { Intent, Member, View } from '../../../crdt/view.ts';
import type { Count } from '../../service.ts';
import { type Cell, type Scene, type Shown, type Verb, verb } from '../../verb.ts';
import { isInForce, policyOf, type Rule, SERVICE, type TrialOrder, withTrial } from '../policy.ts';
import type { RuleRecord, Selector } from '../schemas.table.ts';
import { membersOf } from '../selectors.ts';
import { sortLane } from '../sort-lane.ts';
import { runningTrial } from './change.ts';
import { selectorText } from './selecting.ts';
import { isEnforcing, lanesAt } from './sites.ts';
import { trafficText } from './traffic.ts';

/** A member on which a rule is not in force, and why. */
interface Behind {
  readonly member: string;
  readonly why: string;
}

/** A rule as it is listed. Selectors as they are typed; an empty list means any. */
interface ListedRule {
  readonly name: string;
  readonly priority: number;
  readonly action: string;
  readonly direction: string;
  readonly zone: string;
  readonly traffic: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly on: readonly string[];
  readonly comment: string | null;
  readonly enabled: boolean;
  readonly log: boolean;
  readonly audit: boolean;
  readonly rate: string | null;
  readonly connections: number | null;
  /** When it ends, RFC 3339; null: never. */
  readonly expires: string | null;
  /** Members that have read it back from their kernel, of those that are to enforce it. */
  readonly applied: number;
  readonly of: number;
  readonly behind: readonly Behind[];
  /** How many tries in turn it costs each new connection on this VM: 0 where it is in a map. */
  readonly ordered: number;
  /** What it decided on, on all members that told; who passed is not counted again. */
  readonly packets: number;
  readonly bytes: number;
  /** The trial that brings it, by its id; null: it lasts. */
  readonly trial: string | null;
}

/** `list`. */
export const listVerb: Verb = verb<readonly ListedRule[]>({
  name: 'list',
  help: 'the rules, in the order in which they decide, and where they are in force',
  example: '',
  inputs: [],
  needs: 'anybody',
  wantsStandings: true,
  decide: (scene) => {
    const trial = runningTrial(scene);
    const view = trial === null ? scene.view : withTrial(scene.view, trial);
    const enforcing = view.members.filter((member) => !member.hasLeft && isEnforcing(member));
    const desk: Desk = {
      ...{ scene: { ...scene, view }, trial, enforcing },
      ...{ groups: groupsOf(view), ordered: orderedOf(scene, view) },
    };
    const body = policyOf(view).rules.map((rule) => listedRule(desk, rule));
    return { edits: [], body };
  },
  show: showRules,
});

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

const orderedOf = (scene: Scene, view: View): Desk['ordered'] => {
  const counts = new Map<string, number>();
  const here = view.members.find(({ id }) => id === scene.self);
  const lanes = here === undefined ? [] : lanesAt(scene, view, here);
  for (const { clause } of lanes.flatMap((lane) => sortLane(lane).ordered)) {
    const { path } = clause.rule;
    counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  return counts;
};

const groupsOf = ({ intent }: View): Desk['groups'] =>
  new Map(
    intent
      .filter(({ service, kind }) => service === SERVICE && kind === 'group')
      .map((each) => [each.name, each] as const),
  );

function listedRule(desk: Desk, rule: Rule): ListedRule {
  const { scene, trial: running } = desk;
  const { view, wallMs } = scene;
  const texts = (selectors: readonly Selector[] | undefined): readonly string[] =>
    (selectors ?? []).map((selector) => selectorText(view, selector));
  const meant = isInForce(rule, wallMs) ? enforcersOf(desk, rule) : [];
  const trial = running !== null && isOf(rule, running) ? running : null;
  const stamps = stampsOf(desk, rule);
  const behind = meant.flatMap((member) => behindOf(scene, stamps, member) ?? []);
  return {
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
    applied: meant.length - behind.length,
    of: meant.length,
    behind,
    ordered: desk.ordered.get(rule.path) ?? 0,
    ...countOf(scene, rule.path),
    trial: trial?.id ?? null,
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

const rateText = ({ rate }: RuleRecord): string | null =>
  rate === undefined ? null : `${rate.count}/${rate.per}:${rate.burst}`;

/** The members that are to enforce a rule. */
const enforcersOf = ({ scene: { view }, enforcing }: Desk, rule: Rule): readonly Member[] => {
  if (rule.on === undefined) return enforcing;
  const meant = membersOf({ view, groups: policyOf(view).groups }, rule.on);
  return enforcing.filter((member) => meant.has(member.id));
};

/** Why a rule is not known to be in force on a member, or null when it is. */
const behindOf = (scene: Scene, stamps: Stamps, member: Member): Behind | null => {
  const standing = scene.standings.get(member.id);
  if (standing === undefined) return { member: member.name, why: 'was not asked' };
  if (standing.kind === 'silent') return { member: member.name, why: standing.why };
  const isApplied = stamps.every(([path, stamp]) => standing.applied.get(path) === stamp);
  if (isApplied) return null;
  const [why = 'has not applied the latest change yet'] = standing.problems;
  return { member: member.name, why };
};

type Stamps = readonly (readonly [path: string, stamp: string])[];

/** What has to be in force for a rule to be: itself, and the groups that it names. */
const stampsOf = ({ groups, trial: running }: Desk, rule: Rule): Stamps => {
  const selectors = [...(rule.from ?? []), ...(rule.to ?? []), ...(rule.on ?? [])];
  const named = selectors.flatMap((each) =>
    each.kind === 'group' ? (groups.get(each.name) ?? []) : [],
  );
  const objects = [{ path: rule.path, hlc: rule.claim.hlc }, ...named];
  // What a trial brings has the trial's stamp, and is in force when the trial is.
  return objects.map(({ path, hlc }) =>
    hlc === running?.claim.hlc ? [running.path, stampText(hlc)] : [path, stampText(hlc)],
  );
};

/** Whether the rule is one of those that the trial brings. */
const isOf = (rule: Rule, { changes }: TrialOrder): boolean =>
  changes.some(({ kind, name, value }) => kind === 'rule' && name === rule.name && value !== null);

const stampText = ([ms, counter]: Hlc): string => `${ms}.${counter}`;

const COLUMNS = [
  { heading: 'NAME', least: 12 },
  { heading: 'PRIO' },
  { heading: 'ACTION' },
  { heading: 'DIR', spare: 1 },
  { heading: 'ZONE', spare: 2 },
  { heading: 'WHAT', least: 8 },
  { heading: 'FROM', least: 6 },
  { heading: 'TO', least: 6, spare: 3 },
  { heading: 'PACKETS', spare: 4 },
  { heading: 'APPLIED' },
];
/** Members that are named beneath the table. */
const NAMED_MAX = 8;

function showRules(rules: readonly ListedRule[]): Shown {
  if (rules.length === 0) return { lines: ['No rules.'] };
  const late = new Map(
    rules.flatMap(({ behind }) => behind.map(({ member, why }) => [member, why] as const)),
  );
  const named = [...late].slice(0, NAMED_MAX).map(([member, why]) => `${member}: ${why}`);
  const ordered = rules.reduce((sum, rule) => sum + rule.ordered, 0);
  const turns =
    ordered === 0 ? [] : [`${ordered} tried one after the other on this VM; the rest are in maps.`];
  const more = late.size > NAMED_MAX ? [`and ${late.size - NAMED_MAX} more; see -o json`] : [];
  const rows = rules.map(rowOf);
  return { table: { columns: COLUMNS, rows }, lines: [...named, ...more, ...turns] };
}

const rowOf = (rule: ListedRule): Cell[] => {
  const tone = rule.action === 'allow' ? 'good' : 'bad';
  const isOff = rule.of === 0 && rule.applied === 0;
  const count = `${rule.applied} of ${rule.of}${rule.trial === null ? '' : ', on trial'}`;
  return [
    rule.name,
    String(rule.priority),
    { text: rule.audit ? `${rule.action} (audit)` : rule.action, tone },
    rule.direction,
    rule.zone,
    rule.traffic,
    rule.from.join(' ') || 'any',
    rule.to.join(' ') || 'any',
    String(rule.packets),
    isOff
      ? { text: rule.enabled ? 'nowhere' : 'disabled', tone: 'dim' }
      : { text: count, tone: rule.behind.length === 0 ? 'good' : 'warn' },
  ];
};
