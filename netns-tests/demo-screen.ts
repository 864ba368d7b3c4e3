/**
 * Edge: demo screen — what a person sees of the demo: headings, commands as typed, what they said,
 * and a line for each thing that was checked. Colours and a moving line only on a terminal.
 */

/** The screen. */
export interface Screen {
  title(text: string): void;
  /** Begins a numbered part. */
  part(text: string): void;
  /** Plain lines. */
  tell(text: string): void;
  /** A command as typed in a VM, and what it said. */
  typed(vm: string, command: string, said: string): void;
  /** Does something, showing that it is under way; then a line that it was so, with its time. */
  check<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
  /** A line that something was so. */
  holds(what: string): void;
  fails(what: string): void;
}

const [RESET, BOLD, DIM, GREEN, RED, CYAN] = [0, 1, 2, 32, 31, 36].map((code) => `\x1b[${code}m`);
/** Frames of the moving line, and how long each is shown, ms. */
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const ERASE_LINE = '\r\x1b[K';
/** Longest line of what a command said; the rest of it is a token. Characters. */
const SAID_CHARACTERS_MAX = 96;

/** A screen on a stream. Plain where the stream is no terminal, or NO_COLOR is set. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  const isLively = stream.isTTY === true && (process.env.NO_COLOR ?? '') === '';
  const paint = (style: string | undefined, text: string): string =>
    isLively ? `${style}${text}${RESET}` : text;
  const line = (text: string): void => void stream.write(`${text}\n`);
  const mark = (isSo: boolean, what: string, time = ''): void =>
    line(`  ${isSo ? paint(GREEN, '✓') : paint(RED, '✗')} ${what}${paint(DIM, time)}`);
  let parts = 0;
  return {
    title: (text) => line(`\n${paint(BOLD, text)}\n`),
    part: (text) => {
      parts += 1;
      line(`\n${paint(CYAN, String(parts))}  ${paint(BOLD, text)}`);
    },
    tell: (text) => line(indented(text)),
    typed: (vm, command, said) => {
      line(`  ${paint(CYAN, `${vm}#`)} ${paint(BOLD, command)}`);
      const lines = said.trimEnd().split('\n').map(shortened);
      if (said.trim() !== '') line(paint(DIM, indented(indented(lines.join('\n')))));
    },
    check: async (what, work) => {
      const beganMs = performance.now();
      const stop = isLively ? spin(stream, what) : () => {};
      try {
        const result = await work();
        stop();
        mark(true, what, `  ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
        return result;
      } catch (error) {
        stop();
        mark(false, what);
        throw error;
      }
    },
    holds: (what) => mark(true, what),
    fails: (what) => mark(false, what),
  };
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');

const shortened = (text: string): string =>
  text.length > SAID_CHARACTERS_MAX && !text.includes(' ') ? `${text.slice(0, 60)}…` : text;

/** Shows a moving line; gives what erases it. */
function spin(stream: NodeJS.WriteStream, what: string): () => void {
  let frame = 0;
  const draw = (): void => {
    stream.write(`${ERASE_LINE}  ${FRAMES[frame % FRAMES.length]} ${what}`);
    frame += 1;
  };
  draw();
  const timer = setInterval(draw, FRAME_MS);
  return () => {
    clearInterval(timer);
    stream.write(ERASE_LINE);
  };
}
