import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOURNAL_HEADER } from '../crdt/journal.ts';
import { Fault } from '../fault.ts';
import type { Disk } from '../ports.ts';
import { DOUBT } from './journal.ts';
import type { Replica } from './replica.ts';
import { adoptionOf, createDisk, idOf, open, testClock } from './test-replica.ts';

/** Eight values of 7 KiB, at the same paths each time. */
const batch = (round: number, area = 'intent') =>
  [...Array(8).keys()].map((key) => ({
    path: `${area}/k${key}`,
    value: new Uint8Array(7_000).fill(round),
  }));

const lengthOf = (files: ReadonlyMap<string, Uint8Array>): number =>
  files.get('journal')?.length ?? 0;

const isLost = (error: unknown): boolean => {
  assert.ok(error instanceof Fault);
  assert.equal(error.code, 'refused');
  assert.equal(error.facts.field, 'journal');
  return true;
};

/** Everything that a replica holds, given to another. */
const give = (from: Replica, to: Replica): void => {
  to.receive(from.framesAfter(to.heads(), Number.POSITIVE_INFINITY));
};

test('journal: it is written anew while the member runs', async () => {
  // Goal: no member fills the disk of all. Method: a member rewrites all it may say, 100 times.
  const founder = await open(createDisk().disk);
  await founder.write([adoptionOf(7), adoptionOf(8)]);
  const { disk, files } = createDisk();
  const here = await open(disk, 9);
  const member = await open(createDisk().disk, 8);
  give(founder, member);
  give(founder, here);
  let longest = 0;
  for (let round = 0; round < 100; round += 1) {
    await member.write(batch(round, 'member'));
    give(member, here);
    await here.flush();
    longest = Math.max(longest, lengthOf(files));
  }
  assert.ok(longest < 2 * 1024 * 1024, `${longest} bytes`);
  const again = await open(disk, 9);
  assert.deepEqual(again.heads(), member.heads());
  assert.deepEqual(again.view(), member.view());
});

test('journal: what comes while it is written anew is in it', async () => {
  // Goal: invariants 1 and 2. Method: own writes and frames of others without waiting, on a slow
  // disk; then a restart.
  const founder = await open(createDisk().disk);
  await founder.write([adoptionOf(7), adoptionOf(8)]);
  const member = await open(createDisk().disk, 8);
  give(founder, member);
  const { disk, files, state } = createDisk();
  files.set('journal', (await journalOf(founder)).slice());
  const here = await open(disk);
  state.turns = 20;
  const writes: Promise<void>[] = [];
  for (let round = 0; round < 60; round += 1) {
    await member.write(batch(round, 'member'));
    give(member, here);
    writes.push(here.write(batch(round)));
    for (let turn = 0; turn < round; turn += 1) await Promise.resolve();
  }
  await Promise.all(writes);
  await here.flush();
  assert.ok(lengthOf(files) < 3 * 1024 * 1024, `${lengthOf(files)} bytes`);
  const again = await open(disk);
  assert.deepEqual(again.heads(), here.heads());
  assert.deepEqual(again.view(), here.view());
});

/** The journal that a fresh member would have with everything that a replica holds. */
async function journalOf(replica: Replica): Promise<Uint8Array> {
  const { disk, files } = createDisk();
  const copy = await open(disk, 9);
  give(replica, copy);
  await copy.flush();
  return files.get('journal') ?? new Uint8Array();
}

