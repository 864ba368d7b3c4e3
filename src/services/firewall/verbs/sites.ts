/**
 * Rule: firewall sites — the members' hosts as the rules see them from here, and what becomes of a
 * connection between two ends.
 */
import type { Member, View } from '../../../crdt/view.ts';
import type { Zone } from '../../selectors/schemas.table.ts';
import type { Scene } from '../../verb.ts';
import type { Flow, Judgement } from '../judge.ts';
import { judge } from '../judge.ts';
import { type Lane, lanesOf, type Site } from '../lane.ts';
import { narrow } from '../narrow.ts';
import type { Direction } from '../schemas.table.ts';

/** Who enforces nothing: it does not consent to this service. */
export const isEnforcing = ({ services }: Member): boolean =>
  services?.includes('firewall') !== false;

/** Judges connections at the members of one view; lanes are worked out once. */
export interface Court {
  /** Null where the member enforces no firewall. */
  judgeAt(member: Member, zone: Zone, direction: Direction, flow: Flow): Judgement | null;
  /** Whether nothing was asked about this member yet: the first question takes long. */
  isNew(member: Member): boolean;
}

/** Opens the court of a view. */
export const openCourt = (scene: Scene, view: View): Court => {
  const known = new Map<string, readonly Lane[]>();
  const lanesAt = (member: Member): readonly Lane[] => {
    const lanes = known.get(member.id) ?? lanesOf(siteOf(scene, view, member));
    known.set(member.id, lanes);
    return lanes;
  };
  return {
    judgeAt: (member, zone, direction, flow) => {
      if (!isEnforcing(member)) return null;
      const lane = lanesAt(member).find(
        (each) => each.zone === zone && each.direction === direction,
      );
      return lane === undefined ? null : judge(narrow(lane, flow), flow);
    },
    isNew: ({ id }) => !known.has(id),
  };
};

/** The lanes of a member, as its host would have them. */
export const lanesAt = (scene: Scene, view: View, member: Member): readonly Lane[] =>
  isEnforcing(member) ? lanesOf(siteOf(scene, view, member)) : [];

const siteOf = (scene: Scene, view: View, member: Member): Site => ({
  view,
  member: member.id,
  interface: scene.interface,
  openings: scene.openingsAt(member),
  wallMs: scene.wallMs,
});
