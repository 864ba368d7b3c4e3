/**
 * Rule: intents — what operators want of the services: generic objects, by path.
 *
 * This floor knows no service: values pass as they were written, and each service reads its own.
 * 1. Of several the latest by (hlc, author) is in force; a deletion hides what is older.
 * 2. What was computed from the same sub-documents is the same list, so who reads it can tell by
 *    identity that nothing changed.
 */
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
  const [alone, second] = operators;
  // What it deleted itself is no part of its testimony.
  if (alone !== undefined && second === undefined && isRising(alone.wanted)) return alone.wanted;
  const claims = new Map<string, Intent[]>();
  for (const { wanted } of operators) {
    for (const intent of wanted) {
      const rivals = claims.get(intent.path);
      if (rivals === undefined) claims.set(intent.path, [intent]);
      else rivals.push(intent);
    }
  }
  const intents: Intent[] = [];
  for (const [path, said] of claims) {
    const intent = winnerOf(said, lastDeletion(path, operators, said));
    if (intent !== null) intents.push(intent);
  }
  return intents.sort((a, b) => compareText(a.path, b.path));
};

/** Sorted by path, one at each: a view that is only supposed may say a thing twice. */
const isRising = (wanted: readonly Intent[]): boolean =>
  wanted.every(({ path }, at) => at === 0 || (wanted[at - 1]?.path ?? '') < path);

/** What is in force at a path of which these speak. One that nobody else wrote is itself. */
const winnerOf = (said: readonly Intent[], deletion: Order | null): Intent | null => {
  const left =
    deletion === null ? said : said.filter((intent) => compareOrder(intent, deletion) > 0);
  const [winner, ...older] = left.length > 1 ? left.toSorted((a, b) => compareOrder(b, a)) : left;
  if (winner === undefined) return null;
  return older.length === 0 ? winner : { ...winner, older: older.map(claimOf) };
};

const claimOf = ({ value, author, hlc }: Intent): IntentClaim => ({ value, author, hlc });

/** The last of all but who wrote there alone: what it deleted itself it does not want. */
const lastDeletion = (
  path: string,
  operators: readonly Testimony[],
  [first, second]: readonly Intent[],
): Order | null => {
  let last: Order | null = null;
  for (const { author, deletedAt } of operators) {
    if (second === undefined && author === first?.author) continue;
    const hlc = deletedAt(path);
    if (hlc !== null && (last === null || compareOrder({ hlc, author }, last) > 0)) {
      last = { hlc, author };
    }
  }
  return last;
};
