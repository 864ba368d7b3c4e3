/**
 * Checks the shape of the project that no compiler or linter checks: floors, sizes, names, heads,
 * purity, uses, words.
 *
 * `npm run tidy` prints one line per finding and exits 1 when there is one. Paths as arguments
 * limit what is printed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { checkFloors, checkPaths } from './tidy/floors.ts';
import { checkDocs, checkHeads, checkOpenTasks, checkTests } from './tidy/heads.ts';
import { checkPurity } from './tidy/purity.ts';
import { checkDeclarations, checkFileNames, checkSizes } from './tidy/sizes.ts';
import { isTypeScript, parseSource, type Source, type TidyRule } from './tidy/source.ts';
import { checkUses } from './tidy/uses.ts';
import { checkDocuments, checkForeignWords } from './tidy/words.ts';

const RULES: readonly TidyRule[] = [
  checkFloors,
  checkPaths,
  checkSizes,
  checkFileNames,
  checkDeclarations,
  checkPurity,
  checkHeads,
  checkDocs,
  checkTests,
  checkOpenTasks,
  checkUses,
  checkForeignWords,
  checkDocuments,
];

/** Generated, and full of what is not ours. */
const SKIPPED = ['package-lock.json', 'LICENSE'];

const readTree = (): readonly Source[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => path !== '' && !SKIPPED.includes(path) && existsSync(path))
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      return isTypeScript(path)
        ? parseSource(path, text)
        : { path, text, uncommented: '', code: '' };
    });

const limits = process.argv.slice(2);
const tree = readTree();
const findings = RULES.flatMap((rule) => rule(tree)).filter(
  ({ path }) => limits.length === 0 || limits.some((limit) => path.startsWith(limit)),
);
for (const { path, line, rule, message } of findings) {
  console.log(`${path}:${line}: ${rule}: ${message}`);
}
console.log(`tidy: ${tree.length} files, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
