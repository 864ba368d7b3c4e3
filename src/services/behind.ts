/**
 * Rule: behind — on which members an object of a service is in force, by what they told, and why
 * not on the others.
 */
import type { Hlc } from '../crdt/hlc.ts';
import type { Member } from '../crdt/view.ts';
import type { Scene } from './verb.ts';

/** A member on which an object is not in force, or not known to be, and why. */
export interface Behind {
  readonly member: string;
  /** Whether it told so itself; else it may have it in force. */
  readonly isKnown: boolean;
  readonly why: string;
}

/** Something that is listed with where it is not in force. */
interface Listed {
  readonly name: string;
  readonly behind: readonly Behind[];
}

/** Objects that are named where a member has several reasons. */
const NAMED_MAX = 3;

/** Where objects are not in force and why, a line each; of which, where that differs by rule. */
export const lateIn = (listed: readonly Listed[]): readonly string[] => {
  const late = listed.flatMap(({ name, behind }) => behind.map((each) => ({ ...each, name })));
  return [...Map.groupBy(late, ({ member }) => member)].flatMap(([member, all]) => {
    const reasons = [...Map.groupBy(all, ({ why }) => why)];
    return reasons.map(([why, of]) => {
      const names = of.slice(0, NAMED_MAX).map(({ name }) => name);
      const more = of.length > NAMED_MAX ? ` and ${of.length - NAMED_MAX} more` : '';
      return `${member}: ${reasons.length === 1 ? '' : `${names.join(', ')}${more}: `}${why}`;
    });
  });
};

/** Where an object is in force. `behind`: of those on which it is `meant` to be. */
export const standingOf = (meant: readonly Member[], behind: readonly Behind[]) => ({
  applied: meant.length - behind.length,
  of: meant.length,
  unknown: behind.filter(({ isKnown }) => !isKnown).length,
  behind,
});

/**
 * Why an object is not known to be in force on a member, or null when it is. `stamps`: of all that
 * it needs. `path`: its own; null where a trial takes it away.
 */
export const behindOf = (
  scene: Scene,
  stamps: Stamps,
  { id, name }: Member,
  path: string | null,
): Behind | null => {
  const standing = scene.standings.get(id);
  if (standing?.kind !== 'told') {
    return { member: name, why: `unknown: ${standing?.why ?? 'was not asked'}`, isKnown: false };
  }
  const own = path === null ? undefined : standing.withheld?.get(path);
  if (own !== undefined) return { member: name, why: own, isKnown: true };
  const isApplied = stamps.every(([path, stamp]) => standing.applied.get(path) === stamp);
  if (isApplied) return null;
  // What is said of objects that its host cannot have is said of no other.
  const others = [...(standing.withheld?.values() ?? [])].map((each) => each.slice(0, WHY_LENGTH));
  const why =
    standing.problems.find((problem) => !others.some((each) => problem.includes(each))) ??
    'has not applied the latest change yet';
  return { member: name, why, isKnown: true };
};

/** How much of a reason tells it from others. Unit: characters. Problems are cut on their way. */
const WHY_LENGTH = 80;

/** What has to be in force. */
export type Stamps = readonly (readonly [path: string, stamp: string])[];

/** A stamp as members tell it. */
export const stampText = ([ms, counter]: Hlc): string => `${ms}.${counter}`;