test('journal: a large one is read in pieces, and put together in slices', async () => {
  // Goal: nobody waits for it. Method: 2.5 MB that stand in it five times; count the turns that
  // others have while it is read, which is when it is looked for doubts, and after it.
  const { disk, files } = createDisk();
  const here = await open(disk);
  await here.write([adoptionOf(7)]);
  for (let area = 0; area < 45; area += 1) await here.write(batch(area, `intent/a${area}`));
  const journal = Buffer.from(files.get('journal') ?? []);
  const records = journal.subarray(JOURNAL_HEADER.length);
  files.set('journal', Buffer.concat([journal, records, records, records, records]));
  const before = testClock.pauses;
  let read = 0;
  const watched: Disk = {
    ...disk,
    read: (name) => {
      if (name === DOUBT) read = testClock.pauses;
      return disk.read(name);
    },
  };
  const again = await open(watched);
  assert.ok(read - before >= 5, `${read - before} pauses`);
  assert.equal(testClock.pauses - read, 2);
  assert.equal(lengthOf(files), journal.length);
  assert.deepEqual(again.heads(), here.heads());
});

test('journal: one that cannot be written anew stays, and appends go on', async () => {
  // Goal: a full disk costs nothing that is held. Method: replacing files fails, appending works.
  const { disk, files } = createDisk();
  const stubborn = { ...disk };
  const here = await open(stubborn);
  stubborn.write = async () => {
    throw new Error('disk full');
  };
  await here.write([adoptionOf(7)]);
  for (let round = 0; round < 60; round += 1) await here.write(batch(round));
  assert.ok(lengthOf(files) > 60 * 56_000);
  assert.deepEqual((await open(disk)).heads(), here.heads());
});

test('journal: one that is missing where a member lives was lost, not fresh', async () => {
  // Goal: no fork with our own past. Method: lose it, write at once, then after others were heard.
  const { disk, files, makeMember } = createDisk();
  const here = await open(disk);
  makeMember();
  await here.write([adoptionOf(7), adoptionOf(8)]);
  await here.write([{ path: 'intent/x', value: 1 }]);
  const other = await open(createDisk().disk, 8);
  give(here, other);
  for (const loss of [
    () => files.delete('journal'),
    () => files.set('journal', new Uint8Array()),
    () => undefined, // Nor does a restart forget.
  ]) {
    loss();
    const again = await open(disk);
    assert.ok(again.isInDoubt());
    await assert.rejects(again.write([{ path: 'intent/x', value: 2 }]), isLost);
    assert.deepEqual(again.heads(), []);
  }
  const healed = await open(disk);
  give(other, healed);
  await assert.rejects(healed.write([{ path: 'intent/x', value: 2 }]), isLost);
  healed.reassure();
  await healed.write([{ path: 'intent/x', value: 2 }]);
  assert.ok(!healed.isInDoubt());
  assert.deepEqual(
    healed.heads().map(({ generation }) => generation),
    [1],
  );
  give(healed, other);
  assert.deepEqual(other.heads(), healed.heads());
  assert.equal(other.view().members.length, 2);
  const last = await open(disk);
  assert.ok(!last.isInDoubt());
  await last.write([{ path: 'intent/x', value: 3 }]);
});

test('journal: nothing replaces what was lost in one that tells of others', async () => {
  // Goal: one flipped bit costs no admission. Method: damage it behind the founder's first frame.
  const { disk, files } = createDisk();
  const here = await open(disk);
  await here.write([adoptionOf(7)]);
  await here.write([adoptionOf(8)]);
  await here.write([{ path: 'member/version', value: { version: '1', commit: 'c' } }]);
  const other = await open(createDisk().disk, 8);
  give(here, other);
  await other.write([{ path: 'member/version', value: { version: '1', commit: 'c' } }]);
  give(other, here);
  await here.flush();
  const journal = files.get('journal') ?? new Uint8Array();
  const middle = Math.floor(journal.length / 2);
  journal[middle] = (journal[middle] ?? 0) ^ 1;
  const again = await open(disk);
  await assert.rejects(again.write([{ path: 'intent/x', value: 1 }]), isLost);
  give(other, again);
  again.reassure();
  await again.write([{ path: 'intent/x', value: 1 }]);
  give(again, other);
  assert.deepEqual(
    other.view().members.map(({ id }) => id),
    [idOf(7), idOf(8)].toSorted(),
  );
});
