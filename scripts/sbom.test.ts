/** The bill of materials, from a small lock. The real one is checked where releases are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lock } from './lock.ts';
import { type Materials, sbomOf } from './sbom.ts';

const tool = { version: '9.0.0' };
const LOCK: Lock = {
  '': { version: '0.1.0', license: 'Apache-2.0', dependencies: { '@a/a': '1.0.0', d: '4.0.0' } },
  'node_modules/@a/a': {
    version: '1.0.0',
    license: 'MIT OR Apache-2.0',
    integrity: 'sha1-AAAA sha512-/w==',
    dependencies: { b: '2.0.0', c: '3.0.0', d: '4.0.0' },
  },
  'node_modules/@a/a/node_modules/b': {
    version: '2.0.0',
    license: 'ISC',
    dependencies: { c: '3' },
  },
  'node_modules/@a/a/node_modules/c': { version: '3.0.0' },
  'node_modules/b': { version: '1.9.0', dependencies: { c: '3' } },
  'node_modules/c': { version: '3.0.0', peerDependencies: { b: '1', absent: '1' } },
  'node_modules/d': { version: '4.0.0' },
  'node_modules/@yao-pkg/pkg': tool,
  'node_modules/esbuild': tool,
  'node_modules/postject': tool,
};

/** Of d nothing was bundled. */
const MADE: Materials = {
  version: '0.1.0',
  commit: 'abc',
  files: [{ name: 'cnsmo-linux-x64', sha256: '00' }],
  folders: Object.keys(LOCK).filter((folder) => /[abc]$/.test(folder)),
  nodes: [],
  wireguardGo: [{ arch: 'amd64', version: '0+b9', packageSha256: '11', sha256: '22' }],
  strippers: ['GNU strip 2.40'],
};

test('each bundled package is listed once, with what it finds when it imports', () => {
  // Goal: the graph is that of Node's lookup. Method: a lock with a package in two versions, one
  // version in two folders, and one that was not bundled.
  const { components, dependencies } = sbomOf(LOCK, MADE);
  assert.deepEqual(
    components.map((each) => each['bom-ref']),
    ['@a/a@1.0.0', 'b@1.9.0', 'b@2.0.0', 'c@3.0.0', 'wireguard-go-amd64@0+b9'],
  );
  assert.deepEqual(dependencies, [
    { ref: 'cnsmo@0.1.0', dependsOn: ['@a/a@1.0.0', 'wireguard-go-amd64@0+b9'] },
    { ref: '@a/a@1.0.0', dependsOn: ['b@2.0.0', 'c@3.0.0'] },
    { ref: 'b@1.9.0', dependsOn: ['c@3.0.0'] },
    { ref: 'b@2.0.0', dependsOn: ['c@3.0.0'] },
    { ref: 'c@3.0.0', dependsOn: ['b@1.9.0'] },
    { ref: 'wireguard-go-amd64@0+b9', dependsOn: [] },
  ]);
});

test('a package has its hash, licence and name for scanners', () => {
  // Goal: other programs recognise it. Method: one with a scope, two hashes and a choice of
  // licences, and as a twin one of which the lock knows nothing.
  const { components } = sbomOf(LOCK, MADE);
  const [scoped, , , bare] = components;
  assert.deepEqual(scoped, {
    type: 'library',
    'bom-ref': '@a/a@1.0.0',
    name: '@a/a',
    version: '1.0.0',
    hashes: [{ alg: 'SHA-512', content: 'ff' }],
    licenses: [{ expression: 'MIT OR Apache-2.0' }],
    purl: 'pkg:npm/%40a/a@1.0.0',
  });
  assert.deepEqual([bare?.licenses, bare?.hashes], [undefined, undefined]);
});

test('it is the same in any order, and fails where the lock is not that of the bundle', () => {
  // Goal: equal builds have equal lists. Method: the folders backwards; the twin has one that the
  // lock has not.
  const text = (made: Materials): string => JSON.stringify(sbomOf(LOCK, made));
  assert.equal(text({ ...MADE, folders: MADE.folders.toReversed() }), text(MADE));
  assert.doesNotMatch(text(MADE), /timestamp|serialNumber/);
  assert.throws(() => text({ ...MADE, folders: ['node_modules/z'] }), /z: not in package-lock/);
});
