/**
 * Rule: intents — what operators want of the services: generic objects, by path.
 *
 * This floor knows no service: values pass as they were written, and each service reads its own.
 * 1. Of several the latest by (hlc, author) is in force; a deletion hides what is older.
 * 2. What was computed from the same sub-documents is the same list, so who reads it can tell by
 *    identity that nothing changed.
 */
import type { Entry } from './entry.ts';
import { type IntentPlace, readIntentPath } from './paths.ts';
import { compareOrder, compareText, type Order, type Testimony } from './statements.ts';
import type { Intent, IntentClaim } from './view.ts';

/** Reads the objects in force from the sub-documents of the operators. */
export type ReadIntents = (operators: readonly Testimony[]) => readonly Intent[];

/** Opens a reader that remembers its last answer, and the objects that only one operator wrote. */
export const openIntents = (): ReadIntents => {
  let last: { readonly of: readonly Testimony[]; readonly intents: readonly Intent[] } | null =
    null;
  const alone = new WeakMap<Entry, Intent>();
  return (operators) => {
    const isSame =
      last !== null &&
      last.of.length === operators.length &&
      last.of.every((one, at) => one === operators[at]);
    if (last === null || !isSame) last = { of: operators, intents: intentsOf(operators, alone) };
    return last.intents;
  };
};

const intentsOf = (
  operators: readonly Testimony[],
  alone: WeakMap<Entry, Intent>,
): readonly Intent[] => {
  const claims = new Map<string, Said[]>();
  for (const testimony of operators) {
    for (const entry of testimony.wanted) {
      const rivals = claims.get(entry.path);
      if (rivals === undefined) claims.set(entry.path, [{ testimony, entry }]);
      else rivals.push({ testimony, entry });
    }
  }
  const intents: Intent[] = [];
  for (const [path, said] of claims) {
    const intent = intentAt(path, said, { operators, alone });
    if (intent !== null) intents.push(intent);
  }
  return intents.sort((a, b) => compareText(a.path, b.path));
};

interface Said {
  readonly testimony: Testimony;
  readonly entry: Entry;
}

const intentAt = (
  path: string,
  said: readonly Said[],
  {
    operators,
    alone,
  }: { readonly operators: readonly Testimony[]; readonly alone: WeakMap<Entry, Intent> },
): Intent | null => {
  const deletion = lastDeletion(path, operators, said);
  const [first, second] = said;
  const known = second === undefined && first !== undefined ? alone.get(first.entry) : undefined;
  if (known !== undefined && (deletion === null || compareOrder(known, deletion) > 0)) return known;
  const place: IntentPlace | null = readIntentPath(path);
  if (place === null) return null; // `readTestimony` set it aside.
  const [winner, ...older] = said
    .map(({ testimony, entry }): IntentClaim => {
      return { value: entry.value, author: testimony.author, hlc: entry.hlc };
    })
    .filter((claim) => deletion === null || compareOrder(claim, deletion) > 0)
    .toSorted((a, b) => compareOrder(b, a));
  if (winner === undefined) return null;
  const intent = { path, ...place, ...winner, older };
  if (second === undefined && first !== undefined) alone.set(first.entry, intent);
  return intent;
};

/** The last of all but who wrote there alone: what it deleted itself it does not want. */
const lastDeletion = (
  path: string,
  operators: readonly Testimony[],
  [first, second]: readonly Said[],
): Order | null => {
  let last: Order | null = null;
  for (const testimony of operators) {
    if (second === undefined && testimony === first?.testimony) continue;
    const { author, deletedAt } = testimony;
    const hlc = deletedAt(path);
    if (hlc !== null && (last === null || compareOrder({ hlc, author }, last) > 0)) {
      last = { hlc, author };
    }
  }
  return last;
};
