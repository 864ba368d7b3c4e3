import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import { createCutWatch } from './cut-watch.ts';

test('cut watch: what may be an eviction is logged once, and so is its end', () => {
  // Goal: the log of who is out says so, and of nobody else. Method: one that cuts, for longer and
  // longer; then another as well; then neither. Twin: one that cut for a moment.
  const lines: unknown[] = [];
  const note = (event: string, facts: unknown = null) => void lines.push([event, facts]);
  const [a, b] = ['a' as PeerKey, 'b' as PeerKey];
  const watch = createCutWatch({ info: note, warn: note });
  watch(new Map([[a, 59_999]]));
  watch(new Map());
  assert.deepEqual(lines, []);
  watch(new Map([[a, 60_000]]));
  watch(new Map([...([[a, 70_000]] as const), [b, 60_000]]));
  assert.deepEqual(lines, [['cut-off', { by: [a] }]]);
  watch(new Map([[b, 10]]));
  assert.deepEqual(lines.slice(1), [['cut-off-over', null]]);
});
