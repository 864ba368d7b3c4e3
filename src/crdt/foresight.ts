/**
 * Rule: foresight — the view as it would be after edits of intent, for who wants to see what a
 * change does before it is made.
 */
import type { Edit } from './entry.ts';
import { HLC_ZERO, type Hlc, maxHlc } from './hlc.ts';
import type { MemberId } from './ids.ts';
import { readIntentPath } from './paths.ts';
import { compareText } from './statements.ts';
import type { Intent, View } from './view.ts';

/** The view after `author`, an operator, said this. Edits of anything but intent show nothing. */
export const foresee = (view: View, edits: readonly Edit[], author: MemberId): View => {
  const intents = new Map(view.intent.map((intent) => [intent.path, intent]));
  let hlc = view.intent.reduce<Hlc>((latest, one) => maxHlc(latest, one.hlc), HLC_ZERO);
  for (const { path, value } of edits) {
    const place = readIntentPath(path);
    if (place === null) continue;
    hlc = [hlc[0], hlc[1] + 1];
    const older = intents.get(path)?.older ?? [];
    if (value === null) intents.delete(path);
    else intents.set(path, { path, ...place, value, author, hlc, older });
  }
  return { ...view, intent: sorted([...intents.values()]) };
};

const sorted = (intents: readonly Intent[]): readonly Intent[] =>
  intents.toSorted((a, b) => compareText(a.path, b.path));
