/** The files of a release, as the tests look at them. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from '../scripts/binary.ts';
import { run } from '../scripts/steps.ts';

/** Builds all that a release has; when nothing has changed, that is quick. */
export const buildHere = (): Promise<string> => run('node', ['scripts/build-binary.ts', '--all']);

/** The hashes of files in a folder, by name. */
export const hashesIn = (
  folder: string,
  names: readonly string[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );

/** Which of some texts stand in a file. */
export const textsIn = (path: string, texts: readonly string[]): readonly string[] => {
  const content = readFileSync(path);
  return texts.filter((text) => content.includes(text));
};

/** The architecture of an ELF file as the kernel reads it: `e_machine` of elf(5). */
export const elfMachine = (path: string): string => {
  const header = Buffer.alloc(20);
  const file = openSync(path, 'r');
  readSync(file, header);
  closeSync(file);
  const names: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64' };
  const number = header.readUInt16LE(18);
  return header.subarray(1, 4).toString() === 'ELF' ? (names[number] ?? `${number}`) : 'no ELF';
};

/** What `sha256sum --check` says of SHA256SUMS in a folder: whether all files are as it says. */
export const isAsSummed = async (folder: string = DIST): Promise<boolean> => {
  try {
    await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder });
    return true;
  } catch (error) {
    if (String(error).includes('did NOT match')) return false;
    throw error;
  }
};
