/** Rule: report — figures as a table on a screen and as one in a document. */
import { type Figure, rounded, summariesOf, verdictsOf } from './figure.ts';

const HEADINGS = ['figure', 'of', 'median', 'min', 'max', 'rounds', 'CPU ms', 'ratio'];

/** Rows of all figures: one for each series. `ratio` is ours to that one. */
function rowsOf(figures: readonly Figure[]): readonly (readonly string[])[] {
  return figures.flatMap((figure) =>
    summariesOf(figure).map((each, index) => [
      index === 0 ? `${figure.name}, ${figure.unit}` : '',
      each.name,
      ...[each.median, each.min, each.max].map(rounded),
      String(each.rounds),
      each.cpuMs === null ? '' : rounded(each.cpuMs),
      each.ratio === null ? '' : rounded(each.ratio),
    ]),
  );
}

/** The limits of all figures, a line each. */
export const verdictLines = (figures: readonly Figure[]): readonly string[] =>
  figures.flatMap(verdictsOf).map(({ text, isKept }) => `${isKept ? 'kept' : 'MISSED'}  ${text}`);

/** Whether all limits are kept. */
export const isAllKept = (figures: readonly Figure[]): boolean =>
  figures.flatMap(verdictsOf).every(({ isKept }) => isKept);

/** The table for a screen. Texts to the left, numbers to the right. */
export function tableText(figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...rowsOf(figures)];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

/** The same as Markdown, with the limits below. */
export function tableMarkdown(figures: readonly Figure[]): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const rule = line(HEADINGS.map((_, column) => (column < 2 ? '---' : '---:')));
  const verdicts = verdictLines(figures).map((each) => `- ${each.replace(/ +/, ': ')}`);
  return [line(HEADINGS), rule, ...rowsOf(figures).map(line), '', ...verdicts].join('\n');
}

/** A document with the text between the marks of a name replaced. Throws when it has no marks. */
export function withSection(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no section ${begin} … ${end} in the document`);
  return `${document.slice(0, from)}${begin}\n${text}\n${document.slice(to)}`;
}
