/**
 * Rule: intents — what operators want of the services: generic objects, by path.
 *
 * This floor knows no service: values pass as they were written, and each service reads its own.
 * 1. Of several the latest by (hlc, author) is in force; a deletion hides what is older.
 * 2. What was computed from the same sub-documents is the same list, so who reads it can tell by
 *    identity that nothing changed.
 */
import type { Entry } from './entry.ts';
import {
  compareOrder,
  compareText,
  type Order,
  type Testimony,
  type Wanted,
} from './statements.ts';
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
    for (const { entry, place } of testimony.wanted) {
      const rivals = claims.get(entry.path);
      if (rivals === undefined) claims.set(entry.path, [{ testimony, entry, place }]);
      else rivals.push({ testimony, entry, place });
    }
  }
  const intents: Intent[] = [];
  for (const [path, said] of claims) {
    const deletion = lastDeletion(path, operators, said);
    const intent = said.length === 1 ? loneIntent(said, deletion, alone) : intentAt(said, deletion);
    if (intent !== null) intents.push(intent);
  }
  return intents.sort((a, b) => compareText(a.path, b.path));
};

interface Said extends Wanted {
  readonly testimony: Testimony;
}

const isHidden = (order: Order, deletion: Order | null): boolean =>
  deletion !== null && compareOrder(order, deletion) <= 0;

/** An object that one operator alone wrote, as nearly all are. */
const loneIntent = (
  [said]: readonly Said[],
  deletion: Order | null,
  alone: WeakMap<Entry, Intent>,
): Intent | null => {
  if (said === undefined) return null;
  const { testimony, entry, place } = said;
  const { path, value, hlc } = entry;
  const { author } = testimony;
  if (isHidden({ author, hlc }, deletion)) return null;
  const intent = alone.get(entry) ?? { path, ...place, value, author, hlc, older: [] };
  alone.set(entry, intent);
  return intent;
};

const intentAt = (said: readonly Said[], deletion: Order | null): Intent | null => {
  const [first] = said;
  const [winner, ...older] = said
    .map(({ testimony, entry }): IntentClaim => {
      return { value: entry.value, author: testimony.author, hlc: entry.hlc };
    })
    .filter((claim) => !isHidden(claim, deletion))
    .toSorted((a, b) => compareOrder(b, a));
  if (winner === undefined || first === undefined) return null;
  return { path: first.entry.path, ...first.place, ...winner, older };
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
