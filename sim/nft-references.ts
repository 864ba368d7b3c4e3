/**
 * Rule: nft references — which chains, sets and times of connections a rule or an element names:
 * they must be there before it, and stay as long as it does.
 */

/** What stands before the name of times: no chain is called so. */
export const TIMES = 'ct timeout ';

const known = new WeakMap<object, readonly string[]>();

/** Chains by their names, sets by theirs behind an @, times behind `TIMES`. They do not change. */
export const targetsOf = (part: object): readonly string[] => {
  const held = known.get(part);
  if (held !== undefined) return held;
  const targets = new Set<string>();
  gather(part, targets);
  known.set(part, [...targets]);
  return [...targets];
};

/** Whether an object of a table, or one of its elements, names it. */
export const refersTo = (object: object, target: string): boolean => {
  const { rule, set, map } = object as Readonly<
    Record<string, (object & { readonly elem?: readonly object[] }) | undefined>
  >;
  if (rule !== undefined) return targetsOf(rule).includes(target);
  return ((set ?? map)?.elem ?? []).some((each) => targetsOf(each).includes(target));
};

function gather(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') {
    if (value.startsWith('@')) into.add(value);
  } else if (Array.isArray(value)) for (const inner of value) gather(inner, into);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'target') into.add(String(inner));
      else if (name === 'ct timeout') into.add(`${TIMES}${String(inner)}`);
      else gather(inner, into);
    }
  }
}
