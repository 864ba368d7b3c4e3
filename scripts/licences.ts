/** The licences of everything that the binary carries, as one text, which is carried too. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The package folders among the inputs of a bundle, sorted, each once. */
export const packageFolders = (inputs: readonly string[]): readonly string[] => {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
  return [...new Set(inputs.flatMap((input) => folder.exec(input)?.[0] ?? []))].toSorted();
};

/** Name, version and licence files of one package. */
const describe = (folder: string): string => {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { name: string; version: string; license?: string };
  const files = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file))
    .toSorted();
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`${name} ${version} (${license ?? 'see below'})`, ...texts].join('\n\n');
};

/** Our own licence, then those of the bundled packages, of Node and of wireguard-go. */
export const licencesText = (
  inputs: readonly string[],
  nodePackage: string,
  wireguardGoLicence: string,
): string =>
  [
    `CNSMO\n\n${readFileSync('LICENSE', 'utf8').trim()}`,
    `wireguard-go\n\n${readFileSync(wireguardGoLicence, 'utf8').trim()}`,
    describe(nodePackage),
    ...packageFolders(inputs).map(describe),
  ].join(`\n\n${'='.repeat(80)}\n\n`);
