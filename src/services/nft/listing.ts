/**
 * Rule: nft listing — the objects of what `nft -j` says, read one part after the other: to
 * parse a listing of many thousands of rules at once takes a tenth of a second.
 */
import type { Meter } from '../../crdt/meter.ts';

/** What a listing begins with. nft 0.9.8 warns there of what it has no JSON for. */
const HEAD = /^(?:warning: [^\n]*\n)*\s*\{\s*"nftables"\s*:\s*\[/;
/** What it ends with, after its last object. */
const TAIL = /^\s*\]\s*\}\s*$/;
/** Objects are parsed together up to this. Unit: characters; 64 Ki take less than a millisecond. */
const PART_LENGTH = 65_536;

/** Times to look for the end of a part, and to parse it. Unit: ms per character, as measured. */
const [END_MS, PARSE_MS] = [2e-6, 5e-6];

/** Stands where others are to have their turn. */
export const PAUSE = Symbol('pause');

/** The objects of a listing, with pauses between; null, and no more, where it is none. */
export function* listed(text: string, meter: Meter): Generator<unknown, void> {
  for (const part of partsOf(text, meter, PART_LENGTH)) {
    if (part === PAUSE || part === null) {
      yield part;
      continue;
    }
    const objects = parsePart(part);
    if (objects === null) return yield null;
    if (meter.isDue(part.length * PARSE_MS)) yield PAUSE;
    yield* objects;
  }
}

/** The same, as the text of each object. Only who parses it learns whether it is one. */
export const textsOf = (
  text: string,
  meter: Meter,
): Generator<string | typeof PAUSE | null, void> => partsOf(text, meter, 0);

/** Objects with the commas between them, together up to a length; pauses and null as `listed`. */
function* partsOf(
  text: string,
  meter: Meter,
  lengthMax: number,
): Generator<string | typeof PAUSE | null, void> {
  const [head] = HEAD.exec(text) ?? [];
  if (head === undefined) return yield null;
  let from = head.length;
  for (;;) {
    const end = endOfPart(text, from, lengthMax);
    if (meter.isDue((end - from) * END_MS)) yield PAUSE;
    const part = text.slice(from, end);
    const isEmpty = part.trim() === '';
    if (isEmpty && (from > head.length || text[end] === ',')) return yield null;
    if (!isEmpty) yield part;
    if (text[end] !== ',') {
      if (!TAIL.test(text.slice(end))) yield null;
      return;
    }
    from = end + 1;
  }
}

/** Where the next part ends: at a comma between two objects, or behind the last one. */
function endOfPart(text: string, from: number, lengthMax: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      if (depth === 0) return at;
      depth -= 1;
    } else if (character === ',' && depth === 0 && at - from > lengthMax) return at;
  }
  return text.length;
}

/** The place of the quote that ends a string. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; at += 1) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let slashes = 0;
    while (text[at - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return at;
  }
}

/** The objects of a part, or of one text; null where it is no such thing. */
export function parsePart(part: string): readonly unknown[] | null {
  try {
    return JSON.parse(`[${part}]`) as readonly unknown[];
  } catch {
    return null;
  }
}
