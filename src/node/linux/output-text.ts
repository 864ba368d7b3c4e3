/**
 * Edge: output text — what a command prints, as text: read piece by piece as it comes, so that no
 * turn of the event loop has long work with it.
 */
import { ownTurn } from './turns.ts';

/** Text that takes a while to put together. Unit: characters. */
const LONG_LENGTH = 64 * 1024;

/** The text of what is added. `ignoreBOM`: as TextDecoder has it. */
export function openText({ ignoreBOM = false } = {}) {
  const decoder = new TextDecoder('utf-8', { ignoreBOM });
  let text = '';
  return {
    add: (content: Uint8Array): void => {
      text += decoder.decode(content, { stream: true });
    },
    /** All of it, once no more is to come. */
    whole: (): string => text + decoder.decode(),
  };
}

/** V8 keeps a sum of pieces as a tree until it is read: that is done here, in a turn of its own. */
export async function joinPieces(text: string): Promise<string> {
  if (text.length < LONG_LENGTH) return text;
  await ownTurn();
  text.charCodeAt(0);
  await ownTurn();
  return text;
}
