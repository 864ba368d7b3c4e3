import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edit } from '../crdt/entry.ts';
import { idOf, world } from '../crdt/test-world.ts';
import { createProposals } from './proposals.ts';
import type { LinkState } from './rules/answers.ts';
import { createTime, settle } from './test-time.ts';

const HOUR_MS = 3_600_000;
const PATH = `core/absent/${idOf('b')}`;
const LOOK_MS = 60_000;
const log = { info: () => undefined, warn: assert.fail, error: assert.fail };

/**
 * The loop of a, who has the role after the founder; b is in `state`. `said`: each time since when
 * b is gone.
 */
async function openStage() {
  const time = createTime();
  const story = world().invites('i').admits('a', 'i').admits('b', 'i');
  story.says(PATH, { epoch: 6, n: 0, since: null }).as('a');
  const now = { epoch: 7, state: 'suspect' as LinkState };
  const said: unknown[] = [];
  const write = async (edits: readonly Edit[]): Promise<void> => {
    for (const { path, value } of edits) {
      assert.ok(path === PATH && value !== null);
      story.says(path, value);
      said.push((value as { readonly since: number | null }).since);
    }
  };
  const core = {
    holder: () => ({ id: idOf('a'), term: { epoch: now.epoch, n: 0 }, sinceMs: 0 }),
    isActing: () => true,
    constituency: () => ({ epoch: now.epoch }) as never,
  };
  const proposals = createProposals(
    { clock: time.clock, log },
    {
      ...{ self: idOf('a'), core, replica: { view: story.view, write } },
      state: (id) => (id === idOf('b') ? now.state : 'alive'),
    },
  );
  const stop = new AbortController();
  const running = proposals.run(stop.signal);
  await settle();
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { now, said, proposals, ...time, end };
}

test('proposals: an hour is one by the clock that does not jump', async () => {
  // Goal: a wrong clock makes nobody gone for long, nor does setting it right. Method: b dies, the
  // clock goes on by two hours and back; then an hour passes.
  const { now, said, pass, step, clock, end } = await openStage();
  now.state = 'dead';
  await pass(LOOK_MS);
  const atMs = clock.wallMs();
  step(2 * HOUR_MS);
  await pass(LOOK_MS);
  assert.deepEqual(said, []);
  step(-2 * HOUR_MS);
  for (let ms = LOOK_MS; ms < HOUR_MS - LOOK_MS; ms += LOOK_MS) await pass(LOOK_MS);
  assert.deepEqual(said, []);
  await pass(LOOK_MS);
  assert.deepEqual(said, [atMs]);
  await end();
});

test('proposals: what is said stands in the next term, and till its member is seen', async () => {
  // Goal: one frame for one piece of news. Method: b is gone for an hour, and that is said; the
  // term ends before the next look; b is in doubt, as for whoever has just started, and comes back.
  const { now, said, pass, proposals, clock, end } = await openStage();
  now.state = 'dead';
  await pass(LOOK_MS);
  const atMs = clock.wallMs();
  await pass(HOUR_MS);
  assert.deepEqual(said, [atMs]);
  now.epoch += 1;
  proposals.mark();
  await settle();
  assert.deepEqual(said, [atMs], 'in the next term');
  now.state = 'suspect';
  await pass(LOOK_MS);
  assert.deepEqual(said, [atMs], 'in doubt');
  now.state = 'degraded';
  await pass(LOOK_MS);
  assert.deepEqual(said, [atMs, null]);
  await end();
});

test('proposals: what was said in shorter turns is said anew in longer ones, once', async () => {
  // Goal: who is gone and who is back are told after operators made turns longer, by which epochs
  // have lower numbers. Method: b is said to be there in epoch 6; in epoch 3 it is gone for an hour
  // and comes back; two looks after each.
  const { now, said, pass, proposals, clock, end } = await openStage();
  now.epoch = 3;
  now.state = 'dead';
  await pass(LOOK_MS);
  const atMs = clock.wallMs();
  await pass(HOUR_MS);
  for (let look = 0; look < 2; look += 1) await pass(LOOK_MS);
  assert.deepEqual([said, [...proposals.absences().values()]], [[atMs], [atMs]]);
  now.state = 'alive';
  for (let look = 0; look < 2; look += 1) await pass(LOOK_MS);
  assert.deepEqual([said, proposals.absences().size], [[atMs, null], 0]);
  await end();
});
