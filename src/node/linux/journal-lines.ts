/**
 * Edge: journal lines — what `journalctl --output=json` prints: an object a line, whose MESSAGE is
 * a text, or a list of bytes where it is no text.
 */
import * as z from 'zod/mini';
import { CURSOR_MAX } from '../../log-book.ts';

/** A line of the journal and where it stands in it. */
export interface JournalLine {
  readonly text: string;
  readonly cursor: string;
}

const lineSchema = z.object({
  __CURSOR: z.string(),
  MESSAGE: z.optional(z.nullable(z.union([z.string(), z.array(z.int())]))),
});

/** The lines, as many as can be read. */
export const readJournalLines = (printed: string): readonly JournalLine[] =>
  printed.split('\n').flatMap((line) => {
    const read = parse(line);
    if (read === null) return [];
    const { __CURSOR: cursor, MESSAGE: message = '' } = read;
    const text =
      typeof message === 'string' ? message : Buffer.from(message ?? []).toString('utf8');
    return [{ text, cursor }];
  });

const parse = (line: string) => {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null; // The end of the output.
  }
};

/** A cursor that may stand in a command line: `s=…;i=…;b=…`, in letters and digits; else null. */
export const journalCursor = (text: string): string | null =>
  text.length <= CURSOR_MAX && /^s=[0-9a-z=;]+$/i.test(text) ? text : null;
