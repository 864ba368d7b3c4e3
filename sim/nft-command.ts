/**
 * Edge: nft command — the part of nftables that the product uses, on a simulated kernel: tables
 * with chains, rules, sets and maps, whose elements may have a time. Where new connections go by
 * them, `nft-walk.ts` tells.
 */
import type { HostResult } from '../src/ports.ts';
import { done, failed, unknownCommand } from './command.ts';
import { type Kernel, tellTableMonitors } from './kernel.ts';
import { type Element, listed } from './nft-elements.ts';
import { type Outcome, transact } from './nft-tables.ts';
import { type Change, changesOf } from './nft-text.ts';

/** Runs `nft`; `words` are its arguments. */
export function runNft(kernel: Kernel, words: readonly string[], stdin: string): HostResult {
  const text = words.join(' ');
  if (text === '-j list chains') {
    const all = [...kernel.tables.values()].flat().filter((object) => 'chain' in object);
    return done(JSON.stringify({ nftables: all }));
  }
  const [, table] = /(?:^-j list|^delete) table (\S+ \S+)$/.exec(text) ?? [];
  if (table !== undefined) {
    const objects = kernel.tables.get(table);
    if (objects === undefined) return failed(1, 'Error: No such file or directory');
    if (words.includes('list')) return done(listing(kernel, objects));
    kernel.tables.delete(table);
    tellTableMonitors(kernel, [table]);
    return done();
  }
  const [, check, json] = /^(--check )?(-j )?-f -$/.exec(text) ?? [];
  if (!text.endsWith('-f -') || words.length > 4) throw unknownCommand(['nft', ...words]);
  const changes = json === undefined ? changesOf(stdin) : changesIn(stdin);
  const outcome = transact(kernel.tables, kernel.nowMs(), changes);
  if (outcome.error !== null) return failed(1, outcome.error);
  // It can all that there is.
  if (check === undefined) keep(kernel, outcome);
  return done();
}

const changesIn = (json: string): readonly Change[] =>
  (JSON.parse(json) as { readonly nftables: readonly Change[] }).nftables;

function keep(kernel: Kernel, { tables, changed }: Outcome): void {
  kernel.tables.clear();
  for (const [id, objects] of tables) kernel.tables.set(id, objects);
  tellTableMonitors(kernel, changed);
}

/** A table as `nft` lists it. Written once: objects are not changed, but for times that run. */
function listing(kernel: Kernel, objects: readonly object[]): string {
  const known = listings.get(objects);
  if (known !== undefined) return known;
  const text = JSON.stringify({ nftables: listedAll(kernel, objects) });
  if (!objects.some(isTimed)) listings.set(objects, text);
  return text;
}

const listings = new WeakMap<readonly object[], string>();

const isTimed = (object: object): boolean =>
  Object.values(object as Readonly<Record<string, { readonly elem?: readonly Element[] }>>).some(
    ({ elem = [] }) => elem.some(({ timeout }) => timeout !== null),
  );

/** Handles come from the kernel; they are here so that nobody relies on there being none. */
const listedAll = (kernel: Kernel, objects: readonly object[]): readonly object[] => [
  { metainfo: { version: '1.0.6', json_schema_version: 1 } },
  ...objects.map((object, index) =>
    Object.fromEntries(
      Object.entries(object).map(([kind, body]) => [
        kind,
        {
          ...body,
          ...(body.elem === undefined ? {} : listed(kernel.nowMs(), body)),
          handle: index + 1,
        },
      ]),
    ),
  ),
];
