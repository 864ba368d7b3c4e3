/**
 * Edge: hidden input — a line typed at a terminal that does not show it.
 */
import type { ReadStream } from 'node:tty';

/** What of a terminal is used. */
export type Terminal = Pick<ReadStream, 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>;

const ENTER = /[\r\n]/;
const INTERRUPT = '\u0003';
const END = '\u0004';
const ERASE: ReadonlySet<string> = new Set(['\u007f', '\b']);
const ERASE_ALL = '\u0015';

/** What was typed so far, by characters. `line`: what came of it; undefined while it goes on. */
interface Typing {
  readonly typed: readonly string[];
  readonly line?: string | null;
}

/**
 * Reads a line. The keys that erase do so. Null when the person gives up: with Ctrl-C, or with
 * Ctrl-D before anything was typed. Afterwards the terminal shows again what is typed.
 */
export function readHidden(terminal: Terminal): Promise<string | null> {
  return new Promise((resolve) => {
    let typing: Typing = { typed: [] };
    const decoder = new TextDecoder();
    const take = (bytes: Uint8Array): void => {
      for (const character of decoder.decode(bytes, { stream: true })) {
        typing = press(typing, character);
        if (typing.line === undefined) continue;
        terminal.off('data', take);
        terminal.setRawMode(false);
        terminal.pause();
        resolve(typing.line);
        return;
      }
    };
    terminal.setRawMode(true);
    terminal.on('data', take);
    terminal.resume();
  });
}

const press = ({ typed }: Typing, character: string): Typing => {
  if (ENTER.test(character)) return { typed, line: typed.join('') };
  if (character === INTERRUPT) return { typed, line: null };
  if (character === END) return { typed, line: typed.length === 0 ? null : typed.join('') };
  if (ERASE.has(character)) return { typed: typed.slice(0, -1) };
  return { typed: character === ERASE_ALL ? [] : [...typed, character] };
};
