/**
 * Rule: table — rows under headings that fit the page.
 *
 * 1. A cell is shortened in its middle, so that both ends tell it from others: the first column
 *    that may be, down to its least width, then the next. What may not be shortened never is.
 * 2. Where that is not enough, columns go whole, those of the highest `spare` first.
 * 3. Colour never changes a width.
 */
import type { Cell, Column, Tone } from '../services/verb.ts';
import { columnsOf, shorten } from './plain-text.ts';

/** What is written on: how wide, and how a tone looks there; plain where nobody sees colours. */
export interface Page {
  readonly columns: number;
  /** A person sees it at once: what does not fit there may be cut. A file or a pipe keeps all. */
  readonly isTerminal: boolean;
  readonly paint: (tone: Tone, text: string) => string;
}

const GAP = '  ';

/** The table as lines. A row that is shorter than the headings ends there. */
export function renderTable(
  page: Page,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string {
  const kept = keep(page, columns, rows);
  const widths = fit(
    kept.map(({ column }) => column),
    kept.map(({ natural }) => natural),
    page.columns,
  );
  const lineOf = (cells: readonly Cell[]): string => {
    const shown = kept.map(({ at }, i) => paddedCell(page, cells[at] ?? '', widths[i] ?? 0));
    return `${shown.join(GAP).trimEnd()}\n`;
  };
  const headings = columns.map(({ heading }) => ({ text: heading, tone: 'strong' as const }));
  return [headings, ...rows].map(lineOf).join('');
}

interface Kept {
  readonly column: Column;
  /** Its place among all. */
  readonly at: number;
  /** Width of its widest cell. */
  readonly natural: number;
}

/** The columns that have a place on the page. */
function keep(
  page: Page,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): readonly Kept[] {
  let kept = columns.map((column, at): Kept => {
    const cells = rows.map((row) => columnsOf(textOf(row[at] ?? '')));
    return { column, at, natural: Math.max(column.heading.length, ...cells) };
  });
  const least = ({ column, natural }: Kept): number => Math.min(natural, column.least ?? natural);
  const sumOf = (): number =>
    kept.reduce((sum, one) => sum + least(one), GAP.length * (kept.length - 1));
  while (sumOf() > page.columns) {
    const worst = Math.max(...kept.map(({ column }) => column.spare ?? 0));
    if (worst === 0) break;
    kept = kept.filter(({ column }) => column.spare !== worst);
  }
  return kept;
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
  return shown + ' '.repeat(Math.max(0, width - columnsOf(text)));
};

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);
