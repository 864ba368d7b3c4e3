/**
 * Rule: test story — what became of a story of `test-world.ts`, in names, for tests only.
 */
import assert from 'node:assert/strict';
import type { Value } from './entry.ts';
import { idOf, inviteOf, openTestProjector, type World, world } from './test-world.ts';
import type { Member, View } from './view.ts';

const NAMES = ['founder', 'a', 'b', 'c', 'd', 'e', 'x', 'y', 'z'];
const INVITES = ['i', 'j', 'k', 'of founder', 'of b'];
const NAME_OF = new Map<string, string>([
  ...NAMES.map((name) => [idOf(name), name] as const),
  ...INVITES.map((name) => [inviteOf(name), name] as const),
]);
/** The name of a member or an invite that the stories know. */
export const nameOf = (id: string): string => NAME_OF.get(id) ?? id;
/** A path or an alarm's subject with names in the place of ids. */
const legible = (text: string): string => text.split('/').map(nameOf).join('/');
const inOrder = (ids: readonly string[]): string => ids.map(nameOf).sort().join(' ');

interface Summary {
  readonly members: string;
  readonly operators: string;
  readonly evicted: string;
  readonly alarms: string;
  readonly quarantined: readonly string[];
}

/** What the tables compare: everything by name; operators by rank, the rest sorted. */
export const summaryOf = (view: View): Summary => ({
  members: inOrder(view.members.map(({ id }) => id)),
  operators: view.operators.map(({ member }) => nameOf(member)).join(' '),
  evicted: inOrder(view.evicted),
  alarms: view.alarms.map(({ kind, about }) => `${kind} ${legible(about)}`).join(', '),
  quarantined: view.quarantined.map(
    ({ path, author, why }) => `${nameOf(author)}: ${legible(path)}: ${why}`,
  ),
});

/** A story and what must come of it. */
export interface Case {
  readonly what: string;
  readonly story: World;
  /** What differs from an uneventful mesh of the founder alone. */
  readonly expected: Partial<Summary>;
}

const QUIET: Summary = {
  members: 'founder',
  operators: 'founder',
  evicted: '',
  alarms: '',
  quarantined: [],
};

/** Projects a story, with its authors in both orders, and compares. */
export const check = ({ story, expected }: Case): void => {
  const states = story.states();
  const summary = summaryOf(openTestProjector()(states));
  assert.deepEqual(summary, { ...QUIET, ...expected });
  assert.deepEqual(summaryOf(openTestProjector()(states.toReversed())), summary);
};

/** A member by name; fails when it is none. */
export const memberOf = (view: View, name: string): Member => {
  const member = view.members.find(({ id }) => id === idOf(name));
  assert.ok(member, `${name} is a member`);
  return member;
};

/** Founder, and `a`, `b`, `c` admitted by it with invite `i`. */
export const ofFour = (): World =>
  world().invites('i').admits('a', 'i').admits('b', 'i').admits('c', 'i');
/** The same, `a` and `b` being operators, `a` the senior. */
export const ofTwoOperators = (): World => ofFour().grants('a', 1).grants('b', 2);

/** Sorts names by their ids. */
export function byId(a: string, b: string): number {
  return idOf(a) < idOf(b) ? -1 : 1;
}

/** The value of a story's last entry. */
export function lastValue(story: World): Value {
  const value = story.states().at(-1)?.entries.at(-1)?.value;
  assert.ok(value);
  return value;
}
