/**
 * Rule: duties — what the core looks after, as a table of pure functions: each says in lines what a
 * person should know. They are computed when somebody looks, by whoever is asked, and kept nowhere.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import type { MemberStatus } from './answers.ts';
import type { Comparison } from './digest.ts';
import { isPresent } from './status.ts';

/** What duties look at. */
export interface DutySight {
  readonly view: View;
  readonly members: readonly MemberStatus[];
  /** How members that answered stand to this one. */
  readonly digests: ReadonlyMap<MemberId, Comparison>;
  /** Since when members are gone, Unix ms, as the core has said. */
  readonly absences: ReadonlyMap<MemberId, number>;
}

type Duty = (sight: DutySight) => readonly string[];

const COMPARED: Readonly<Record<Exclude<Comparison, 'same'>, string>> = {
  behind: 'is behind this VM',
  ahead: 'is ahead of this VM',
  apart: 'and this VM each lack something of the other',
  differs: 'holds the same frames and sees another state: run the same version on both',
};

const nameOf = ({ members }: DutySight, id: MemberId): string =>
  members.find((member) => member.id === id)?.name ?? id;

/** Who is behind and who differs. */
export const compared: Duty = (sight) =>
  [...sight.digests]
    .flatMap(([id, found]) => (found === 'same' ? [] : [`${nameOf(sight, id)} ${COMPARED[found]}`]))
    .toSorted();

/** How many members are in each state, and which versions run. */
const rollUp: Duty = ({ members }) => {
  const present = members.filter(isPresent);
  const versions = present.map(({ version }) => version ?? 'not known');
  return [`members: ${tally(present.map(({ state }) => state))}`, `versions: ${tally(versions)}`];
};

const tally = (words: readonly string[]): string =>
  [...Map.groupBy(words, (word) => word)]
    .map(([word, all]) => `${all.length} ${word}`)
    .toSorted()
    .join(', ');

const overUsed: Duty = ({ view }) =>
  view.invites
    .filter(({ used, uses }) => used > uses)
    .map(({ id, used, uses }) => `invite ${id.slice(0, 12)} was used ${used} times, not ${uses}`);

/** Since when, the core has said: that goes on over restarts, and from one core to the next. */
const dead: Duty = ({ members, absences }) =>
  members
    .filter(({ state }) => state === 'dead')
    .map(({ id, name }) => {
      const ms = absences.get(id);
      const since = ms === undefined ? '' : ` since ${new Date(ms).toISOString().slice(0, 16)}Z`;
      return `${name} is dead${since}; if it is gone for good: cnsmo evict ${name}`;
    });

/** Name → duty. */
const DUTIES: Readonly<Record<string, Duty>> = {
  'in step': compared,
  'roll-up': rollUp,
  'over-used invites': overUsed,
  'dead members': dead,
};

/** What each duty found, in the order of the table. */
export const doDuties = (sight: DutySight): readonly { name: string; found: readonly string[] }[] =>
  Object.entries(DUTIES).map(([name, duty]) => ({ name, found: duty(sight) }));
