import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startJournal } from './journal.ts';
import type { Replica } from './replica.ts';
import { adoptionOf, createDisk, idOf, open } from './test-replica.ts';

const versionOf = (text: string) => ({
  path: 'member/version',
  value: { version: text, commit: text },
});

/** Both come in step, as sync does it. */
function step(a: Replica, b: Replica): void {
  for (let round = 0; round < 4; round += 1) {
    a.receive(b.framesAfter(a.heads(), 1e9));
    b.receive(a.framesAfter(b.heads(), 1e9));
  }
  for (const replica of [a, b]) {
    replica.confirm();
    replica.reassure();
  }
}

/** A founder, and the journal of a member of its mesh that has spoken some times. */
async function stage() {
  const home = createDisk();
  const founder = await open(home.disk);
  await founder.write([adoptionOf(7), adoptionOf(8)]);
  const disk = createDisk();
  await startJournal(disk.disk);
  const member = await open(disk.disk, 8);
  step(founder, member);
  for (const text of ['1', '2']) await member.write([versionOf(text)]);
  await founder.write([{ path: 'intent/x', value: 1 }]);
  step(founder, member);
  await member.flush();
  await founder.flush();
  const journalOf = ({ files }: typeof home) => files.get('journal') ?? new Uint8Array();
  /** The founder as it was then. */
  const founderThen = (): Promise<Replica> => {
    const again = createDisk();
    again.files.set('journal', journalOf(home));
    return open(again.disk);
  };
  return { founderThen, journal: journalOf(disk) };
}

/** What `cnsmo recover` does: a disk that lost what it had promised to keep is an older copy. */
async function recover(founder: Replica, member: Replica): Promise<void> {
  member.reclaimKey();
  step(founder, member);
  await member.republish();
}

/** What must be true however the journal of 8 was damaged: it heals, and nobody sees a fork. */
async function heals(founder: Replica, journal: Uint8Array, what: string): Promise<void> {
  const disk = createDisk();
  disk.makeMember();
  disk.files.set('journal', journal);
  const member = await open(disk.disk, 8);
  step(founder, member);
  if (member.isElsewhere()) await recover(founder, member);
  await member.write([versionOf(what)]).catch((error: unknown) => assert.fail(`${what}: ${error}`));
  step(founder, member);
  assert.ok(!member.isElsewhere() && !member.isInDoubt(), what);
  assert.deepEqual(
    founder.valueOf(idOf(8), 'member/version'),
    member.valueOf(idOf(8), 'member/version'),
  );
  assert.deepEqual(founder.view(), member.view(), what);
  assert.deepEqual(founder.view().alarms, [], what);
  await member.flush();
  const again = await open(disk.disk, 8);
  assert.deepEqual(again.heads(), founder.heads(), what);
}

test('damage: a bit that flips anywhere in the journal heals from others', async () => {
  // Goal: item 5, never a fork, never a silent loss. Method: each byte in turn, one bit of it.
  const { founderThen, journal } = await stage();
  for (let at = 0; at < journal.length; at += 11) {
    await heals(
      await founderThen(),
      journal.with(at, (journal[at] ?? 0) ^ (1 << (at % 8))),
      `bit ${at}`,
    );
  }
});

test('damage: a journal that ends anywhere heals from others', async () => {
  // Goal: lost and torn writes, own ones that were sent among them. Method: cut it at each length.
  const { founderThen, journal } = await stage();
  for (let length = 0; length < journal.length; length += 11) {
    await heals(await founderThen(), journal.slice(0, length), `length ${length}`);
  }
});

test('damage: writes that reached the disk out of order heal from others', async () => {
  // Goal: reordered unsynced writes. Method: zeroes in place of each stretch of sixty bytes.
  const { founderThen, journal } = await stage();
  for (let at = 0; at < journal.length; at += 30) {
    await heals(await founderThen(), journal.slice().fill(0, at, at + 60), `hole at ${at}`);
  }
});
