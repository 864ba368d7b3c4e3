/**
 * Builds binaries of this machine as they would be if they spoke other versions, for tests, from
 * the root of the project: `node scripts/build-foreign.ts WIRE DOCUMENT FILE`, once or more in a
 * line.
 */
import { changedBundle, packBeside } from './binary.ts';
import { bundleProgram } from './bundle.ts';
import { machineArch } from './node-package.ts';
import { runScript, scriptFailure } from './steps.ts';

/** What a release speaks. */
export interface Versions {
  readonly wire: number;
  readonly document: number;
}

/** Those of this one; that they stand in its code is seen when another is made. */
export const OUR_VERSIONS: Versions = { wire: 1, document: 1 };

const spelled = ({ wire, document }: Versions): string =>
  `OUR_VERSIONS={wire:${wire},document:${document}}`;

const main = async (): Promise<void> => {
  const words = process.argv.slice(2);
  const bundle = await bundleProgram('src/main.ts');
  for (let at = 0; at < words.length; at += 3) {
    const [wire, document, output] = words.slice(at, at + 3);
    if (output === undefined) throw scriptFailure('use WIRE DOCUMENT FILE, once or more');
    const versions: Versions = { wire: Number(wire), document: Number(document) };
    const foreign = changedBundle(bundle, spelled(OUR_VERSIONS), spelled(versions));
    await packBeside(machineArch(), foreign, output);
  }
};

if (import.meta.main) await runScript(main);
