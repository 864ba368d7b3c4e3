/** What a file imports and exports, read from its source text. */
import { posix } from 'node:path';
import { lineAt, matches, type Source } from './source.ts';

/** One import, or re-export, of another module. */
export interface Import {
  readonly line: number;
  /** As written for packages and `node:` modules; the path in the project for files. */
  readonly target: string;
  readonly isFile: boolean;
  readonly isTypeOnly: boolean;
  readonly isReexport: boolean;
  /** Names taken; null when the whole module is (`* as x`, `import()`, side effects). */
  readonly names: readonly string[] | null;
}

/** One exported name. */
export interface Export {
  readonly line: number;
  readonly name: string;
  readonly isType: boolean;
}

/** `import … from`, `export … from`, `import 'x'`; `import(`. Ends just before the quote. */
const TAKEN =
  /^[ \t]*(import|export)\b(?:([^;'"`()=]*?)\bfrom\s*|\s*)(?=['"])|\b(import)\s*\(\s*(?=['"])/gm;
const KEYWORDS = 'async\\s+function\\*?|function\\*?|const|let|class|interface|type|enum';
const DECLARED = new RegExp(
  `^export\\s+(?:abstract\\s+)?(${KEYWORDS})\\s+([A-Za-z_$][\\w$]*)`,
  'gm',
);
const LISTED = /^export\s+(type\s+)?\{([^}]*)\}(?!\s*from)/gm;

const isCode = (source: Source, match: RegExpExecArray): boolean =>
  /import|export/.test(source.code.slice(match.index, match.index + match[0].length));

const specifierAt = (text: string, at: number): string =>
  /^['"]([^'"]*)['"]/.exec(text.slice(at))?.[1] ?? '';

/** The names between braces, without `type` and `as`: what the other module calls them. */
const namesIn = (clause: string): readonly string[] | null => {
  const braces = /\{([^}]*)\}/.exec(clause);
  if (clause.includes('*') || (!braces && clause.trim() === '')) return null;
  const inner = braces?.[1] ?? '';
  return inner
    .split(',')
    .map((part) =>
      (
        part
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? ''
      ).trim(),
    )
    .filter((name) => name !== '');
};

/** Whether all that the clause takes are types. */
const isTypeClause = (clause: string): boolean => {
  if (/^\s*type\b/.test(clause)) return true;
  const inner = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1]?.split(',') ?? [];
  const parts = inner.map((part) => part.trim()).filter((part) => part !== '');
  return parts.length > 0 && parts.every((part) => part.startsWith('type '));
};

/** All imports of a file, in order. Text that only looks like one, in a string, does not count. */
export const importsOf = (source: Source): readonly Import[] =>
  [...source.uncommented.matchAll(TAKEN)]
    .filter((match) => isCode(source, match))
    .map((match) => {
      const specifier = specifierAt(source.uncommented, match.index + match[0].length);
      const isFile = specifier.startsWith('.');
      const clause = match[2] ?? '';
      return {
        line: lineAt(source.text, match.index),
        target: isFile ? posix.join(posix.dirname(source.path), specifier) : specifier,
        isFile,
        isTypeOnly: match[3] === undefined && isTypeClause(clause),
        isReexport: match[1] === 'export',
        names: match[3] === undefined ? namesIn(clause) : null,
      };
    });

/** All names that a file exports itself, in order. */
export const exportsOf = (source: Source): readonly Export[] => {
  const declared = matches(source.code, DECLARED).map(({ match, line }) => ({
    line,
    name: match[2] ?? '',
    isType: match[1] === 'interface' || match[1] === 'type',
  }));
  const listed = matches(source.code, LISTED).flatMap(({ match, line }) =>
    (match[2] ?? '')
      .split(',')
      .map((part) =>
        (
          part
            .trim()
            .split(/\s+as\s+/)
            .at(-1) ?? ''
        ).replace(/^type\s+/, ''),
      )
      .filter((name) => name !== '')
      .map((name) => ({ line, name, isType: match[1] !== undefined })),
  );
  return [...declared, ...listed];
};
