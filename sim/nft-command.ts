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

/** A table as `nft` lists it. */
function listing(kernel: Kernel, objects: readonly object[]): string {
  const texts = objects.map((object) => textOf(kernel, object));
  return `{"nftables":[${[METAINFO, ...texts].join()}]}`;
}

const METAINFO = JSON.stringify({ metainfo: { version: '1.0.6', json_schema_version: 1 } });

/** An object as it is listed. Written once: it does not change, but for times that run. */
function textOf(kernel: Kernel, object: object): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const [[kind, body] = ['', {}]] = Object.entries(object) as [string, Body][];
  const { elem } = body;
  const told =
    elem === undefined ? body : { ...body, ...listed(kernel.nowMs(), { ...body, elem }) };
  kernel.handles += 1;
  const text = JSON.stringify({ [kind]: { ...told, handle: kernel.handles } });
  if (elem?.some(({ timeout }) => timeout !== null) !== true) texts.set(object, text);
  return text;
}

interface Body {
  readonly elem?: readonly Element[];
}

const texts = new WeakMap<object, string>();
