/**
 * Rule: firewall overlay ways — no change takes a member out of the mesh without --force: where it
 * could open nothing to any member over the VPN any more, and none of them anything to it.
 *
 * A rule that closes some ports, or the ways to or from some members, is what a firewall is for.
 */
import type { Meter } from '../../../crdt/meter.ts';
import type { Member, View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import type { Scene } from '../../verb.ts';
import { countRules } from '../policy.ts';
import { type End, mainFlowsOf, type Probe, stepsOf } from './ends.ts';
import { type Court, openCourt } from './sites.ts';
import type { Touched } from './touched.ts';

/** What stands for all that may pass: what no default closes, what people do, and all the rest. */
export const PROBES: readonly Probe[] = [
  { protocol: 'icmp', value: 8 },
  { protocol: 'icmpv6', value: 128 },
  { protocol: 'tcp', value: 22 },
  { protocol: 'other', value: 0 },
];

/** Other members with which a member is tried. Who is cut off from so many is cut off. */
const OTHERS_MAX = 8;
/**
 * Times to try a member with another: that, and for each rule where either was not asked about yet.
 * Unit: ms, as measured.
 */
const PAIR_MS = 0.05;
const RULE_MS = 0.001;

/** Fault 'refused' when a member would be cut off. In pieces. */
export function* mustKeepOverlay(
  scene: Scene,
  after: View,
  touched: Touched,
  meter: Meter,
): Generator<void, void> {
  const members = scene.view.members.filter(({ hasLeft }) => !hasLeft);
  const [before, then] = [openCourt(scene, scene.view), openCourt(scene, after)];
  const changed = openCourt(scene, touched.after);
  const newMs = countRules(scene.view, after) * RULE_MS;
  for (const member of members) {
    const others = members.filter(({ id }) => id !== member.id).slice(0, OTHERS_MAX);
    const passes = (court: Court) => passesAny(court, { member, others, newMs }, meter);
    // What a change does not forbid by itself it does not take away from everybody.
    if (others.length === 0 || (!touched.isAll && (yield* passes(changed)))) continue;
    if ((yield* passes(then)) || !(yield* passes(before))) continue;
    const why = 'nothing would pass between it and any other member over the VPN';
    const remedy = 'name who, or what; or say --confirm 60s or --force';
    throw refuse('mesh', member.name, why, remedy);
  }
}

/** A member among others. `newMs`: what it costs to ask about one for the first time. */
interface Place {
  readonly member: Member;
  readonly others: readonly Member[];
  readonly newMs: number;
}

/** Whether anything passes between a member and any of the others, whoever opens it. */
function* passesAny(
  court: Court,
  { member, others, newMs }: Place,
  meter: Meter,
): Generator<void, boolean> {
  for (const other of others) {
    const isNew = court.isNew(member) || court.isNew(other);
    if (passesBetween(court, member, other)) return true;
    if (meter.isDue(PAIR_MS + (isNew ? newMs : 0))) yield;
  }
  return false;
}

const passesBetween = (court: Court, member: Member, other: Member): boolean => {
  const [own, their] = [member, other].map((each): End => ({ kind: 'member', member: each }));
  if (own === undefined || their === undefined) return false;
  return [
    [own, their],
    [their, own],
  ].some(([from = own, to = their]) =>
    PROBES.some((probe) =>
      mainFlowsOf(from, to, 'mesh', probe).some(
        (flow) => stepsOf(court, [from, to], 'mesh', flow).stop === null,
      ),
    ),
  );
};
