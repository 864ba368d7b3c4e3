/** Rules of tidy: imports go down only, by the table of floors. */
import { FLOORS, type Floor, TEST_SUPPORT, TESTS_MAY } from './floors.table.ts';
import { type Import, importsOf } from './modules.ts';
import { type Finding, isTest, isTypeScript, type Source, type TidyRule } from './source.ts';

/** The folder of a service, or null: files in it may import each other. */
const serviceFolder = (path: string): string | null =>
  /^src\/services\/[^/]+\//.exec(path)?.[0] ?? null;

/** The floor of a path; that of a test is the floor of what it tests. */
const floorOf = (path: string): Floor | undefined =>
  FLOORS.find(({ files }) => files.test(path.replace(/\.test\.ts$/, '.ts')));

const isAllowed = (source: Source, taken: Import): boolean => {
  const floor = floorOf(source.path);
  if (floor === undefined) return false;
  const own = serviceFolder(source.path);
  if (own !== null && taken.target.startsWith(own)) return true;
  const allowed = [
    ...floor.may,
    ...(taken.isTypeOnly ? (floor.types ?? []) : []),
    ...(isTest(source.path) || TEST_SUPPORT.test(source.path) ? TESTS_MAY : []),
  ];
  return allowed.some((pattern) => pattern.test(taken.target));
};

const violationsOf = (source: Source): readonly Finding[] =>
  importsOf(source)
    .filter((taken) => !isAllowed(source, taken))
    .map(({ line, target, isTypeOnly }) => {
      const name = floorOf(source.path)?.name ?? 'no floor';
      const what = isTypeOnly ? 'types of ' : '';
      const message = `floor "${name}" may not import ${what}${target} (floors.table.ts)`;
      return { path: source.path, line, rule: 'floors', message };
    });

/** Every import is one that the table of floors allows. */
export const checkFloors: TidyRule = (tree) =>
  tree.filter(({ path }) => isTypeScript(path)).flatMap(violationsOf);

/**
 * Files are imported by the path of the file that has the thing: with `.ts`, and it exists; nothing
 * is passed on.
 */
export const checkPaths: TidyRule = (tree) => {
  const paths = new Set(tree.map(({ path }) => path));
  return tree
    .filter(({ path }) => isTypeScript(path))
    .flatMap(({ path, ...rest }) =>
      importsOf({ path, ...rest }).flatMap((taken) => {
        const found = (rule: string, message: string): Finding => ({
          path,
          line: taken.line,
          rule,
          message,
        });
        if (taken.isReexport) {
          return [found('barrel', `passes on ${taken.target}; import the file that has it`)];
        }
        if (taken.isFile && !paths.has(taken.target)) {
          return [found('path', `${taken.target} does not exist; write the path with its .ts`)];
        }
        return [];
      }),
    );
};
