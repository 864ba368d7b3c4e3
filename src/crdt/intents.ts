/**
 * Rule: intents — what operators want of the services: generic objects, by path.
 *
 * This floor knows no service: values pass as they were written, and each service reads its own.
 * 1. Of several the latest by (hlc, author) is in force; a deletion hides what is older.
 * 2. What was computed from the same sub-documents is the same list, so who reads it can tell by
 *    identity that nothing changed.
 */
import type { Entry } from './entry.ts';
import type { MemberId } from './ids.ts';
import { type IntentPlace, readIntentPath } from './paths.ts';
import { compareOrder, compareText, type Order, type Testimony } from './statements.ts';
import type { Intent, IntentClaim } from './view.ts';

/** Reads the objects in force from the sub-documents of the operators. */
export type ReadIntents = (operators: readonly Testimony[]) => readonly Intent[];

/** Opens a reader that remembers its last answer. */
export const openIntents = (): ReadIntents => {
  let last: { readonly of: readonly Testimony[]; readonly intents: readonly Intent[] } | null =
    null;
  return (operators) => {
    const isSame =
      last !== null &&
      last.of.length === operators.length &&
      last.of.every((one, at) => one === operators[at]);
    if (last === null || !isSame) last = { of: operators, intents: intentsOf(operators) };
    return last.intents;
  };
};

const intentsOf = (operators: readonly Testimony[]): readonly Intent[] => {
  const claims = Map.groupBy(
    operators.flatMap(({ author, wanted }) => wanted.map((entry) => ({ author, entry }))),
    ({ entry }) => entry.path,
  );
  return [...claims]
    .flatMap(([path, said]) => intentAt(path, said, operators) ?? [])
    .toSorted((a, b) => compareText(a.path, b.path));
};

interface Said {
  readonly author: MemberId;
  readonly entry: Entry;
}

const intentAt = (
  path: string,
  said: readonly Said[],
  operators: readonly Testimony[],
): Intent | null => {
  const place: IntentPlace | null = readIntentPath(path);
  if (place === null) return null; // `readTestimony` set it aside.
  const deletion = lastDeletion(path, operators);
  const [first, ...older] = said
    .map(({ author, entry }): IntentClaim => ({ value: entry.value, author, hlc: entry.hlc }))
    .filter((claim) => deletion === null || compareOrder(claim, deletion) > 0)
    .toSorted((a, b) => compareOrder(b, a));
  return first === undefined ? null : { path, ...place, ...first, older };
};

const lastDeletion = (path: string, operators: readonly Testimony[]): Order | null => {
  let last: Order | null = null;
  for (const { author, deletedAt } of operators) {
    const hlc = deletedAt(path);
    if (hlc !== null && (last === null || compareOrder({ hlc, author }, last) > 0)) {
      last = { hlc, author };
    }
  }
  return last;
};
