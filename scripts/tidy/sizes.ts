/**
 * Rules of tidy: sizes and names of files, kinds of declarations. Functions and parameters are
 * oxlint's part.
 */
import { isTable, isTypeScript, matches, type TidyRule } from './source.ts';

/** Longest file, lines. A file that needs more is two ideas. */
const FILE_LINES_MAX = 300;
/** Longest line, characters. */
const LINE_CHARACTERS_MAX = 100;
/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /(?:^|[-/])(?:utils?|helpers?|common|managers?|misc|shared|index)(?=[-.])/;
const FILE_NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)*\.ts$/;

/** Files and lines stay short. Tables may be long, not wide. */
export const checkSizes: TidyRule = (tree) =>
  tree
    .filter(({ path }) => isTypeScript(path))
    .flatMap(({ path, text }) => {
      const lines = text.replace(/\n$/, '').split('\n');
      const wide = lines.flatMap((line, index) =>
        line.length > LINE_CHARACTERS_MAX && !isTable(path)
          ? [{ path, line: index + 1, rule: 'line', message: `${line.length} characters` }]
          : [],
      );
      const message = `${lines.length} lines, at most ${FILE_LINES_MAX}; split it by noun`;
      const isLong = lines.length > FILE_LINES_MAX && !isTable(path);
      return isLong ? [{ path, line: FILE_LINES_MAX + 1, rule: 'file', message }, ...wide] : wide;
    });

/** File names are one noun in kebab-case, and mean something. */
export const checkFileNames: TidyRule = (tree) =>
  tree
    .filter(({ path }) => isTypeScript(path))
    .flatMap(({ path }) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (EMPTY_NAMES.test(path)) {
        return [{ path, line: 1, rule: 'name', message: 'says nothing; name the noun in it' }];
      }
      return FILE_NAME.test(name)
        ? []
        : [{ path, line: 1, rule: 'name', message: 'is not kebab-case.ts' }];
    });

/** No class but the one error, no enum, no namespace: plain functions, records and unions. */
export const checkDeclarations: TidyRule = (tree) =>
  tree
    .filter(({ path }) => isTypeScript(path))
    .flatMap(({ path, code }) =>
      matches(code, /^\s*(?:export\s+)?(?:abstract\s+)?(class|enum|namespace)\s+(\w+)/gm)
        .filter(({ match }) => !(path === 'src/fault.ts' && match[2] === 'Fault'))
        .map(({ match, line }) => {
          const message = `${match[1]} ${match[2]}; use a function, a record or a union`;
          return { path, line, rule: 'declaration', message };
        }),
    );
