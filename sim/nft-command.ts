/**
 * Edge: nft command — the part of nftables that the product uses, on a simulated kernel: tables
 * that are made and deleted whole. No packet of the simulator is changed by them.
 */
import type { HostResult } from '../src/ports.ts';
import { done, failed, unknownCommand } from './command.ts';
import { type Kernel, tellTableMonitors } from './kernel.ts';

type Change = Readonly<Record<'add' | 'delete', Readonly<Record<string, object>> | undefined>>;

/** Runs `nft`; `words` are its arguments. */
export function runNft(kernel: Kernel, words: readonly string[], stdin: string): HostResult {
  const text = words.join(' ');
  const [, table] = /(?:^-j list|^delete) table (\S+ \S+)$/.exec(text) ?? [];
  if (table !== undefined) {
    const objects = kernel.tables.get(table);
    if (objects === undefined) return failed(1, 'Error: No such file or directory');
    if (words.includes('list')) return done(JSON.stringify({ nftables: listed(objects) }));
    kernel.tables.delete(table);
    tellTableMonitors(kernel, table);
    return done();
  }
  if (text === '-j -f -') {
    const { nftables } = JSON.parse(stdin) as { readonly nftables: readonly Change[] };
    for (const change of nftables) if (!apply(kernel, change)) throw unknownCommand(['nft', stdin]);
    return done();
  }
  throw unknownCommand(['nft', ...words]);
}

/** Handles come from the kernel; they are here so that nobody relies on there being none. */
const listed = (objects: readonly object[]): readonly object[] => [
  { metainfo: { version: '1.0.6', json_schema_version: 1 } },
  ...objects.map((object, index) =>
    Object.fromEntries(
      Object.entries(object).map(([kind, body]) => [kind, { ...body, handle: index + 1 }]),
    ),
  ),
];

/** Makes one change; false when the fake does not know it. */
function apply(kernel: Kernel, { add, delete: removed }: Change): boolean {
  const [kind, body] = Object.entries(add ?? removed ?? {})[0] ?? [];
  if (body === undefined) return false;
  const { family, name, table } = body as Readonly<Record<string, string>>;
  const id = `${family} ${kind === 'table' ? name : table}`;
  const objects = kernel.tables.get(id);
  if (removed !== undefined) {
    if (kind !== 'table' || objects === undefined) return false;
    kernel.tables.delete(id);
  } else if (kind === 'table') kernel.tables.set(id, objects ?? [{ table: body }]);
  else if (kind === undefined || objects === undefined) return false;
  else kernel.tables.set(id, [...objects, { [kind]: body }]);
  tellTableMonitors(kernel, id);
  return true;
}
