/**
 * Edge: edition — the product as one VM runs it: as it is, or a copy with some lines changed.
 *
 * A planted bug is a line of a rule that is wrong, and another release is a product that knows
 * more; so neither needs a switch in the product. A copy has modules of its own for all that its
 * changes reach, and shares the rest; what the simulator itself imports is always the product as it
 * is, and so may judge the copies.
 * 1. A patch whose text does not stand exactly once in its file fails at once: it is out of date.
 * 2. `fault.ts` is shared, as no change may be to it: who catches a refusal tells it by its class.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { finishLeave } from '../src/node/finish-leave.ts';
import { prepareInit } from '../src/node/init.ts';
import { prepareJoin } from '../src/node/join.ts';
import { startNode } from '../src/node/node.ts';
import { reachedBy } from './reach.ts';

/** What a VM runs. */
export interface Edition {
  readonly startNode: typeof startNode;
  readonly prepareInit: typeof prepareInit;
  readonly prepareJoin: typeof prepareJoin;
  readonly finishLeave: typeof finishLeave;
  /** Sets after how many frames a generation begins; null where that is as in the product. */
  readonly setGenerationFrames: ((frames: number) => void) | null;
}

/** One change to a file of the product; its path begins at the root of the project. */
export interface Patch {
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly put: string;
}

/** The product as it is. */
export const GENUINE: Edition = {
  ...{ startNode, prepareInit, prepareJoin, finishLeave },
  setGenerationFrames: null,
};

const ROOT = resolve(import.meta.dirname, '..');
const MARK = 'edition';

const made = new Map<string, Promise<Edition>>();

/** A copy: its changes, and the files of which it has modules of its own. */
interface Copy {
  readonly patches: readonly Patch[];
  readonly files: ReadonlySet<string>;
}

const copies = new Map<string, Copy>();

/** The product with these changes; made once for the same ones. */
export function openEdition(patches: readonly Patch[]): Promise<Edition> {
  if (patches.length === 0) return Promise.resolve(GENUINE);
  const key = JSON.stringify(patches);
  const edition = made.get(key) ?? load(`${made.size + 1}`, patches);
  made.set(key, edition);
  return edition;
}

async function load(number: string, patches: readonly Patch[]): Promise<Edition> {
  if (copies.size === 0) registerHooks({ resolve: markedLike, load: patched });
  const files = reachedBy(
    ROOT,
    patches.map((patch) => patch.file),
  );
  copies.set(number, { patches, files });
  for (const patch of patches) {
    const why = whyUnfit(patch);
    if (why !== null) throw new Error(why);
  }
  const url = (name: string): string => {
    const path = `src/${name}.ts`;
    const { href } = pathToFileURL(resolve(ROOT, path));
    return files.has(path) ? `${href}?${MARK}=${number}` : href;
  };
  const [node, init, join, leave, writing] = await Promise.all(
    ['node/node', 'node/init', 'node/join', 'node/finish-leave', 'crdt/writing'].map(
      (name) => import(url(name)),
    ),
  );
  const { setGenerationFrames = null } = writing;
  return { ...node, ...init, ...join, ...leave, setGenerationFrames };
}

const numberOf = (url: string | undefined): string | null =>
  url === undefined || !url.startsWith('file:') ? null : new URL(url).searchParams.get(MARK);

type Hooks = Parameters<typeof registerHooks>[0];

const HOME = `${pathToFileURL(ROOT).href}/`;

/** Where a module of the project stands in it. */
const pathOf = (url: string): string => new URL(url).href.slice(HOME.length).replace(/\?.*$/, '');

/** What a module of a copy imports belongs to the same copy where that has one of its own. */
const markedLike: NonNullable<Hooks['resolve']> = (specifier, context, nextResolve) => {
  const resolved = nextResolve(specifier, context);
  const number = numberOf(context.parentURL);
  const isOurs = resolved.url.startsWith(`${HOME}src/`);
  if (number === null || !isOurs || !copies.get(number)?.files.has(pathOf(resolved.url))) {
    return resolved;
  }
  return { ...resolved, url: `${resolved.url}?${MARK}=${number}` };
};

const patched: NonNullable<Hooks['load']> = (url, context, nextLoad) => {
  const loaded = nextLoad(url, context);
  const number = numberOf(url);
  if (number === null) return loaded;
  const due = copies.get(number)?.patches.filter(({ file }) => file === pathOf(url)) ?? [];
  if (due.length === 0) return loaded;
  const text = Buffer.from(loaded.source as Uint8Array).toString('utf8');
  return { ...loaded, source: due.reduce(apply, text) };
};

/** Why a patch does not fit the product as it is now; null when it does. */
export function whyUnfit(patch: Patch): string | null {
  try {
    apply(readFileSync(resolve(ROOT, patch.file), 'utf8'), patch);
    return null;
  } catch (error) {
    return String(error);
  }
}

/** Invariant 1. */
function apply(text: string, { file, find, put }: Patch): string {
  const places = text.split(find).length - 1;
  if (places === 1) return text.replace(find, () => put);
  throw new Error(`${file} holds ${places} times what a patch looks for: ${find}`);
}
