import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOURNAL_HEADER } from '../crdt/journal.ts';
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

/** Every so many kinds of damage are healed whole, also when they leave what was healed before. */
const WHOLE_EVERY = 41;

/**
 * What must be true however the journal of 8 was damaged: it heals, and nobody sees a fork. Damage
 * that leaves the same frames in the same doubt is healed once.
 */
async function openHealer() {
  const { founderThen, journal } = await stage();
  const healed = new Set<string>();
  let count = 0;
  const heal = async (damaged: Uint8Array, what: string): Promise<void> => {
    const disk = createDisk();
    disk.makeMember();
    disk.files.set('journal', damaged);
    const member = await open(disk.disk, 8);
    const left = [
      member.isInDoubt(),
      [...disk.files.keys()].toSorted(),
      member.framesAfter([], 1e9).map((frame) => Buffer.from(frame).toString('base64')),
    ];
    const name = JSON.stringify(left);
    count += 1;
    if (healed.has(name) && count % WHOLE_EVERY !== 0) return;
    healed.add(name);
    const founder = await founderThen();
    step(founder, member);
    if (member.isElsewhere()) await recover(founder, member);
    await member
      .write([versionOf(what)])
      .catch((error: unknown) => assert.fail(`${what}: ${error}`));
    step(founder, member);
    assert.ok(!member.isElsewhere() && !member.isInDoubt(), what);
    const versions = [founder, member].map((one) => one.valueOf(idOf(8), 'member/version'));
    assert.deepEqual(versions[0], versions[1], what);
    assert.deepEqual(founder.view(), member.view(), what);
    assert.deepEqual(founder.view().alarms, [], what);
    await member.flush();
    const again = await open(disk.disk, 8);
    assert.deepEqual(again.heads(), founder.heads(), what);
  };
  return { heal, journal, kinds: () => healed.size };
}

test('damage: any bit of the journal that flips heals from others', async () => {
  // Goal: item 5, never a fork, never a silent loss. Method: each byte in turn: one bit of it, all
  // of them in the header and in the head of each record, where lengths and checks stand.
  const { heal, journal, kinds } = await openHealer();
  const heads = headsOf(journal);
  for (let at = 0; at < journal.length; at += 1) {
    const bits = heads.has(at) ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8];
    for (const bit of bits) {
      await heal(journal.with(at, (journal[at] ?? 0) ^ (1 << bit)), `bit ${bit} of byte ${at}`);
    }
  }
  assert.ok(kinds() >= 6, `${kinds()} kinds of damage`);
});

test('damage: a journal that ends anywhere heals from others', async () => {
  // Goal: lost and torn writes, own ones that were sent among them. Method: cut it at each length.
  const { heal, journal, kinds } = await openHealer();
  for (let length = 0; length < journal.length; length += 1) {
    await heal(journal.slice(0, length), `length ${length}`);
  }
  assert.ok(kinds() >= 5, `${kinds()} kinds of damage`);
});

test('damage: writes that reached the disk out of order heal from others', async () => {
  // Goal: reordered unsynced writes. Method: zeroes in place of sixty bytes from each one on.
  const { heal, journal, kinds } = await openHealer();
  for (let at = 0; at < journal.length; at += 1) {
    await heal(journal.slice().fill(0, at, at + 60), `hole at ${at}`);
  }
  assert.ok(kinds() >= 6, `${kinds()} kinds of damage`);
});

/** The places of the header and of the length and check of each record. */
const headsOf = (journal: Uint8Array): ReadonlySet<number> => {
  const places = new Set(JOURNAL_HEADER.keys());
  const view = new DataView(journal.buffer, journal.byteOffset);
  for (let at = JOURNAL_HEADER.length; at < journal.length; at += 8 + view.getUint32(at)) {
    for (let place = at; place < at + 8; place += 1) places.add(place);
  }
  return places;
};
