/**
 * Rule: plain text — what came from elsewhere, so that it can neither move nor paint a terminal,
 * and how many columns it takes there.
 *
 * 1. Line ends and other controls become one blank; what hides or turns text round is shown as �.
 * 2. East Asian characters and emoji take two columns, marks none: one for each grapheme.
 */

/** A text of one line that is only text. */
export const plainText = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replace(/[\p{Cf}\p{Cs}]/gu, '�');

/** An answer in which every text is plain; names of fields too. */
export function plainBody(body: unknown): unknown {
  if (typeof body === 'string') return plainText(body);
  if (Array.isArray(body)) return body.map(plainBody);
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [plainText(name), plainBody(value)]),
  );
}

/** What JSON and YAML need not escape, but a terminal may obey. */
export const UNPLAIN = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON that is plain as well: such characters are escaped. */
export const plainJson = (body: unknown, indent?: number): string =>
  JSON.stringify(body, null, indent).replace(UNPLAIN, (character) =>
    Array.from({ length: character.length }, (_, at) => escapeUnit(character, at)).join(''),
  );

const escapeUnit = (text: string, at: number): string =>
  `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;

const ASCII = /^[\x20-\x7e]*$/;
/** Unicode's East Asian Width W and F, by blocks; and what is shown as an emoji by itself. */
const WIDE_BLOCKS = [
  String.raw`\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3`,
  String.raw`\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6`,
  String.raw`\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}`,
];
const WIDE = new RegExp(String.raw`[${WIDE_BLOCKS.join('')}]|\p{Emoji_Presentation}|\ufe0f`, 'u');
const ONLY_MARKS = /^[\p{Mn}\p{Me}]+$/u;

/** Made for the first text that needs one: that takes 10 ms, and most texts are ASCII. */
let segmenter: Intl.Segmenter | null = null;

/** What a person takes for characters. */
function graphemesOf(text: string): readonly string[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** How many columns a plain text takes. */
export const columnsOf = (text: string): number =>
  ASCII.test(text)
    ? text.length
    : graphemesOf(text).reduce((sum, grapheme) => sum + columnsOfOne(grapheme), 0);

const columnsOfOne = (grapheme: string): number => {
  if (WIDE.test(grapheme)) return 2;
  return ONLY_MARKS.test(grapheme) ? 0 : 1;
};

/** The text in at most so many columns, with an ellipsis in the place of what is left out. */
export function shorten(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const graphemes = graphemesOf(text);
  const tailColumns = Math.floor((columns - 1) / 2);
  const tail = take(graphemes.toReversed(), tailColumns).toReversed();
  const head = take(graphemes, columns - 1 - columnsOf(tail.join('')));
  return `${head.join('')}…${tail.join('')}`;
}

/** As many of the first as fit. */
function take(graphemes: readonly string[], columns: number): readonly string[] {
  let left = columns;
  const end = graphemes.findIndex((grapheme) => {
    left -= columnsOfOne(grapheme);
    return left < 0;
  });
  return end < 0 ? graphemes : graphemes.slice(0, end);
}

/** The text in lines of at most so many columns, broken at blanks; words are never broken. */
export function wrapText(text: string, columns: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || columnsOf(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line].join('\n');
}
