/** Rules of tidy: what files, exports, tests and open tasks say about themselves. */
import { isTable, isTest, isTypeScript, matches, type TidyRule } from './source.ts';

const HEAD = /^\/\*\*\s+(?:\* )?(Rule|Loop|Edge): \S/;

/** The kinds that a place may have. */
const kindsAt = (path: string): readonly string[] => {
  if (path.startsWith('src/node/linux/') || path === 'src/main.ts') return ['Edge'];
  if (/^src\/services\/[^/]+\/loop\.ts$/.test(path)) return ['Loop'];
  if (/^src\/(?:crdt|services|node\/rules)\//.test(path)) return ['Rule'];
  return ['Rule', 'Loop', 'Edge'];
};

/** Every file of src opens with its kind, and the kind fits its place. */
export const checkHeads: TidyRule = (tree) =>
  tree
    .filter(({ path }) => isTypeScript(path) && path.startsWith('src/'))
    .filter(({ path }) => !isTest(path) && !isTable(path))
    .flatMap(({ path, text }) => {
      const kind = HEAD.exec(text)?.[1];
      const kinds = kindsAt(path);
      if (kind !== undefined && kinds.includes(kind)) return [];
      const wanted = kinds.map((each) => `"${each}: "`).join(' or ');
      return [{ path, line: 1, rule: 'head', message: `open with a doc comment of ${wanted}` }];
    });

/** Every exported value of src has a doc comment, its own or that of its group of lines. */
export const checkDocs: TidyRule = (tree) =>
  tree
    .filter(({ path }) => isTypeScript(path) && path.startsWith('src/') && !isTest(path))
    .flatMap(({ path, text, code }) => {
      const lines = text.split('\n');
      return matches(code, /^export\s+(?:async\s+)?(?:function\*?|const|class)\s+(\w+)/gm)
        .filter(({ line }) => !/\*\/$|^export /.test(lines[line - 2]?.trimEnd() ?? ''))
        .map(({ match, line }) => {
          const message = `${match[1]} has no doc comment: meaning, units, failure`;
          return { path, line, rule: 'doc', message };
        });
    });

/** Every test says in its first line, or just above, what it is for and how it goes about it. */
export const checkTests: TidyRule = (tree) =>
  tree
    .filter(({ path }) => isTest(path))
    .flatMap(({ path, text, code }) => {
      const lines = text.split('\n');
      return matches(code, /^[ \t]*(?:await\s+)?(?:test|it)\s*\(/gm)
        .filter(({ match, line }) => {
          const isComment = (at: number): boolean => /^\s*(?:\/\/|\/?\*)/.test(lines[at] ?? '');
          const opening = lines.findIndex((each, at) => at >= line - 1 && each.endsWith('{'));
          return match[0] !== '' && !isComment(line - 2) && !isComment(opening + 1);
        })
        .map(({ line }) => {
          const message = 'open the test with a comment: its goal and method';
          return { path, line, rule: 'test', message };
        });
    });

/** A task left open cites the decision that left it open. */
export const checkOpenTasks: TidyRule = (tree) =>
  tree
    .filter(({ path }) => isTypeScript(path) && !path.startsWith('scripts/tidy'))
    .flatMap(({ path, text }) =>
      matches(text, /\b(?:TODO|FIXME|XXX|HACK)\b(?!\s*\(D\d+\)).*/g).map(({ match, line }) => {
        const message = `"${match[0].slice(0, 40)}": do it, or cite its decision: TODO(D4)`;
        return { path, line, rule: 'open-task', message };
      }),
    );
