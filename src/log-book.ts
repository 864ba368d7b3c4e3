/**
 * Rule: log book — what a daemon has written about itself, read back in pages.
 *
 * A page is bounded in lines and bytes, so that it can be handed to another member. Its cursor says
 * where the next one begins.
 */

/** Most lines of one page. */
export const PAGE_LINES_MAX = 1_000;
/** Most bytes of one page's lines, UTF-8. A longer line stands alone, cut to this. */
export const PAGE_BYTES_MAX = 256 * 1024;
/** Longest cursor, characters. Those of systemd's journal have 150. */
export const CURSOR_MAX = 400;

/** What of a log is wanted. */
export interface PageWish {
  /** The cursor of the page before; null: the last lines. */
  readonly after: string | null;
  /** Most lines wanted. */
  readonly lines: number;
}

/** Lines of a log, oldest first, each without its newline. */
export interface LogPage {
  readonly lines: readonly string[];
  /** Where it ends. Known to the log that gave it, also after a restart of its daemon. */
  readonly cursor: string;
}

/** A log that can be read back. */
export interface LogBook {
  /**
   * The last lines, or the first ones after a cursor; none is a page too. A cursor that the log
   * does not know begins with the oldest line it has, or with the last ones. Fault 'refused' when
   * this daemon's log is nowhere to be read.
   */
  page(wish: PageWish): Promise<LogPage>;
}
