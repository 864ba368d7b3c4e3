/**
 * Rule: firewall verbs — all that people may ask of the firewall, and what a change of the policy
 * would do to each member's host.
 */

import type { Meter } from '../../../crdt/meter.ts';
import type { View } from '../../../crdt/view.ts';
import { rangesText } from '../../port-ranges.ts';
import type { Meant } from '../../selectors/selectors.ts';
import type { Effect, Scene, Verbs } from '../../verb.ts';
import { digestView } from '../digest.ts';
import type { Clause, Guard, Lane } from '../lane.ts';
import { fallbackAction } from '../lane.ts';
import { policyOf, type Rule, withTrial } from '../policy.ts';
import { checkVerbs } from './check-verbs.ts';
import { mustPassTests } from './checks.ts';
import { importVerb } from './import.ts';
import { listVerb } from './list.ts';
import { objectVerbs } from './objects.ts';
import { PRIORITY_DEFAULT, ruleVerb } from './rules.ts';
import { lanesAt } from './sites.ts';
import { touchedBy } from './touched.ts';
import { traceVerb } from './trace.ts';
import { rateText, trafficText } from './traffic.ts';
import { confirmVerb, openVerb } from './trial.ts';
import { mustKeepWays } from './ways.ts';

/** The firewall's verbs. */
export const firewallVerbs: Verbs = {
  help: 'what may pass between whom, in every kernel of the mesh',
  verbs: [
    ruleVerb('allow', 'let connections through', 'tcp/80,443 --from role=lb --to role=web'),
    ruleVerb('deny', 'drop connections', 'tcp/5432 --to role=db --priority 200'),
    ruleVerb('reject', 'refuse connections, and say so', 'tcp/25 --direction out --zone wan'),
    ...[listVerb, importVerb, ...objectVerbs, traceVerb, ...checkVerbs, confirmVerb],
  ],
  local: [openVerb],
  families: { group: 'named sets of members and addresses' },
  digest: digestVerbs,
  mustUphold,
  effects,
};

/** Also of what is on trial, which is listed, and what a change must not stand beside. */
function* digestVerbs(view: View, meter: Meter): Generator<void, void> {
  yield* digestView(view, meter);
  const [order] = policyOf(view).trials;
  if (order !== undefined) yield* digestView(withTrial(view, order), meter);
}

/** As its own changes: no policy test may break, and without force no way be cut. */
function* mustUphold(
  scene: Scene,
  after: View,
  isForced: boolean,
  meter: Meter,
): Generator<void, readonly string[]> {
  yield* digestView(scene.view, meter);
  yield* digestView(after, meter);
  const untried = yield* mustPassTests(scene, after, meter);
  if (!isForced) yield* mustKeepWays(scene, after, meter);
  return untried;
}

/** Time to tell a clause, and to look whether it was there. Unit: ms, as measured. */
const LINE_MS = 0.004;
const KNOWN_MS = 0.0005;

function* effects(
  before: View,
  after: View,
  scene: Scene,
  meter: Meter,
): Generator<void, readonly Effect[]> {
  const known = new Set(policyOf(before).trials.map(({ id }) => id));
  const begun = policyOf(after).trials.find(({ id }) => !known.has(id));
  const shown = begun === undefined ? after : withTrial(after, begun);
  yield* digestView(shown, meter);
  const touched = yield* touchedBy(before, shown, meter);
  const told = new Map<Clause, string>();
  const found: Effect[] = [];
  for (const member of after.members) {
    if (member.hasLeft) continue;
    const old = yield* linesAt(lanesAt(scene, touched.before, member), told, meter);
    const now = yield* linesAt(lanesAt(scene, touched.after, member), told, meter);
    if (meter.isDue((old.length + now.length) * KNOWN_MS)) yield;
    const [gone, come] = [new Set(old), new Set(now)];
    const comes = now.filter((line) => !gone.has(line));
    const goes = old.filter((line) => !come.has(line));
    const isSame = comes.length === 0 && goes.length === 0;
    if (!isSame) found.push({ member: member.name, comes, goes });
  }
  return found;
}

/** What all lanes of a member decide. `told`: of clauses, which are the same at many members. */
function* linesAt(
  lanes: readonly Lane[],
  told: Map<Clause, string>,
  meter: Meter,
): Generator<void, readonly string[]> {
  for (const lane of lanes) {
    for (const clause of [...lane.clauses, ...lane.audits]) {
      if (told.has(clause)) continue;
      told.set(clause, lineOf(lane, clause));
      if (meter.isDue(LINE_MS)) yield;
    }
  }
  return lanes.flatMap((lane) => linesOf(lane, (clause) => told.get(clause) ?? ''));
}

const placeOf = ({ zone, direction }: Lane): string => `${zone} ${direction}`;

/** A clause in its lane, in words. */
const lineOf = (lane: Lane, clause: Clause): string => {
  const { rule, remote, local } = clause;
  const action = rule.audit === true ? `log, else ${rule.action},` : rule.action;
  const [from, to] = lane.direction === 'in' ? [remote, local] : [local, remote];
  const ends = `from ${meantText(from)} to ${meantText(to)}`;
  return `${placeOf(lane)}: ${action} ${trafficText(rule)} ${ends} (${wordsOf(rule)})`;
};

/** What a lane decides, in the order in which it does. */
const linesOf = (lane: Lane, told: (clause: Clause) => string): readonly string[] => {
  const at = placeOf(lane);
  return [
    ...[...lane.clauses, ...lane.audits].map(told),
    ...guardLines(lane, at),
    ...(fallbackAction(lane) === 'allow' ? [] : [`${at}: ${lane.fallback.action} the rest`]),
  ];
};

/** A rule's name, and what else decides with it. */
const wordsOf = (rule: Rule): string => {
  const { name, priority, connections, log } = rule;
  const rate = rateText(rule);
  return [
    name,
    ...(priority === PRIORITY_DEFAULT ? [] : [`priority ${priority}`]),
    ...(rate === null ? [] : [`rate ${rate}`]),
    ...(connections === undefined ? [] : [`connections ${connections}`]),
    ...(log === undefined ? [] : ['logged']),
  ].join(', ');
};

/** They matter only where the rest is not let through. */
const guardLines = (lane: Lane, at: string): readonly string[] =>
  fallbackAction(lane) === 'allow'
    ? []
    : lane.guards
        .filter(isOpen)
        .map(
          ({ why, protocol, values, remote }: Guard) =>
            `${at}: allow ${protocol}/${rangesText(values)} with ${meantText(remote)} (${why})`,
        );

const isOpen = ({ values }: Guard): boolean => values.length > 0;

const meantText = (meant: Meant): string => {
  if (meant === null) return 'any';
  return meant.length === 0 ? 'nobody' : meant.map(({ text }) => text).join(', ');
};
