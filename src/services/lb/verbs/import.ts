/**
 * Rule: lb import — the balancers of the original CNSMO, by the parameters of its deployment, and
 * those that `cnsmo lb list -o json` tells.
 *
 * 1. The original had one balancer for a port, so one is called by its port; importing it twice is
 *    importing it once.
 * 2. Its mode is the original's default, leastconn, where none is said; its frontend is where
 *    `--on` says, as the original had it on the VM that ran it.
 * 3. A virtual address is picked as ever: it follows from the name, so one that was deleted and is
 *    imported again has its old one where nobody took that.
 */
import type { Edit } from '../../../crdt/entry.ts';
import type { Meter } from '../../../crdt/meter.ts';
import { refuse } from '../../refuse.ts';
import { mustBeName } from '../../typed-words.ts';
import { type Arguments, type Decision, type Scene, type Verb, verbInPieces } from '../../verb.ts';
import { pickAddresses } from '../addresses.ts';
import { type Balancer, balancersOf } from '../balancers.ts';
import { mustFit, notesOf, type Other } from './fit.ts';
import {
  type Item,
  isOriginal,
  ORIGINAL_NAMES,
  readItems,
  readListed,
  readOriginal,
  TYPED_NAMES,
  within,
} from './import-items.ts';
import { addressTexts, editOf, isSame } from './objects.ts';
import { readWhom } from './typed.ts';
import { readWish } from './wish.ts';

/** Most balancers at a time. The issue speaks of 1,000. */
const BALANCERS_MAX = 4_000;
/** Time to take one in. Unit: ms, as measured. */
const ITEM_MS = 0.2;

interface Imported {
  /** Those that were written. */
  readonly imported: readonly string[];
  /** Those that were there already, just so. */
  readonly already: readonly string[];
  readonly notes: readonly string[];
}

/** `import`. */
export const importVerb: Verb = verbInPieces<Imported>({
  name: 'import',
  help: 'balancers of the original CNSMO by its lb.port, lb.mode and lb.node, or of list -o json',
  example: 'balancers.json --on lb1',
  inputs: [
    {
      ...{ name: 'file', as: 'word', kind: 'content', isNeeded: true },
      help: 'a file of JSON, - for standard input',
    },
    {
      ...{ name: 'on', as: 'flag', kind: 'texts', value: 'selector' },
      help: 'of the original: which members listen at their other addresses as well',
    },
    {
      ...{ name: 'to', as: 'flag', kind: 'texts', value: 'selector' },
      help: 'of the original: whose members serve, instead of lb.node',
    },
  ],
  needs: 'operator',
  canPlan: true,
  decideInPieces: (scene, given, meter) => decide(scene, given, meter),
  show: ({ imported, already, notes }) => ({
    lines: [
      imported.length === 0 ? 'Nothing new.' : `Imported: ${imported.join(', ')}.`,
      ...(already.length === 0 ? [] : [`There already: ${already.join(', ')}.`]),
      ...notes,
    ],
  }),
});

function* decide(
  scene: Scene,
  given: Arguments,
  meter: Meter,
): Generator<void, Decision<Imported>> {
  for (const flag of ['on', 'to']) readWhom(scene.view, flag, given.texts(flag));
  const items = readItems(given.text('file') ?? '', BALANCERS_MAX);
  const { balancers } = balancersOf(scene.view);
  const desk: Desk = {
    ...{ scene, given, taken: new Set(), others: [...balancers] },
    ...{ known: new Map(balancers.map((each) => [each.name, each])), names: new Set() },
  };
  const taken: Taken[] = [];
  for (const item of items) {
    taken.push(
      within(item, isOriginal(item) ? ORIGINAL_NAMES : TYPED_NAMES, () => take(desk, item)),
    );
    if (meter.isDue(ITEM_MS)) yield;
  }
  return {
    edits: taken.flatMap(({ edit }) => edit ?? []),
    body: {
      imported: taken.filter(({ edit }) => edit !== null).map(({ name }) => name),
      already: taken.filter(({ edit }) => edit === null).map(({ name }) => name),
      notes: taken.flatMap(({ notes }) => notes),
    },
  };
}

/** What one import works with. */
interface Desk {
  readonly scene: Scene;
  readonly given: Arguments;
  readonly known: ReadonlyMap<string, Balancer>;
  /** Names that stood in the file so far. */
  readonly names: Set<string>;
  /** Addresses that it took. */
  readonly taken: Set<string>;
  /** Balancers that stand, and those that it brought so far. */
  readonly others: Other[];
}

interface Taken {
  readonly name: string;
  /** Null where it was there already. */
  readonly edit: Edit | null;
  readonly notes: readonly string[];
}

function take({ scene, given, known, names, taken, others }: Desk, item: Item): Taken {
  const { view } = scene;
  const { name, typed } = isOriginal(item) ? readOriginal(view, item, given) : readListed(item);
  mustBeName('name', name);
  if (names.has(name)) throw refuse('name', name, 'stands twice in the file', 'rename one');
  names.add(name);
  const wish = readWish(view, typed, null);
  const before = known.get(name);
  if (before !== undefined && isSame(before, wish)) return { name, edit: null, notes: [] };
  if (before !== undefined) {
    const remedy = `delete it first, or change it: cnsmo lb edit ${name}`;
    throw refuse('name', name, 'another balancer has that name', remedy);
  }
  mustFit(scene, { name, wish, others }, false);
  others.push({ name, ...wish });
  const addresses = pickAddresses(view, name, taken);
  for (const address of addressTexts(addresses)) taken.add(address);
  const notes = notesOf(view, wish).map((note) => `${name}: ${note}`);
  return { name, edit: editOf(name, { ...wish, addresses }), notes };
}
