/**
 * Edge: reach — which files of the product run otherwise when some of them are changed: these, and
 * whatever imports them, directly or not.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a file takes of other files when it runs; types are gone by then. */
const TAKEN = /^(?:import|export)\s(?!type\s)[^;]*?\bfrom '(\.[^']+)'/gm;

/** Importers of each file, by its path; paths begin at the root of the project. */
type Importers = ReadonlyMap<string, ReadonlySet<string>>;

function readImporters(root: string): Importers {
  const importers = new Map<string, Set<string>>();
  for (const path of globSync('src/**/*.ts', { cwd: root })) {
    for (const [, specifier = ''] of readFileSync(join(root, path), 'utf8').matchAll(TAKEN)) {
      const target = join(dirname(path), specifier);
      const known = importers.get(target) ?? new Set();
      importers.set(target, known.add(path));
    }
  }
  return importers;
}

let read: Importers | null = null;

/** The files below `src/` of the project at `root` that changes of `files` reach. */
export function reachedBy(root: string, files: readonly string[]): ReadonlySet<string> {
  read ??= readImporters(root);
  const reached = new Set(files);
  // A set is walked to its end, and that moves.
  for (const path of reached) for (const by of read.get(path) ?? []) reached.add(by);
  return reached;
}
