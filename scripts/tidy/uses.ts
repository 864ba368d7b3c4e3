/** Rules of tidy: whatever is exported is used by somebody else. */
import { exportsOf, importsOf } from './modules.ts';
import { type Finding, isTest, isTypeScript, type Source, type TidyRule } from './source.ts';

const ownTest = (path: string): string => path.replace(/(?:\.table)?\.ts$/, '.test.ts');

/** Who imports what of a file. A whole-module import counts for every name. */
type Users = ReadonlyMap<string, readonly { by: string; names: readonly string[] | null }[]>;

const usersIn = (tree: readonly Source[]): Users => {
  const takings = tree.flatMap((source) =>
    importsOf(source).map(({ target, names }) => ({ target, by: source.path, names })),
  );
  return Map.groupBy(takings, ({ target }) => target);
};

/** A type that the file itself mentions again is part of what its other exports promise. */
const isMentionedAgain = (source: Source, name: string): boolean =>
  source.code.split(new RegExp(`\\b${name}\\b`)).length > 2;

const unusedOf = (all: Users, source: Source): readonly Finding[] =>
  exportsOf(source).flatMap(({ name, line, isType }) => {
    const users = (all.get(source.path) ?? [])
      .filter(({ names }) => names === null || names.includes(name))
      .map(({ by }) => by);
    if (users.some((path) => path !== ownTest(source.path))) return [];
    if (isType && isMentionedAgain(source, name)) return [];
    const why = users.length > 0 ? 'used by its own test only' : 'used by nobody';
    return [{ path: source.path, line, rule: 'use', message: `export ${name}: ${why}` }];
  });

/** Every export is imported by another file; a test beside it does not count. */
export const checkUses: TidyRule = (tree) => {
  const sources = tree.filter(({ path }) => isTypeScript(path));
  const users = usersIn(sources);
  return sources.filter(({ path }) => !isTest(path)).flatMap((each) => unusedOf(users, each));
};
