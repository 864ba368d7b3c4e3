import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinBytes } from '../src/crdt/signed.ts';
import { startJournal } from '../src/node/journal.ts';
import type { Replica } from '../src/node/replica.ts';
import { adoptionOf, createDisk, idOf, open } from '../src/node/test-replica.ts';
import type { Disk } from '../src/ports.ts';

const versionOf = (text: string) => ({
  path: 'member/version',
  value: { version: text, commit: text },
});

/** How much of the append that the power cut met reached the disk, of its length. */
const PARTS = [
  (_: number) => 0,
  (_: number) => 1,
  (_: number) => 6,
  (length: number) => Math.floor(length / 2),
  (length: number) => length - 1,
  (length: number) => length,
];

/**
 * The disk of a VM whose power fails at its `cutAt`-th change; from then on nothing answers. A file
 * that is being replaced is the old one, or, of the last part, the new one.
 */
async function openDoomed(cutAt: number, part: (length: number) => number) {
  const home = createDisk();
  await startJournal(home.disk);
  home.makeMember();
  let changes = 0;
  let isOff = false;
  const silence = () => new Promise<never>(() => {});
  const change = (name: string, whole: Uint8Array, added: number): Promise<void> => {
    if (isOff) return silence();
    changes += 1;
    if (changes === cutAt) {
      isOff = true;
      const lost = added - part(added);
      const isReplaced = added === whole.length;
      if (!isReplaced || lost === 0) home.files.set(name, whole.slice(0, whole.length - lost));
      return silence();
    }
    home.files.set(name, whole.slice());
    return Promise.resolve();
  };
  const disk: Disk = {
    ...home.disk,
    read: (name) => (isOff ? silence() : home.disk.read(name)),
    write: (name, content) => change(name, content, content.length),
    append: (name, content) =>
      change(name, joinBytes(home.files.get(name) ?? new Uint8Array(), content), content.length),
    remove: async (name) => (isOff ? silence() : home.disk.remove(name)),
  };
  return { disk, files: home.files, isOff: () => isOff };
}

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

/** The life of member 8 until the power fails: what it was told is written, in order. */
async function live(disk: Disk, founder: Replica, told: string[]): Promise<void> {
  const member = await open(disk, 8);
  // What a member has written is sent at once.
  member.onChange((own) => void (own !== null && founder.receive([own])));
  step(founder, member);
  for (const text of ['1', '2', '3']) {
    await member.write([versionOf(text)]);
    told.push(text);
  }
  await founder.write([{ path: 'intent/x', value: told.length }]);
  step(founder, member);
  await member.flush();
  await member.republish();
  await member.write([versionOf('4')]);
  told.push('4');
  await member.flush();
}

/** One life, and what is left of it. False when the power never failed. */
async function survives(cutAt: number, part: (length: number) => number): Promise<boolean> {
  const founder = await open(createDisk().disk);
  await founder.write([adoptionOf(7), adoptionOf(8)]);
  const { disk, files, isOff } = await openDoomed(cutAt, part);
  const told: string[] = [];
  const living = live(disk, founder, told);
  // The life stands still at the cut; nothing in it takes more turns than this.
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 2_000 && !isOff(); turn += 1) await Promise.resolve();
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  await Promise.race([living, turns()]);
  if (!isOff()) return false;
  const what = `cut at change ${cutAt}, told ${told.join()}`;
  const after = createDisk();
  for (const [name, content] of files) after.files.set(name, content);
  const member = await open(after.disk, 8);
  const said = member.valueOf(idOf(8), 'member/version') as { version?: string } | null;
  assert.ok(Number(said?.version ?? 0) >= Number(told.at(-1) ?? 0), `${what}: is on disk`);
  step(founder, member);
  assert.ok(!member.isElsewhere(), what);
  await member.write([versionOf('9')]);
  step(founder, member);
  assert.ok(!member.isInDoubt(), what);
  assert.deepEqual(founder.view().alarms, [], what);
  assert.deepEqual(founder.view(), member.view(), what);
  const heard = founder.valueOf(idOf(8), 'member/version') as { version?: string } | null;
  assert.equal(heard?.version, '9', what);
  return true;
}

test('power cut: at every change of the disk, wherever in it, nothing told is lost', async () => {
  // Goal: item 5. Method: a member's life (own and others' frames, a generation)
  // with the power failing at each change in turn, of which nothing, a byte, half, all but a byte
  // or all is kept; it starts again from that, and the others never see a fork.
  for (const part of PARTS) {
    let cuts = 0;
    while (await survives(cuts + 1, part)) cuts += 1;
    assert.ok(cuts >= 7, `${cuts} changes`);
  }
});
