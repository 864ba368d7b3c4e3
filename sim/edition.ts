/**
 * Edge: edition — the product as one VM runs it: as it is, or a copy with some lines changed.
 *
 * A planted bug is a line of a rule that is wrong, and another release is a product that knows
 * more; so neither needs a switch in the product. A copy has modules of its own; what the simulator
 * itself imports is always the product as it is, and so may judge the copies.
 * 1. A patch whose text does not stand exactly once in its file fails at once: it is out of date.
 * 2. `fault.ts` is shared: who catches a refusal tells it by its class.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { finishLeave } from '../src/node/finish-leave.ts';
import { prepareInit } from '../src/node/init.ts';
import { prepareJoin } from '../src/node/join.ts';
import { startNode } from '../src/node/node.ts';

/** What a VM runs. */
export interface Edition {
  readonly startNode: typeof startNode;
  readonly prepareInit: typeof prepareInit;
  readonly prepareJoin: typeof prepareJoin;
  readonly finishLeave: typeof finishLeave;
}

/** One change to a file of the product; its path begins at the root of the project. */
export interface Patch {
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly put: string;
}

/** The product as it is. */
export const GENUINE: Edition = { startNode, prepareInit, prepareJoin, finishLeave };

const ROOT = resolve(import.meta.dirname, '..');
const MARK = 'edition';

const made = new Map<string, Promise<Edition>>();
const patchesOf = new Map<string, readonly Patch[]>();

/** The product with these changes; made once for the same ones. */
export function openEdition(patches: readonly Patch[]): Promise<Edition> {
  if (patches.length === 0) return Promise.resolve(GENUINE);
  const key = JSON.stringify(patches);
  const edition = made.get(key) ?? load(`${made.size + 1}`, patches);
  made.set(key, edition);
  return edition;
}

async function load(number: string, patches: readonly Patch[]): Promise<Edition> {
  if (patchesOf.size === 0) registerHooks({ resolve: markedLike, load: patched });
  patchesOf.set(number, patches);
  for (const patch of patches) {
    const why = whyUnfit(patch);
    if (why !== null) throw new Error(why);
  }
  const file = (name: string): string =>
    `${pathToFileURL(resolve(ROOT, `src/node/${name}.ts`)).href}?${MARK}=${number}`;
  const [node, init, join, leave] = await Promise.all(
    ['node', 'init', 'join', 'finish-leave'].map((name) => import(file(name))),
  );
  return { ...node, ...init, ...join, ...leave };
}

const numberOf = (url: string | undefined): string | null =>
  url === undefined || !url.startsWith('file:') ? null : new URL(url).searchParams.get(MARK);

type Hooks = Parameters<typeof registerHooks>[0];

/** What a module of a copy imports of the product belongs to the same copy. */
const markedLike: NonNullable<Hooks['resolve']> = (specifier, context, nextResolve) => {
  const resolved = nextResolve(specifier, context);
  const number = numberOf(context.parentURL);
  const isOurs = resolved.url.startsWith(`${pathToFileURL(ROOT).href}/src/`);
  if (number === null || !isOurs || resolved.url.endsWith('/src/fault.ts')) return resolved;
  return { ...resolved, url: `${resolved.url}?${MARK}=${number}` };
};

const patched: NonNullable<Hooks['load']> = (url, context, nextLoad) => {
  const loaded = nextLoad(url, context);
  const number = numberOf(url);
  const due = (patchesOf.get(number ?? '') ?? []).filter(({ file }) => isAt(url, file));
  if (due.length === 0) return loaded;
  const text = Buffer.from(loaded.source as Uint8Array).toString('utf8');
  return { ...loaded, source: due.reduce(apply, text) };
};

const isAt = (url: string, file: string): boolean =>
  new URL(url).pathname === pathToFileURL(resolve(ROOT, file)).pathname;

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
