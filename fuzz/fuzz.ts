/**
 * Rule: fuzz — sends mutants to a member that holds the state, and says what none of them may do.
 *
 * 1. Nothing is thrown past the gate.
 * 2. What is not taken leaves no trace: heads, weight and view are as before.
 * 3. What is taken moves its author's chain alone: nobody else's, no role, no member, no address.
 * 4. Whatever came before, honest frames of others are taken afterwards; so are those of the author
 *    itself, which is tried after one in eight of those that have an effect: it takes as long as
 *    all the rest.
 * 5. What is bad for everybody is rejected, so that its sender is muted, and nothing else is.
 */
import { isDeepStrictEqual } from 'node:util';
import { openDice } from '../sim/random.ts';
import type { Receipt } from '../src/crdt/receiving.ts';
import type { Store } from '../src/crdt/store.ts';
import type { View } from '../src/crdt/view.ts';
import { idOf, NOW_MS, openPartyStore, say, tellHistory } from './mesh.ts';
import { type Mutant, openMutants } from './mutants.ts';
import { openOracle } from './oracle.ts';

/** What came of a run. `failure`: what went wrong with the mutant of that number. */
export interface FuzzResult {
  readonly verdicts: Readonly<Record<string, number>>;
  readonly failure: { readonly number: number; readonly why: string } | null;
}

/** What must stay as it is: everything but the attacker's own facts. */
interface Still {
  readonly heads: unknown;
  readonly view: unknown;
  readonly bytes: number;
}

/** The honest world that the mutants come into. */
interface Stage {
  /** What the founder says next. */
  readonly honest: Uint8Array;
  readonly mutant: (number: number) => Mutant;
  readonly fresh: () => Store;
  /** Whether a frame is bad for everybody. */
  readonly isBad: (bytes: Uint8Array) => boolean;
}

/** After each of so many the author itself goes on, when it had an effect. */
const SLOW_EVERY = 8;

/** A mutant, what must stay as it is, and whether its author is to go on. */
interface Trial {
  readonly mutant: Mutant;
  readonly still: Still;
  readonly isSlow: boolean;
}

/** Sends the mutants `first` to `first + count - 1`; each number always makes the same mutant. */
export const fuzz = (
  first: number,
  count: number,
  onProgress: (done: number) => void = () => undefined,
): FuzzResult => {
  const stage = openStage();
  const verdicts: Record<string, number> = {};
  let reader = stage.fresh();
  let still = stillOf(reader);
  for (let number = first; number < first + count; number += 1) {
    const mutant = stage.mutant(number);
    const outcome = attack(stage, reader, { mutant, still, isSlow: number % SLOW_EVERY === 0 });
    if (typeof outcome === 'string') {
      return { verdicts, failure: { number, why: `${mutant.kind}: ${outcome}` } };
    }
    const name = `${mutant.kind}: ${wordOf(outcome)}`;
    verdicts[name] = (verdicts[name] ?? 0) + 1;
    if (hasEffect(outcome)) {
      reader = stage.fresh();
      still = stillOf(reader);
    }
    if ((number - first) % 1000 === 999) onProgress(number - first + 1);
  }
  const spoilt = goesOn(stage, reader, true);
  return { verdicts, failure: spoilt === null ? null : { number: first + count, why: spoilt } };
};

const openStage = (): Stage => {
  const history = tellHistory();
  const make = openMutants(history);
  const founder = openPartyStore('founder');
  founder.load(history.others, NOW_MS);
  return {
    honest: say(founder, [{ path: 'intent/a', value: 1 }]),
    isBad: openOracle(history, 'victim'),
    mutant: (number) => make(openDice(`mutant ${number}`)),
    fresh: () => {
      const store = openPartyStore('victim');
      store.load([...history.others, ...history.attacker], NOW_MS);
      return store;
    },
  };
};

const stillOf = (store: Store): Still => ({
  heads: store.heads().filter(({ author }) => author !== idOf('attacker')),
  view: withoutAttacker(store.view()),
  bytes: store.weight().bytes,
});

/** The view but for what the attacker may say of itself. */
const withoutAttacker = (view: View): unknown => {
  const attacker = idOf('attacker');
  const own = view.members.find(({ id }) => id === attacker);
  return {
    mesh: view.mesh,
    operators: view.operators,
    evicted: view.evicted,
    invites: view.invites,
    others: view.members.filter(({ id }) => id !== attacker),
    trusted: own === undefined ? null : [own.id, own.name, own.labels, own.wgKey],
  };
};

/** The receipt of a mutant, or in words what it did that none may. */
const attack = (
  stage: Stage,
  reader: Store,
  { mutant, still, isSlow }: Trial,
): Receipt | string => {
  let receipt: Receipt;
  try {
    receipt = reader.receive(mutant.bytes, NOW_MS);
  } catch (error) {
    return `threw ${error instanceof Error ? error.stack : String(error)}`;
  }
  const isBad = stage.isBad(mutant.bytes);
  if (isBad && receipt.verdict !== 'rejected') return `is ${wordOf(receipt)}, not rejected`;
  if (!isBad && receipt.verdict === 'rejected') return `is ${wordOf(receipt)} for no reason`;
  if (hasEffect(receipt)) return afterEffect(stage, reader, { still, isSlow }) ?? receipt;
  if (reader.weight().bytes !== still.bytes) return `left bytes behind: ${wordOf(receipt)}`;
  if (!isDeepStrictEqual(stillOf(reader).heads, still.heads)) return 'moved a head untaken';
  return receipt;
};

/** Two frames for one place freeze their author: that too concerns nobody else. */
const hasEffect = ({ verdict }: Receipt): boolean => verdict === 'taken' || verdict === 'forked';

const afterEffect = (
  stage: Stage,
  reader: Store,
  { still, isSlow }: Omit<Trial, 'mutant'>,
): string | null => {
  const now = stillOf(reader);
  if (!isDeepStrictEqual(now.heads, still.heads)) return 'moved the chain of another';
  if (!isDeepStrictEqual(now.view, still.view)) return 'changed what is not its author’s to say';
  return goesOn(stage, reader, isSlow);
};

/** Whether honest members can still write, and are heard. Null: they can. */
const goesOn = ({ honest }: Stage, reader: Store, isSlow: boolean): string | null => {
  try {
    const receipt = reader.receive(honest, NOW_MS);
    if (receipt.verdict !== 'taken') return `an honest frame is ${wordOf(receipt)} afterwards`;
    say(reader, [{ path: 'status/a', value: 1 }]);
    if (!isSlow) return null;
    const later = repent(reader);
    return later.verdict === 'taken' ? null : `its author’s next frame is ${wordOf(later)}`;
  } catch (error) {
    return `spoilt what came after: ${error instanceof Error ? error.stack : String(error)}`;
  }
};

/** The attacker goes on honestly from what it has said, with all of it in a new generation. */
const repent = (reader: Store): Receipt => {
  const attacker = openPartyStore('attacker');
  attacker.load(reader.framesAfter([], Number.MAX_SAFE_INTEGER), NOW_MS);
  const written = attacker.nextGeneration(NOW_MS);
  if (written.kind !== 'frame') throw new Error(`nothing written: ${written.kind}`);
  written.commit();
  return reader.receive(written.bytes, NOW_MS);
};

const wordOf = (receipt: Receipt): string =>
  'why' in receipt ? `${receipt.verdict}, ${receipt.why}` : receipt.verdict;
