/**
 * Rule: firewall foreign walk — what another program's chain does with connections that a rule of
 * ours lets through, as far as its rules can be read.
 *
 * 1. Only what is certain counts: a rule that asks for something which is not known here may
 *    accept or return, and never drops; nothing that comes after it is certain any more.
 * 2. To drop some of what is let through is to drop; to accept some of it is not to accept it.
 */
import { type Passage, type Taken, take } from './foreign-passage.ts';
import type { Act, ForeignTable } from './foreign-rules.ts';

/** `unsure`: something that cannot be told may accept it. Null: it is left alone. */
type Verdict = 'accept' | 'drop' | 'unsure' | null;

/** How deep chains may lead to each other: what the kernel allows, nft(8). */
const DEPTH_MAX = 16;

interface Walked {
  readonly table: ForeignTable;
  /** Verdicts of chains on what was led to them: a chain is walked once for the same. */
  readonly known: Map<Passage, Map<string, Verdict>>;
}

/** What rules of a table do with it from this chain on. */
export const walk = (table: ForeignTable, chain: string, passage: Passage): Verdict =>
  verdictOf({ table, known: new Map() }, chain, passage, 0);

const verdictOf = (walked: Walked, chain: string, passage: Passage, depth: number): Verdict => {
  if (depth > DEPTH_MAX) return 'unsure';
  const verdicts = walked.known.get(passage) ?? new Map<string, Verdict>();
  const known = verdicts.get(chain);
  if (known !== undefined) return known;
  const verdict = findVerdict(walked, chain, passage, depth);
  walked.known.set(passage, verdicts.set(chain, verdict));
  return verdict;
};

/** What became of it so far in a chain. */
interface Fate {
  /** What cannot be told may have accepted it. */
  isUnsure: boolean;
  /** How much has left the chain. `unknown`: nothing, some or all. */
  left: 'none' | 'some' | 'unknown';
}

const findVerdict = (walked: Walked, chain: string, passage: Passage, depth: number): Verdict => {
  const { rules = [], open = [] } = walked.table.get(chain) ?? {};
  const fate: Fate = { isUnsure: false, left: 'none' };
  for (const { asks, act } of passage.remote === null ? open : rules) {
    const taken = take(asks, passage);
    if (taken === null) continue;
    const isAll = taken.isSure && taken.passage === passage;
    const said =
      'target' in act
        ? verdictOf(walked, act.target, taken.passage, depth + 1)
        : act.kind === 'return'
          ? null
          : act.kind;
    if (said === 'drop' && isDropped(fate, taken, isAll && act.kind === 'drop')) {
      return fate.isUnsure ? 'unsure' : 'drop';
    }
    if (said === 'accept' && isAll) return fate.left === 'none' ? 'accept' : 'unsure';
    fate.isUnsure ||= said === 'accept' || said === 'unsure';
    if (isAll && isLast(act)) break;
    const isLeaving = act.kind === 'return' || (act.kind === 'goto' && said === null);
    if (isLeaving) fate.left = taken.isSure && fate.left === 'none' ? 'some' : 'unknown';
  }
  return fate.isUnsure ? 'unsure' : null;
};

/** Some of it is certain to be dropped, where nothing accepted it: `isRest`, all that is here. */
const isDropped = ({ left }: Fate, { isSure }: Taken, isRest: boolean): boolean =>
  isSure && (left === 'none' || (left === 'some' && isRest));

/** Nothing of what such a rule takes comes to the next. */
const isLast = ({ kind }: Act): boolean => kind === 'return' || kind === 'goto' || kind === 'drop';
