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
/** Time to try a member with all of them. Unit: ms, as measured. */
const MEMBER_MS = 0.5;

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
  for (const member of members) {
    const others = members.filter(({ id }) => id !== member.id).slice(0, OTHERS_MAX);
    if (meter.isDue(MEMBER_MS)) yield;
    // What a change does not forbid by itself it does not take away from everybody.
    if (others.length === 0 || (!touched.isAll && passes(changed, member, others))) continue;
    if (passes(then, member, others) || !passes(before, member, others)) continue;
    const why = 'nothing would pass between it and any other member over the VPN';
    const remedy = 'name who, or what; or say --confirm 60s or --force';
    throw refuse('mesh', member.name, why, remedy);
  }
}

/** Whether anything passes between a member and any of the others, whoever opens it. */
const passes = (court: Court, member: Member, others: readonly Member[]): boolean => {
  const own: End = { kind: 'member', member };
  return others.some((each) => {
    const other: End = { kind: 'member', member: each };
    return [
      [own, other],
      [other, own],
    ].some(([from = own, to = other]) =>
      PROBES.some((probe) =>
        mainFlowsOf(from, to, 'mesh', probe).some(
          (flow) => stepsOf(court, [from, to], 'mesh', flow).stop === null,
        ),
      ),
    );
  });
};
