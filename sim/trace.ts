/**
 * Edge: trace — everything that happens in a run, folded into one hash.
 *
 * Two runs of one seed must give the same hash; where they do not, something in the product or the
 * simulator is not deterministic. The last lines are kept for a person who looks at a failure.
 */
import { createHash } from 'node:crypto';

/** The record of one run. */
export interface Trace {
  /** Notes that something happened: when, to whom, what. Bytes are folded in whole. */
  note(atMs: number, who: string, what: string, bytes?: Uint8Array): void;
  /** Hash of everything noted so far, hex. */
  hash(): string;
  /** The last lines, the oldest first. */
  tail(): readonly string[];
}

/** Lines kept. */
const TAIL_LINES = 400;
/** Characters gathered before they are hashed. */
const CHUNK_LENGTH = 32_768;

/** An empty trace. `onLine` sees every line, where a person asked for them. */
export function openTrace(onLine?: (line: string) => void): Trace {
  const hash = createHash('sha256');
  let lines: string[] = [];
  let chunk = '';
  const flush = (): void => {
    hash.update(chunk);
    chunk = '';
  };
  return {
    note: (atMs, who, what, bytes) => {
      const line = `${atMs.toFixed(3)} ${who} ${what}`;
      chunk += `${line}\n`;
      if (bytes !== undefined) chunk += textOf(bytes);
      if (chunk.length > CHUNK_LENGTH) flush();
      lines.push(line);
      if (lines.length > 2 * TAIL_LINES) lines = lines.slice(-TAIL_LINES);
      onLine?.(line);
    },
    hash: () => {
      flush();
      return hash.copy().digest('hex');
    },
    tail: () => lines.slice(-TAIL_LINES),
  };
}

/** A character for each byte: to call the hash for every few bytes would cost more. */
const textOf = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');
