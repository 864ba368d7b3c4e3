/**
 * Rule: firewall verbs — all that people may ask of the firewall, and what a change of the policy
 * would do to each member's host.
 */
import type { Meter } from '../../../crdt/meter.ts';
import type { View } from '../../../crdt/view.ts';
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
  mustUphold,
  effects,
};

/** As its own changes: no policy test may break, and without force no way be cut. */
function* mustUphold(
  scene: Scene,
  after: View,
  isForced: boolean,
  meter: Meter,
): Generator<void, void> {
  yield* digestView(after, meter);
  yield* mustPassTests(scene, after, meter);
  if (!isForced) yield* mustKeepWays(scene, after, meter);
}

function effects(before: View, after: View, scene: Scene): readonly Effect[] {
  const known = new Set(policyOf(before).trials.map(({ id }) => id));
  const begun = policyOf(after).trials.find(({ id }) => !known.has(id));
  const shown = begun === undefined ? after : withTrial(after, begun);
  const touched = touchedBy(before, shown);
  return after.members.flatMap((member) => {
    if (member.hasLeft) return [];
    const old = lanesAt(scene, touched.before, member).flatMap(linesOf);
    const now = lanesAt(scene, touched.after, member).flatMap(linesOf);
    const [gone, come] = [new Set(old), new Set(now)];
    const comes = now.filter((line) => !gone.has(line));
    const goes = old.filter((line) => !come.has(line));
    const isSame = comes.length === 0 && goes.length === 0;
    return isSame ? [] : [{ member: member.name, comes, goes }];
  });
}

/** What a lane decides, in the order in which it does. */
const linesOf = (lane: Lane): readonly string[] => {
  const at = `${lane.zone} ${lane.direction}`;
  const ends = (clause: Clause): string => {
    const [from, to] =
      lane.direction === 'in' ? [clause.remote, clause.local] : [clause.local, clause.remote];
    return `from ${meantText(from)} to ${meantText(to)}`;
  };
  const lineOf = (clause: Clause, action: string): string =>
    `${at}: ${action} ${trafficText(clause.rule)} ${ends(clause)} (${wordsOf(clause.rule)})`;
  return [
    ...lane.clauses.map((clause) => lineOf(clause, clause.rule.action)),
    ...lane.audits.map((clause) => lineOf(clause, `log, else ${clause.rule.action},`)),
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
            `${at}: allow ${protocol}/${values.join(',')} with ${meantText(remote)} (${why})`,
        );

const isOpen = ({ values }: Guard): boolean => values.length > 0;

const meantText = (meant: Meant): string => {
  if (meant === null) return 'any';
  return meant.length === 0 ? 'nobody' : meant.map(({ text }) => text).join(', ');
};
