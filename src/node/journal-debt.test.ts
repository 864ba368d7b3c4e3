import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Disk } from '../ports.ts';
import { JOURNAL } from './journal.ts';
import type { Replica } from './replica.ts';
import { adoptionOf, createDisk, idOf, open, testClock } from './test-replica.ts';

/** Eight values of 7 KiB, at the same paths each time. */
const batch = (round: number) =>
  [...Array(8).keys()].map((key) => ({
    path: `member/k${key}`,
    value: new Uint8Array(7_000).fill(round),
  }));

const versionOf = (version: string) => [
  { path: 'member/version', value: { version, commit: 'c' } },
];

/** Everything that a replica holds, given to another. */
const give = (from: Replica, to: Replica): void => {
  to.receive(from.framesAfter(to.heads(), Number.POSITIVE_INFINITY));
};

/** A member's replica, which has said something; its disk counts how often the journal is tried. */
async function watchedStage(damage = (_journal: Uint8Array): void => undefined) {
  const founder = await open(createDisk().disk);
  await founder.write([adoptionOf(7), adoptionOf(8), adoptionOf(9)]);
  const { disk, files, state } = createDisk();
  const earlier = await open(disk, 9);
  give(founder, earlier);
  for (const version of ['1', '2', '3']) await earlier.write(versionOf(version));
  await earlier.flush();
  damage(files.get(JOURNAL) ?? new Uint8Array());
  const tried = { appends: 0, writes: 0 };
  const watched: Disk = {
    ...disk,
    append: (name, content) => {
      if (name === JOURNAL) tried.appends += 1;
      return disk.append(name, content);
    },
    write: (name, content) => {
      if (name === JOURNAL) tried.writes += 1;
      return disk.write(name, content);
    },
  };
  const here = await open(watched, 9);
  const member = await open(createDisk().disk, 8);
  give(founder, member);
  const tries = () => {
    const { appends, writes } = tried;
    Object.assign(tried, { appends: 0, writes: 0 });
    return { appends, writes };
  };
  /** The member says more than is owed apart, in a hundred times; each is given at once. */
  const flood = async (): Promise<void> => {
    for (let round = 0; round < 100; round += 1) {
      await member.write(batch(round));
      give(member, here);
      await here.flush();
    }
  };
  tries();
  return { disk, here, member, state, tries, flood };
}

test('journal debt: a disk that takes nothing for a night costs no memory', async () => {
  // Goal: full is not out of memory. Method: more frames than are owed apart, which the store has
  // compacted since; what is kept of them, and how often the disk was tried; then it is well.
  const { disk, here, state, tries, flood } = await watchedStage();
  state.failure = new Error('disk full');
  const refs: WeakRef<Uint8Array>[] = [];
  const unread = here.onFrames((frames) => {
    refs.push(...frames.map((frame) => new WeakRef(frame)));
  });
  await flood();
  unread();
  assert.deepEqual(tries(), { appends: 1, writes: 0 });
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  await new Promise(setImmediate);
  collect();
  const kept = refs.filter((ref) => ref.deref() !== undefined).length;
  assert.ok(refs.length >= 100 && kept < 20, `${kept} of ${refs.length}`);
  await here.catchUp();
  assert.deepEqual(tries(), { appends: 0, writes: 1 });
  state.failure = null;
  await here.catchUp();
  await here.catchUp();
  assert.deepEqual(tries(), { appends: 0, writes: 1 });
  const again = await open(disk, 9);
  assert.deepEqual(again.heads(), here.heads());
  assert.deepEqual(again.view(), here.view());
});

test('journal debt: a failure that nobody else notices is over by itself', async () => {
  // Goal: frames get to disk without a word from the watch, which does not know each failure.
  // Method: no `catchUp`; a frame at once, and one a minute later.
  const { disk, here, member, state, tries } = await watchedStage();
  const say = async (round: number): Promise<void> => {
    await member.write(batch(round));
    give(member, here);
    await here.flush();
  };
  state.failure = new Error('too many open files');
  await say(1);
  state.failure = null;
  await say(2);
  assert.deepEqual(tries(), { appends: 1, writes: 0 });
  testClock.nowMs += 60_000;
  await say(3);
  assert.deepEqual(tries(), { appends: 1, writes: 0 });
  await say(4);
  assert.deepEqual(tries(), { appends: 1, writes: 0 });
  assert.deepEqual((await open(disk, 9)).heads(), here.heads());
});

test('journal debt: own frames are refused or on disk, whatever is owed of others', async () => {
  // Goal: no fork of our own chain. Method: all is owed; own writes while the disk
  // takes nothing, and when it does but nobody paid yet; a crash there.
  const { disk, here, member, state, flood } = await watchedStage();
  state.failure = new Error('disk full');
  await flood();
  const ownOf = (replica: Replica) => replica.heads().find(({ author }) => author === idOf(9));
  const before = ownOf(here);
  await assert.rejects(here.write(versionOf('4')), /disk full/);
  assert.deepEqual(ownOf(here), before);
  state.failure = null;
  await here.write(versionOf('5'));
  const crashed = await open(disk, 9);
  assert.ok(!crashed.isInDoubt());
  assert.deepEqual(ownOf(crashed), ownOf(here));
  give(member, crashed);
  assert.deepEqual(crashed.heads(), here.heads());
  await here.catchUp();
  assert.deepEqual((await open(disk, 9)).heads(), here.heads());
});

test('journal debt: a damaged journal that is written anew is distrusted further', async () => {
  // Goal: no own place of the chain is used twice. Method: damage among own frames; all is
  // owed and paid, and the VM starts again.
  const { disk, here, state, flood } = await watchedStage((journal) => {
    const place = Math.floor(journal.length * 0.75);
    journal[place] = (journal[place] ?? 0) ^ 1;
  });
  assert.ok(here.isInDoubt());
  state.failure = new Error('disk full');
  await flood();
  state.failure = null;
  await here.catchUp();
  const again = await open(disk, 9);
  assert.deepEqual(again.heads(), here.heads());
  assert.ok(again.isInDoubt());
  await assert.rejects(again.write(versionOf('4')), { code: 'refused' });
});
