/** The intent of a mesh, taken out of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edit } from './entry.ts';
import { makeGenesis, readGenesis } from './genesis.ts';
import { type HeldMesh, intentOf, viewOf } from './intent.ts';
import { openProjector } from './projection.ts';
import { openStore } from './store.ts';
import { idOf, NOW, seedOf, testCrypto } from './test-mesh.ts';

const genesisBytes = makeGenesis(testCrypto, seedOf('a'), {
  name: 'shop',
  prefix: '10.10.0.0/16',
  prefix6: 'fd00:1::/64',
  nextRootHash: new Uint8Array(32),
});
const genesis = readGenesis(testCrypto, genesisBytes);
assert.ok(genesis.ok);

const member = (name: string, number: number): Edit => ({
  path: `trust/adopt/${idOf(name)}`,
  value: {
    memberKey: testCrypto.publicKey(seedOf(name)),
    wgKey: seedOf(name),
    name,
    ipv4: `10.10.0.${number}`,
    labels: {},
    number,
    invite: null,
  },
});

/** What members say, each batch a frame, one after the other. */
function held(story: readonly (readonly [name: string, edits: readonly Edit[]])[]): HeldMesh {
  assert.ok(genesis.ok);
  const mesh = { genesis: genesis.genesis, meshId: genesis.meshId };
  let frames: readonly Uint8Array[] = [];
  for (const [turn, [name, edits]] of story.entries()) {
    const self = { id: idOf(name), seed: seedOf(name) };
    const project = openProjector(testCrypto, mesh.genesis, mesh.meshId);
    const store = openStore(testCrypto, mesh, self, project);
    store.load(frames, NOW);
    const draft = store.write(edits, NOW + turn);
    assert.equal(draft.kind, 'frame');
    if (draft.kind === 'frame') draft.commit();
    frames = store.framesAfter([], Number.POSITIVE_INFINITY);
  }
  return { ...mesh, self: idOf('a'), frames };
}

const GROUND: readonly Edit[] = [member('a', 1), member('b', 2), member('c', 3)];

test('intent: of what operators say the latest counts, and deletions count', () => {
  // Goal: what was in force, no more. Method: two operators overwrite and delete each other's.
  const mesh = held([
    ['a', [...GROUND, { path: `trust/role/${idOf('b')}`, value: { number: 1 } }]],
    ['a', ['x', 'y', 'z'].map((name) => ({ path: `intent/lb/${name}`, value: `a-${name}` }))],
    [
      'b',
      [
        { path: 'intent/lb/x', value: 'b-x' },
        { path: 'intent/lb/y', value: null },
        { path: 'member/version', value: { version: '1' } },
      ],
    ],
  ]);
  assert.equal(viewOf(testCrypto, mesh, NOW).operators.length, 2);
  assert.deepEqual(intentOf(testCrypto, mesh, NOW), [
    { path: 'intent/lb/x', value: 'b-x' },
    { path: 'intent/lb/z', value: 'a-z' },
  ]);
});

test('intent: what a node wrote there neither counts nor hides what an operator wrote', () => {
  // Goal: only operators decide. Method: a node says something later at the same path and another.
  const mesh = held([
    ['a', [...GROUND, { path: 'intent/lb/x', value: 'good' }]],
    [
      'c',
      [
        { path: 'intent/lb/x', value: 'bad' },
        { path: 'intent/lb/new', value: 'bad' },
      ],
    ],
  ]);
  assert.deepEqual(intentOf(testCrypto, mesh, NOW), [{ path: 'intent/lb/x', value: 'good' }]);
});
