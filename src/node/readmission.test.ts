import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Edit, Value } from '../crdt/entry.ts';
import type { MemberId } from '../crdt/ids.ts';
import { trustPath } from '../crdt/paths.ts';
import { ofFour } from '../crdt/test-story.ts';
import { idOf, type World } from '../crdt/test-world.ts';
import { Fault } from '../fault.ts';
import { createReadmission } from './readmission.ts';
import { createTime, settle } from './test-time.ts';

const ADMISSION = trustPath('admission', idOf('d'));
const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0.5 };

/** The loop of one member beside a story, which goes on while it runs. */
async function stage(name: string, story: World) {
  const { clock, pass } = createTime();
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (event: string) => void warnings.push(event),
    error: () => undefined,
  };
  const wrote: Edit[] = [];
  const disk = { isFull: false };
  const saidBy = (author: MemberId, path: string): Value =>
    story
      .states()
      .find((state) => state.author === author)
      ?.entries.findLast((entry) => entry.path === path)?.value ?? null;
  const write = async (edits: readonly Edit[]) => {
    if (disk.isFull) {
      throw new Fault('refused', { field: 'disk', value: '/', why: 'full', remedy: 'make room' });
    }
    wrote.push(...edits);
    for (const { path, value } of edits) story.as(name).says(path, value);
    return null as never;
  };
  const replica = { view: story.view, valueOf: saidBy, write };
  const loop = createReadmission({ clock, random, log }, idOf(name), replica);
  const stop = new AbortController();
  const done = loop.run(stop.signal);
  await settle();
  const goOn = async (durationMs: number): Promise<void> => {
    loop.mark();
    await settle();
    await pass(durationMs);
  };
  const end = async (): Promise<void> => {
    stop.abort();
    await done;
  };
  return { goOn, end, wrote, warnings, disk };
}

const isThere = (story: World): boolean => story.view().members.some(({ id }) => id === idOf('d'));

test('readmission: whom a member takes back, another one lets in again', async () => {
  // Goal: a node puts nobody out by its own word. Method: c let d in and deletes that; a node says
  // it again some seconds later, by the same signatures, and d is a member; an operator is quicker.
  for (const [name, waitMs] of [
    ['a', 4_000],
    ['founder', 500],
  ] as const) {
    const story = ofFour().as('c').admits('d', 'i');
    const admission = story.states().at(-1)?.entries.at(-1)?.value;
    const { goOn, end, wrote, warnings } = await stage(name, story);
    await goOn(60_000);
    assert.deepEqual(wrote, [], 'nothing was taken back');
    story.as('c').says(ADMISSION, null);
    assert.ok(!isThere(story));
    await goOn(waitMs - 1);
    assert.deepEqual(wrote, []);
    await goOn(1);
    assert.deepEqual(wrote, [{ path: ADMISSION, value: admission }]);
    assert.ok(isThere(story));
    await goOn(60_000);
    assert.deepEqual([wrote.length, warnings], [1, ['admission-taken-back']]);
    await end();
  }
});

test('readmission: another one was quicker, or the word of an operator is why', async () => {
  // Goal: no eviction is undone, and nothing is said twice. Method: each of what may come between.
  const between: readonly (readonly [string, (story: World) => World])[] = [
    ['said again by b', (story) => story.as('b').admits('d', 'i')],
    ['c is evicted, with whom it let in', (story) => story.as('founder').evicts('c')],
    ['d is evicted', (story) => story.as('founder').evicts('d')],
    ['d is adopted', (story) => story.as('founder').adopts('d')],
  ];
  for (const [what, act] of between) {
    const story = ofFour().as('c').admits('d', 'i');
    const { goOn, end, wrote } = await stage('a', story);
    story.as('c').says(ADMISSION, null);
    await goOn(1_000);
    act(story);
    await goOn(60_000);
    assert.deepEqual(wrote, [], what);
    await end();
  }
});

test('readmission: only the one that was taken back, not who stands below it', async () => {
  // Goal: as little as helps. Method: d let e in, then c takes d back.
  const story = ofFour().as('c').admits('d', 'i').as('d').admits('e', 'i');
  const { goOn, end, wrote } = await stage('a', story);
  story.as('c').says(ADMISSION, null);
  await goOn(4_000);
  await goOn(60_000);
  assert.deepEqual(
    wrote.map(({ path }) => path),
    [ADMISSION],
  );
  assert.ok(story.view().members.some(({ id }) => id === idOf('e')));
  await end();
});

test('readmission: what a full disk does not take is tried again', async () => {
  // Goal: a disk in trouble ends no loop. Method: full for the first try, well for the second.
  const story = ofFour().as('c').admits('d', 'i');
  const { goOn, end, wrote, warnings, disk } = await stage('a', story);
  disk.isFull = true;
  story.as('c').says(ADMISSION, null);
  await goOn(4_000);
  assert.deepEqual([wrote, warnings.at(-1)], [[], 'readmission-failed']);
  disk.isFull = false;
  await goOn(10_000);
  assert.ok(isThere(story));
  await end();
});
