/**
 * Rule: firewall trial parts — a trial as objects of the document: its head with the first changes,
 * and further parts for those that do not fit one value.
 *
 * All of them are written in one frame, so whoever has the head has the rest.
 */
import { encode } from '../../../crdt/codec.ts';
import type { Edit, Value } from '../../../crdt/entry.ts';
import type { Meter } from '../../../crdt/meter.ts';
import { intentPath } from '../../../crdt/paths.ts';
import type { View } from '../../../crdt/view.ts';
import { partName, SERVICE, type TrialOrder, trialPaths } from '../policy.ts';
import type { TrialRecord } from '../schemas.table.ts';
import type { Change } from './change.ts';

/** Changes of one object. Unit: bytes. A value has at most 8 KiB, and the head says more. */
const PART_BYTES_MAX = 7_000;

/** What a trial says beside its changes. */
type Terms = Pick<TrialRecord, 'seconds' | 'management'>;

/** The edits that begin a trial, in pieces. */
export function* trialEdits(
  id: string,
  terms: Terms,
  changes: readonly Change[],
  meter: Meter,
): Generator<void, readonly Edit[]> {
  const [first = [], ...more] = yield* inParts(changes, meter);
  const parts = more.length === 0 ? {} : { parts: more.length };
  return [
    // The first of its frame: so its stamp is the clock's own, where none that was seen is later.
    edit('trial', id, { ...terms, ...parts, changes: [...first] }),
    ...more.map((part, index) => edit('trial-part', partName(id, index), { changes: [...part] })),
  ];
}

/** The edits that take it away. */
export const trialEnd = (view: View, { id }: TrialOrder): readonly Edit[] =>
  trialPaths(view, id).map((path) => ({ path, value: null }));

const edit = (kind: string, name: string, value: Value): Edit => ({
  path: intentPath({ service: SERVICE, kind, name }),
  value,
});

/** Time to measure a change. Unit: ms, as measured. */
const CHANGE_MS = 0.005;

function* inParts(
  changes: readonly Change[],
  meter: Meter,
): Generator<void, readonly (readonly Value[])[]> {
  const parts: Value[][] = [];
  let left = 0;
  for (const { kind, name, value } of changes) {
    const change: Value = { kind, name, value };
    const bytes = encode(change).length;
    if (bytes > left || parts.length === 0) {
      parts.push([]);
      left = PART_BYTES_MAX;
    }
    parts.at(-1)?.push(change);
    left -= bytes;
    if (meter.isDue(CHANGE_MS)) yield;
  }
  return parts;
}
