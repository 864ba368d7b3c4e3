/**
 * Rule: test frames — a story of `test-world.ts` as real stores write it, for tests only.
 */
import assert from 'node:assert/strict';
import type { Entry } from './entry.ts';
import type { Store } from './store.ts';
import { openTestStore } from './test-mesh.ts';
import { idOf, openTestProjector, type World } from './test-world.ts';

const NAMES = ['founder', 'a', 'b', 'c', 'd'];

/** The store of a member of a name, with the projection of the test world. */
export const openWorldStore = (name: string): Store => openTestStore(name, openTestProjector());

/** All frames of a story, in the order of the stamps. */
export const framesOf = (story: World): readonly Uint8Array[] => {
  const stores = new Map<string, Store>(NAMES.map((name) => [idOf(name), openWorldStore(name)]));
  const said = story
    .states()
    .flatMap(({ author, entries }) => entries.map((entry): [string, Entry] => [author, entry]))
    .sort(([, a], [, b]) => a.hlc[0] - b.hlc[0]);
  const frames: Uint8Array[] = [];
  for (const [author, { path, value, hlc }] of said) {
    const store = stores.get(author);
    assert.ok(store !== undefined);
    store.receiveAll(frames, hlc[0]);
    const written = store.write([{ path, value }], hlc[0]);
    assert.ok(written.kind === 'frame', path);
    written.commit();
    frames.push(written.bytes);
  }
  return frames;
};
