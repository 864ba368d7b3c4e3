/**
 * Rule: views — members that reach each other hold the same (I9): equal views, by digest, and equal
 * frames on disk.
 */
import type { View } from '../src/crdt/view.ts';
import type { Look, Scene } from './invariant.ts';
import { journalFlaws } from './journals.ts';
import type { Machine } from './machine.ts';

/** Looks at all views. */
export const lookAtViews = ({ storm }: Scene): Look => ({
  whole: (members) => {
    const [first] = members;
    const flaws = members.flatMap((machine) => differenceOf(machine, first));
    return flaws.length > 0 ? flaws : journalFlaws(storm.room, members);
  },
});

function differenceOf(machine: Machine, first: Machine | undefined): readonly string[] {
  const [own, other] = [machine.node?.replica.view(), first?.node?.replica.view()];
  if (own === undefined || other === undefined) return [`${machine.name} has no view`];
  const why = whyDiffer(own, other);
  return why === null ? [] : [`${machine.name} and ${first?.name} do not hold the same ${why}`];
}

/** The part in which two views differ, and how; null when they are equal. */
export function whyDiffer(one: View, other: View): string | null {
  for (const part of Object.keys({ ...one, ...other }) as (keyof View)[]) {
    const [a, b] = [textOf(one[part]), textOf(other[part])];
    if (a === b) continue;
    let at = 0;
    while (a[at] === b[at]) at += 1;
    const from = Math.max(0, at - SHOWN_BEFORE);
    return `${part}: …${a.slice(from, at + SHOWN_AFTER)} and …${b.slice(from, at + SHOWN_AFTER)}`;
  }
  return null;
}

/** How much is shown before and after the place where two differ. Unit: characters. */
const SHOWN_BEFORE = 80;
const SHOWN_AFTER = 40;

/** Views do not change, and are asked for often. */
const texts = new WeakMap<object, string>();

function textOf(value: unknown): string {
  const key = typeof value === 'object' && value !== null ? value : {};
  const text =
    texts.get(key) ??
    JSON.stringify(value, (_, inner: unknown) =>
      inner instanceof Uint8Array ? Buffer.from(inner).toString('hex') : inner,
    );
  texts.set(key, text);
  return text;
}
