/**
 * The bill of materials of the binaries, as CycloneDX 1.6 JSON.
 *
 * `npm sbom` lists what npm installs; this lists what is in the file: the packages that the bundler
 * took, Node and wireguard-go, with the hashes that they were verified by. It is the same for the
 * same binaries: it has no time and no serial number, and all lists are sorted.
 */
import { type Lock, type Locked, sha512Of } from './lock.ts';
import type { DebianArch } from './wireguard-go.table.ts';
import { SUITE } from './wireguard-go.table.ts';
import type { WireguardGo } from './wireguard-go.ts';

/** What the binaries are made of. */
export interface Materials {
  readonly version: string;
  readonly commit: string;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  /** Folders of the bundled packages, as the lock has them. */
  readonly folders: readonly string[];
  /** Folders of the packages that have Node. */
  readonly nodes: readonly string[];
  readonly wireguardGo: readonly (WireguardGo & { readonly arch: DebianArch })[];
  /** What stripped Node, as it names itself. */
  readonly strippers: readonly string[];
}

/** One thing in the binaries. */
interface Component {
  readonly type: 'library' | 'platform' | 'application' | 'file';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version?: string;
  readonly [more: string]: unknown;
}

/** The document; only what its readers in this project need is typed. */
export interface Sbom {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly [more: string]: unknown;
}

/** Development packages that made the file. */
const TOOLS = ['node_modules/@yao-pkg/pkg', 'node_modules/esbuild', 'node_modules/postject'];

const nameOf = (folder: string): string => folder.replace(/^.*node_modules\//, '');

const lockedIn = (lock: Lock, folder: string): Locked => {
  const locked = lock[folder];
  if (locked === undefined) throw new Error(`${folder}: not in package-lock.json; run: npm ci`);
  return locked;
};

const refOf = (lock: Lock, folder: string): string =>
  `${nameOf(folder)}@${lockedIn(lock, folder).version}`;

const licences = (spdx: string | undefined): object => {
  if (spdx === undefined) return {};
  const isExpression = spdx.includes(' ');
  return { licenses: [isExpression ? { expression: spdx } : { license: { id: spdx } }] };
};

const npmComponent = (lock: Lock, folder: string): Component => {
  const locked = lockedIn(lock, folder);
  const name = nameOf(folder);
  const sha512 = sha512Of(locked);
  return {
    type: 'library',
    'bom-ref': refOf(lock, folder),
    name,
    version: locked.version,
    ...(sha512 === null ? {} : { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    ...licences(locked.license),
    purl: `pkg:npm/${name.replace('@', '%40')}@${locked.version}`,
  };
};

/** Scanners know the faults of Node by its CPE, not by the name of a package that has it. */
const nodeComponent = (lock: Lock, folder: string): Component => {
  const component = npmComponent(lock, folder);
  const cpe = `cpe:2.3:a:nodejs:node.js:${component.version}:*:*:*:-:*:*:*`;
  return { ...component, type: 'platform', cpe };
};

const wireguardGoComponent = (carried: Materials['wireguardGo'][number]): Component => {
  const { arch, version, packageSha256, sha256 } = carried;
  return {
    type: 'application',
    'bom-ref': `wireguard-go-${arch}@${version}`,
    name: 'wireguard-go',
    version,
    hashes: [{ alg: 'SHA-256', content: packageSha256 }],
    ...licences('MIT'),
    purl: `pkg:deb/debian/wireguard-go@${encodeURIComponent(version)}?arch=${arch}&distro=${SUITE}`,
    properties: [{ name: 'cnsmo:program:sha256', value: sha256 }],
  };
};

/** The folder that a package's import of another finds: beside it, or further up. */
const resolveFrom = (lock: Lock, folder: string, name: string): string | null => {
  const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
  if (lock[candidate] !== undefined) return candidate;
  if (folder === '') return null;
  return resolveFrom(lock, folder.replace(/\/?node_modules\/(?:@[^/]+\/)?[^/]+$/, ''), name);
};

/** What a package needs of the bundled ones, sorted. */
const needsOf = (lock: Lock, bundled: ReadonlySet<string>, folder: string): readonly string[] => {
  const { dependencies, optionalDependencies, peerDependencies } = lockedIn(lock, folder);
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const folders = names.flatMap((name) => resolveFrom(lock, folder, name) ?? []);
  return [...new Set(folders.filter((each) => bundled.has(each)).map((each) => refOf(lock, each)))];
};

const byRef = (one: Component, other: Component): number =>
  one['bom-ref'] < other['bom-ref'] ? -1 : 1;

const metadataOf = (lock: Lock, made: Materials): object => ({
  lifecycles: [{ phase: 'build' }],
  tools: {
    components: [
      ...TOOLS.map((folder) => npmComponent(lock, folder)),
      ...made.strippers.map((line) => ({ type: 'application', name: 'strip', version: line })),
    ],
  },
  component: {
    type: 'application',
    'bom-ref': `cnsmo@${made.version}`,
    name: 'cnsmo',
    version: made.version,
    ...licences(lock['']?.license),
    pedigree: { commits: [{ uid: made.commit }] },
    components: made.files.map(({ name, sha256 }) => ({
      type: 'file',
      'bom-ref': name,
      name,
      hashes: [{ alg: 'SHA-256', content: sha256 }],
    })),
  },
});

/** The bill of materials. Fails when a bundled package is not in the lock. */
export const sbomOf = (lock: Lock, made: Materials): Sbom => {
  const bundled = new Set(made.folders);
  const others = [
    ...made.nodes.map((folder) => nodeComponent(lock, folder)),
    ...made.wireguardGo.map(wireguardGoComponent),
  ];
  // Two folders may hold the same version of a package: it is one component with both's needs.
  const packages = new Map<string, { component: Component; needs: readonly string[] }>();
  for (const folder of made.folders) {
    const component = npmComponent(lock, folder);
    const before = packages.get(component['bom-ref'])?.needs ?? [];
    const needs = [...new Set([...before, ...needsOf(lock, bundled, folder)])].toSorted();
    packages.set(component['bom-ref'], { component, needs });
  }
  const roots = [...needsOf(lock, bundled, ''), ...others.map((each) => each['bom-ref'])];
  const all = [...others, ...[...packages.values()].map(({ component }) => component)];
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: metadataOf(lock, made),
    components: all.toSorted(byRef),
    dependencies: [
      { ref: `cnsmo@${made.version}`, dependsOn: roots.toSorted() },
      ...all.toSorted(byRef).map(({ 'bom-ref': ref }) => ({
        ref,
        dependsOn: packages.get(ref)?.needs ?? [],
      })),
    ],
  };
};
