/**
 * A file as the rules of tidy see it: its text, and the same text with what is not code blanked
 * out.
 *
 * TypeScript 7 has no compiler API for JavaScript, so this is a small scanner of our own. Blanking
 * keeps every offset and line, so a match in `code` can be read in `text` at the same place.
 */

/** One file of the project. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** The text with the contents of comments blanked. */
  readonly uncommented: string;
  /** The text with the contents of comments, strings and regular expressions blanked. */
  readonly code: string;
}

/** What a rule found: where, which rule, and what to do. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/** A rule over the whole tree: all findings, none when the tree is tidy. */
export type TidyRule = (tree: readonly Source[]) => readonly Finding[];

type Kind = 'code' | 'comment' | 'string';

/** A slash after one of these starts a regular expression, not a division. */
const BEFORE_PATTERN =
  /(?:^|[([{,;=:?!&|+\-*%~^<>]|\b(?:return|typeof|case|in|of|await|throw))\s*$/;

/** Where a token that starts at `at` with a quote ends: the offset after it. */
const quotedEnd = (text: string, at: number): number => {
  const quote = text[at];
  let end = at + 1;
  while (end < text.length && text[end] !== quote) end += text[end] === '\\' ? 2 : 1;
  return end + 1;
};

const patternEnd = (text: string, at: number): number => {
  let inSet = false;
  for (let end = at + 1; end < text.length; end += 1) {
    const character = text[end];
    if (character === '\\') end += 1;
    else if (character === '\n') return at + 1;
    else if (character === '[') inSet = true;
    else if (character === ']') inSet = false;
    else if (character === '/' && !inSet) return end + 1;
  }
  return at + 1;
};

/** The piece that starts at `at`: what kind it is and where it ends. */
const pieceAt = (text: string, at: number): { kind: Kind; end: number } => {
  const pair = text.slice(at, at + 2);
  if (pair === '//' || (at === 0 && pair === '#!')) {
    const end = text.indexOf('\n', at);
    return { kind: 'comment', end: end < 0 ? text.length : end };
  }
  if (pair === '/*') {
    const end = text.indexOf('*/', at + 2);
    return { kind: 'comment', end: end < 0 ? text.length : end + 2 };
  }
  if (text[at] === "'" || text[at] === '"') return { kind: 'string', end: quotedEnd(text, at) };
  if (text[at] === '/' && BEFORE_PATTERN.test(text.slice(Math.max(0, at - 40), at))) {
    const end = patternEnd(text, at);
    return { kind: end > at + 1 ? 'string' : 'code', end };
  }
  return { kind: 'code', end: at + 1 };
};

/**
 * The literal part of a template that continues at `at`: it ends after a backtick or after `${`.
 */
const templateEnd = (text: string, at: number): number => {
  let end = at;
  while (end < text.length && text[end] !== '`') {
    if (text.startsWith('${', end)) return end + 2;
    end += text[end] === '\\' ? 2 : 1;
  }
  return end + 1;
};

/**
 * Cuts the text into pieces of one kind each. A stack of brace depths follows templates inside
 * templates.
 */
const pieces = (text: string): readonly { kind: Kind; from: number; end: number }[] => {
  const found: { kind: Kind; from: number; end: number }[] = [];
  const depths: number[] = [];
  let at = 0;
  const push = (kind: Kind, end: number): void => {
    found.push({ kind, from: at, end });
    at = end;
  };
  const template = (): void => {
    push('string', templateEnd(text, at));
    if (text.endsWith('${', at) && text[at - 1] === '{') depths.push(0);
  };
  while (at < text.length) {
    const depth = depths.at(-1);
    if (text[at] === '`') {
      push('string', at + 1);
      template();
    } else if (text[at] === '}' && depth === 0) {
      depths.pop();
      push('string', at + 1);
      template();
    } else {
      if (depth !== undefined && text[at] === '{') depths[depths.length - 1] = depth + 1;
      if (depth !== undefined && text[at] === '}') depths[depths.length - 1] = depth - 1;
      const piece = pieceAt(text, at);
      push(piece.kind, piece.end);
    }
  }
  return found;
};

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** Reads a file's text into a source. */
export const parseSource = (path: string, text: string): Source => {
  let code = '';
  let uncommented = '';
  for (const { kind, from, end } of pieces(text)) {
    const piece = text.slice(from, end);
    code += kind === 'code' ? piece : blank(piece);
    uncommented += kind === 'comment' ? blank(piece) : piece;
  }
  return { path, text, uncommented, code };
};

/** The line, from 1, at an offset. */
export const lineAt = (text: string, offset: number): number =>
  text.slice(0, offset).split('\n').length;

/** Every match of a global pattern in a text, with its line. */
export const matches = (
  text: string,
  pattern: RegExp,
): readonly { match: RegExpMatchArray; line: number }[] =>
  [...text.matchAll(pattern)].map((match) => ({ match, line: lineAt(text, match.index ?? 0) }));

/** Whether a path is that of a test. */
export const isTest = (path: string): boolean => path.endsWith('.test.ts');

/** Whether a path is that of data: exempt from limits of length and from heads. */
export const isTable = (path: string): boolean => path.endsWith('.table.ts');

/** Whether a path is that of TypeScript. */
export const isTypeScript = (path: string): boolean => path.endsWith('.ts');
