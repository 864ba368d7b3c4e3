/** The program as one file: esbuild's bundle of src/main.ts, which knows its version and commit. */
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { run, scriptFailure } from './steps.ts';

/** The bundle, and the files that went into it, from the root of the project. */
export interface Bundle {
  readonly code: string;
  readonly inputs: readonly string[];
  readonly version: string;
  readonly commit: string;
}

/**
 * The commit of the tree as 12 characters, with `-dirty` when it has changes; `unknown` without
 * git.
 */
const commitOfTree = async (): Promise<string> => {
  try {
    const commit = (await run('git', ['rev-parse', '--short=12', 'HEAD'])).trim();
    const changes = (await run('git', ['status', '--porcelain'])).trim();
    return changes === '' ? commit : `${commit}-dirty`;
  } catch {
    return 'unknown';
  }
};

/**
 * Bundles an entry file. A warning of esbuild is a failure: what it warns of breaks in the binary.
 */
export const bundleProgram = async (entry: string): Promise<Bundle> => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const commit = await commitOfTree();
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // What scripts/boot.cjs runs knows `require` alone.
    supported: { 'dynamic-import': false },
    // Identifiers stay: stack traces in the log need names, and what keeps those of short ones runs
    // at start, once for each function: 25 ms.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'error',
    define: {
      __CNSMO_VERSION__: JSON.stringify(version),
      __CNSMO_COMMIT__: JSON.stringify(commit),
    },
  });
  if (result.warnings.length > 0) {
    const said = result.warnings.map(({ text, location }) => `${location?.file}: ${text}`);
    throw scriptFailure(`the bundle has warnings:\n${said.join('\n')}`);
  }
  const code = result.outputFiles[0]?.text ?? '';
  return { code, inputs: Object.keys(result.metafile.inputs), version, commit };
};
