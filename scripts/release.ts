/** What a release has beside its binaries: an SBOM, and SHA256SUMS of all its files. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binaryName, DEBIAN_ARCH, DIST } from './binary.ts';
import type { Bundle } from './bundle.ts';
import { packageFolders } from './licences.ts';
import { readLock } from './lock.ts';
import { stripperVersion } from './node-base.ts';
import { ARCHES } from './node-package.ts';
import { sbomOf } from './sbom.ts';
import { step } from './steps.ts';
import { ensureWireguardGo } from './wireguard-go.ts';

/** The SBOM, in dist/: CycloneDX as JSON. One for all architectures. */
const SBOM_NAME = 'cnsmo-sbom.cdx.json';

const hashOf = (name: string): string =>
  createHash('sha256')
    .update(readFileSync(join(DIST, name)))
    .digest('hex');

/** Writes SBOM and SHA256SUMS of the binaries that are in dist/, made from this bundle. */
export const writeRelease = async (bundle: Bundle): Promise<void> => {
  const names = ARCHES.map(binaryName);
  const debian = ARCHES.map((arch) => DEBIAN_ARCH[arch]);
  const sbom = sbomOf(readLock(), {
    version: bundle.version,
    commit: bundle.commit,
    files: names.map((name) => ({ name, sha256: hashOf(name) })),
    folders: packageFolders(bundle.inputs),
    nodes: ARCHES.map((arch) => `node_modules/node-linux-${arch}`),
    wireguardGo: await Promise.all(
      debian.map(async (arch) => ({ arch, ...(await ensureWireguardGo(arch)) })),
    ),
    strippers: [...new Set(await Promise.all(ARCHES.map(stripperVersion)))],
  });
  await step('SBOM and SHA256SUMS', async () => {
    writeFileSync(join(DIST, SBOM_NAME), `${JSON.stringify(sbom, null, 2)}\n`);
    const lines = [SBOM_NAME, ...names].toSorted().map((name) => `${hashOf(name)}  ${name}\n`);
    writeFileSync(join(DIST, 'SHA256SUMS'), lines.join(''));
  });
};
