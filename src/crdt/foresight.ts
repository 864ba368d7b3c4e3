/**
 * Rule: foresight — the view as it would be after edits of intent or of labels, for who
 * wants to see what a change does before it is made.
 */
import type { Edit } from './entry.ts';
import { HLC_ZERO, type Hlc, maxHlc } from './hlc.ts';
import type { MemberId } from './ids.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';
import { isIntentPath, readIntentPath, readPath } from './paths.ts';
import { readRecord } from './records.ts';
import { PATH_SCHEMAS } from './schemas.table.ts';
import { compareText } from './statements.ts';
import type { Intent, View } from './view.ts';

/**
 * The view after `author`, an operator, said this. Edits of anything but intent and labels show
 * nothing.
 */
export const foresee = (view: View, edits: readonly Edit[], author: MemberId): View =>
  finish(foreseeInPieces(view, edits, author, UNMETERED));

/** Time to put an edit into its place. Unit: ms, as measured. */
const EDIT_MS = 0.002;

/** The same, in pieces. */
export function* foreseeInPieces(
  view: View,
  edits: readonly Edit[],
  author: MemberId,
  meter: Meter,
): Generator<void, View> {
  const intents = new Map(view.intent.map((intent) => [intent.path, intent]));
  if (meter.isDue(intents.size * EDIT_MS)) yield;
  let hlc = view.intent.reduce<Hlc>((latest, one) => maxHlc(latest, one.hlc), HLC_ZERO);
  for (const { path, value } of edits) {
    if (meter.isDue(EDIT_MS)) yield;
    const place = readIntentPath(path);
    if (place === null) continue;
    hlc = [hlc[0], hlc[1] + 1];
    const older = intents.get(path)?.older ?? [];
    if (value === null) intents.delete(path);
    else intents.set(path, { path, ...place, value, author, hlc, older });
  }
  const members = labelled(view.members, edits);
  if (meter.isDue(intents.size * EDIT_MS)) yield;
  return { ...view, members, intent: sorted([...intents.values()]) };
}

/** The same list where no label is spoken of. */
const labelled = (members: View['members'], edits: readonly Edit[]): View['members'] => {
  const given = new Map(
    edits.flatMap(({ path, value }) => {
      const meaning = isIntentPath(path) ? null : readPath(path);
      const read = meaning?.kind === 'label' ? readRecord(PATH_SCHEMAS.label, value) : null;
      return meaning !== null && read?.ok === true ? [[meaning.key, read.value.labels]] : [];
    }),
  );
  if (given.size === 0) return members;
  return members.map((member) => ({ ...member, labels: given.get(member.id) ?? member.labels }));
};

const sorted = (intents: readonly Intent[]): readonly Intent[] =>
  intents.toSorted((a, b) => compareText(a.path, b.path));
