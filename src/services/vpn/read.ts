/**
 * Rule: vpn read — what the probes say, as one record.
 *
 * 1. Output that cannot be read is a problem, never a guess.
 * 2. The table is the least of it: where nftables does not work, the tunnels do.
 * 3. A host mostly says what it said before: what a text was read as is remembered.
 */
import { type Memo, openMemo } from '../../crdt/memo.ts';
import type { Meter } from '../../crdt/meter.ts';
import type { View } from '../../crdt/view.ts';
import type { HostResult } from '../../ports.ts';
import type { Finding, Results, Seen, Self } from '../service.ts';
import { dumpInPieces, readDump } from './read-device.ts';
import { pathsInPieces, readHost, readPaths } from './read-host.ts';
import type { ObservedTable, VpnObserved } from './state.ts';
import { reduce } from './table.ts';

/** What `nft` writes to standard error when there is no such table. */
const NO_TABLE = /No such file or directory/;

/** A host of which nothing is known. */
const NOTHING: VpnObserved = {
  ...{ link: null, addresses: [], device: null, others: [], mtus: {}, routes: [], paths: {} },
  table: { kind: 'no-tool' },
};

/** The host as the probes show it. */
export const read = (results: Results, self: Self): Finding<VpnObserved> => {
  const host = again(hostMemo, results.host, self.interface, readHost);
  if (!host.ok) return unreadable(host.why);
  const table = again(tableMemo, results.table, self.interface, readTable);
  const device = readDump(results.wg, self.interface);
  if (!device.ok) return unreadable(device.why);
  if (host.value.link === null) {
    return seen({ ...NOTHING, ...host.value, device: device.value, table });
  }
  const paths = again(pathsMemo, results.paths, self.interface, readPaths);
  if (!paths.ok) return unreadable(paths.why);
  return seen({ ...host.value, device: device.value, paths: paths.value, table });
};

/** Reads in pieces what there is one line of for each member: some 20 ms of a thousand. */
export function* digest(
  _view: View,
  self: Self,
  { results: { wg, paths } }: Seen<VpnObserved>,
  meter: Meter,
): Generator<void, void> {
  if (wg !== undefined) yield* dumpInPieces(wg, self.interface, meter);
  if (paths !== undefined && isMuch(paths)) yield* pathsInPieces(paths, meter);
}

/** Texts of each kind that are remembered, and the longest of them. Unit of that: characters. */
const TEXTS_MAX = 16;
const TEXT_LENGTH_MAX = 16_384;

const hostMemo: Memo<ReturnType<typeof readHost>> = openMemo(TEXTS_MAX);
const pathsMemo: Memo<ReturnType<typeof readPaths>> = openMemo(TEXTS_MAX);
const tableMemo: Memo<ObservedTable> = openMemo(TEXTS_MAX);

/** What `reading` makes of a result, or made of the same one before. */
function again<Read>(
  memo: Memo<Read>,
  result: HostResult | undefined,
  ownInterface: string,
  reading: (result: HostResult | undefined, ownInterface: string) => Read,
): Read {
  if (result === undefined || isMuch(result)) return reading(result, ownInterface);
  const { status, stdout, stderr } = result;
  const key = [ownInterface, status, stderr, stdout].join('\0');
  return memo(key, () => reading(result, ownInterface));
}

const isMuch = ({ stdout, stderr }: HostResult): boolean =>
  stdout.length + stderr.length > TEXT_LENGTH_MAX;

const seen = (state: VpnObserved): Finding<VpnObserved> => ({
  state,
  problems: [],
  recheckMs: null,
});

const unreadable = (why: string): Finding<VpnObserved> => ({
  state: NOTHING,
  problems: [why],
  recheckMs: null,
});

/** Not run where there is no such tool. */
const readTable = (result: HostResult | undefined): ObservedTable => {
  if (result === undefined) return { kind: 'no-tool' };
  if (result.status !== 0) {
    if (NO_TABLE.test(result.stderr)) return { kind: 'missing' };
    const said = result.stderr.trim().split('\n')[0] ?? '';
    return { kind: 'refused', why: said === '' ? `exit status ${result.status}` : said };
  }
  try {
    const listed: unknown = JSON.parse(result.stdout);
    const objects = (listed as { readonly nftables?: unknown } | null)?.nftables;
    if (Array.isArray(objects)) return { kind: 'present', words: reduce(objects) };
  } catch {
    // Told below, as other output that is none of nft's is.
  }
  return { kind: 'refused', why: 'its output is no JSON; nftables 0.9.3 or later is needed' };
};
