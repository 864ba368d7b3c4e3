/**
 * Rule: table — rows under headings that fit the page.
 *
 * 1. A cell is shortened in its middle, so that both ends tell it from others: the first column
 *    that may be, down to its least width, then the next. What may not be shortened never is.
 * 2. Colour never changes a width.
 */

/** What a text is to say at a glance. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'strong';

/** What is written on: how wide, and how a tone looks there; plain where nobody sees colours. */
export interface Page {
  readonly columns: number;
  readonly paint: (tone: Tone, text: string) => string;
}

/** A heading; `least`: to how many characters cells may be shortened, absent: not at all. */
export interface Column {
  readonly heading: string;
  readonly least?: number;
}

export type Cell = string | { readonly text: string; readonly tone: Tone };

const GAP = '  ';

/** The table as lines. A row that is shorter than the headings ends there. */
export function renderTable(
  page: Page,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string {
  const widths = fit(
    columns,
    columns.map(({ heading }, at) =>
      Math.max(heading.length, ...rows.map((row) => textOf(row[at] ?? '').length)),
    ),
    page.columns,
  );
  const lineOf = (cells: readonly Cell[]): string => {
    const shown = widths.map((width, at) => paddedCell(page, cells[at] ?? '', width));
    return `${shown.join(GAP).trimEnd()}\n`;
  };
  const headings = columns.map(({ heading }) => ({ text: heading, tone: 'strong' as const }));
  return [headings, ...rows].map(lineOf).join('');
}

/** Widths that together fit, as far as columns may be shortened. */
function fit(
  columns: readonly Column[],
  natural: readonly number[],
  pageColumns: number,
): readonly number[] {
  const gaps = GAP.length * (columns.length - 1);
  let excess = natural.reduce((sum, width) => sum + width, gaps) - pageColumns;
  return columns.map(({ least }, at) => {
    const width = natural[at] ?? 0;
    if (least === undefined || excess <= 0) return width;
    const shorter = Math.max(Math.min(width, least), width - excess);
    excess -= width - shorter;
    return shorter;
  });
}

const paddedCell = ({ paint }: Page, cell: Cell, width: number): string => {
  const text = shorten(textOf(cell), width);
  const shown = typeof cell === 'string' ? text : paint(cell.tone, text);
  return shown + ' '.repeat(width - text.length);
};

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** The text in at most `width` characters, with an ellipsis in the place of what is left out. */
const shorten = (text: string, width: number): string => {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - tail)}…${tail === 0 ? '' : text.slice(-tail)}`;
};
