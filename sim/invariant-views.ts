/**
 * Rule: views — members that reach each other hold the same (I9): equal views, by digest, and equal
 * frames on disk.
 */
import { hash } from 'node:crypto';
import type { View } from '../src/crdt/view.ts';
import type { Look, Scene } from './invariant.ts';
import { journalFlaws } from './journals.ts';

/** Looks at all views. */
export const lookAtViews = ({ storm }: Scene): Look => ({
  whole: (members) => {
    const digests = members.map(({ node }) => (node === null ? '' : digestOf(node.replica.view())));
    const others = members.filter((_, index) => digests[index] !== digests[0]);
    return others.length > 0
      ? others.map(({ name }) => `${name} and ${members[0]?.name} do not hold the same view`)
      : journalFlaws(storm.room, members);
  },
});

/** A name for a view: equal ones have equal names. */
export const digestOf = (view: View): string =>
  hash(
    'sha256',
    JSON.stringify(view, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ),
  );
