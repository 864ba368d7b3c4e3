/**
 * Rule: lb health word — what a member says of its own backends, as a text that others read.
 *
 * The first line is the version, each other one a check: `PORT CHECK STATE [OUTCOME]`, as
 * `8080 tcp down refused`. Whoever writes it may be hostile: what does not fit is no line.
 */

/**
 * `late`: a probe waits longer than usual, which is no verdict yet. `barred`: its VM lets no
 * programs be run, so it cannot be checked.
 */
export type WordState = 'up' | 'late' | 'down' | 'barred';

/** What a member says of one check. `outcome`: of the probe that decided; may be empty. */
export interface Said {
  readonly state: WordState;
  readonly outcome: string;
}

/** Of which check: `PORT CHECK`. */
export type Statements = ReadonlyMap<string, Said>;

const VERSION = '1';
const LINE = /^(\d{1,5} [a-z0-9-]{1,24}) (up|late|down|barred)(?: ([a-z0-9 ]{1,24}))?$/;
/** Most lines that are read. A word of the longest kind holds fewer. */
const LINES_MAX = 1_000;

/** Bad news first: should not all of it fit, what is left out is not said, and others look. */
const ORDER: readonly WordState[] = ['down', 'late', 'barred', 'up'];

/** The text; empty where there is nothing to say. Whole lines, in no more bytes than given. */
export function writeWord(statements: Statements, bytesMax: number): string {
  if (statements.size === 0) return '';
  const lines = [...statements]
    .toSorted(([, a], [, b]) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
    .map(([of, { state, outcome }]) => `${of} ${state}${outcome === '' ? '' : ` ${outcome}`}`);
  let text = VERSION;
  for (const line of lines) {
    if (text.length + 1 + line.length > bytesMax) break;
    text += `\n${line}`;
  }
  return text;
}

/** What a text says; nothing for one of another version. Never throws. */
export function readWord(text: string): Statements {
  const [version, ...lines] = text.split('\n', LINES_MAX + 1);
  if (version !== VERSION) return new Map();
  return new Map(
    lines.flatMap((line) => {
      const [, of, state, outcome = ''] = LINE.exec(line) ?? [];
      return of === undefined ? [] : [[of, { state: state as WordState, outcome }] as const];
    }),
  );
}
