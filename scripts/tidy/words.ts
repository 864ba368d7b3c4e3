/** Rules of tidy: what texts must not name, and that documents name only what exists. */
import { matches, type TidyRule } from './source.ts';

/** Longest docs/ARCHITECTURE.md, lines: it is read in one sitting. */
const ARCHITECTURE_LINES_MAX = 150;
/**
 * Places that only one machine knows, and hosts that a user's own configuration should name.
 * Written so that this file does not match itself.
 */
const FOREIGN = [
  /(?<![\w.-])\/(?:work|farm)\//g,
  /\b(?:deb|security|snapshot|ftp)\.debian\.org\b/g,
  /\b(?:archive|security|ports)\.ubuntu\.com\b/g,
  /\bregistry\.(?:npmjs\.org|yarnpkg\.com)\b/g,
  /\b(?:pypi\.org|proxy\.golang\.org|files\.pythonhosted\.org)\b/g,
];
const NAMED_PATH =
  /(?<![\w/.-])((?:src|sim|scenarios|netns-tests|kernel-tests|scripts|bench|docs|\.ci)\/[\w./-]*)/g;
const CHECKED_DOCUMENTS = ['docs/ARCHITECTURE.md', 'docs/STYLE.md', 'README.md'];

/** No text names a place of one workplace or a package host. */
export const checkForeignWords: TidyRule = (tree) =>
  tree.flatMap(({ path, text }) =>
    FOREIGN.flatMap((pattern) =>
      matches(text, pattern).map(({ match, line }) => {
        const message = `names ${match[0]}; take it from the machine's configuration`;
        return { path, line, rule: 'foreign', message };
      }),
    ),
  );

/** Documents that explain the tree name only files and folders that exist. */
export const checkDocuments: TidyRule = (tree) => {
  const paths = tree.map(({ path }) => path);
  const exists = (named: string): boolean =>
    paths.some((path) => path === named || path.startsWith(`${named.replace(/\/$/, '')}/`));
  return tree
    .filter(({ path }) => CHECKED_DOCUMENTS.includes(path))
    .flatMap(({ path, text }) => {
      const missing = matches(text, NAMED_PATH).flatMap(({ match, line }) => {
        const named = (match[1] ?? '').replace(/[.]+$/, '');
        return exists(named) ? [] : [{ path, line, rule: 'document', message: `no ${named}` }];
      });
      const count = text.replace(/\n$/, '').split('\n').length;
      const message = `${count} lines, at most ${ARCHITECTURE_LINES_MAX}`;
      const isLong = path === 'docs/ARCHITECTURE.md' && count > ARCHITECTURE_LINES_MAX;
      return isLong ? [...missing, { path, line: count, rule: 'document', message }] : missing;
    });
};
