import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { recover } from './recover.ts';
import type { Replica } from './replica.ts';
import { adoptionOf, createDisk, idOf, open, testClock } from './test-replica.ts';

const VERSION = 'member/version';
const versionOf = (text: string) => ({ path: VERSION, value: { version: text, commit: text } });

/** Founder 7 and member 8 in step; `copy` is the disk of 8 at that moment. */
async function stage() {
  const founder = await open(createDisk().disk);
  await founder.write([adoptionOf(7), adoptionOf(8)]);
  const disks = [createDisk(), createDisk()] as const;
  const member = await open(disks[0].disk, 8);
  step(founder, member);
  await member.write([versionOf('1')]);
  step(founder, member);
  await member.flush();
  for (const [name, bytes] of disks[0].files) disks[1].files.set(name, bytes);
  return { founder, member, disks };
}

/** Both come in step. */
function step(a: Replica, b: Replica): void {
  for (let round = 0; round < 12; round += 1) {
    a.receive(b.framesAfter(a.heads(), 1e9));
    b.receive(a.framesAfter(b.heads(), 1e9));
  }
  a.confirm();
  b.confirm();
}

const contextOf = (replica: Replica, founder: Replica | null, hasTwin = false) => ({
  replica,
  sync: {
    with: async () => {
      if (founder !== null) step(founder, replica);
      return true;
    },
  },
  twins: { renew: () => undefined, isTwinned: () => hasTwin },
  connected: () => (founder === null ? [] : [idOf(7)]),
  onRecovered: () => undefined,
});

const refusalOf = (error: unknown): string => (error instanceof Fault ? error.facts.remedy : '');
const saidBy = (replica: Replica, path = VERSION): unknown =>
  JSON.parse(JSON.stringify(replica.valueOf(idOf(8), path)));

// A clock of its own: the wait for a twin has to end.
const clock = {
  ...testClock,
  nowMs: 0,
  monotonicMs: () => {
    clock.nowMs += 100;
    return clock.nowMs;
  },
};

test('recover: a clone that forked is whole again, and says what this disk said', async () => {
  // Goal: one command on the VM that stays. Method: two copies write; one recovers.
  const { founder, member, disks } = await stage();
  const copy = await open(disks[1].disk, 8);
  await member.write([versionOf('mine')]);
  await copy.write([versionOf('its')]);
  step(founder, copy);
  step(founder, member);
  assert.ok(member.isElsewhere());
  assert.deepEqual(saidBy(founder), { version: '1', commit: '1' }, 'frozen where both agree');
  assert.deepEqual(
    founder.view().alarms.map(({ kind }) => kind),
    ['equivocation'],
  );
  await assert.rejects(member.write([versionOf('more')]), /key of this member/);
  assert.deepEqual(await recover({ clock }, contextOf(member, founder), false), {
    reason: 'key',
    asked: 1,
  });
  assert.ok(!member.isElsewhere());
  assert.deepEqual(saidBy(founder), { version: 'mine', commit: 'mine' });
  assert.deepEqual(founder.view(), member.view());
  assert.deepEqual(founder.view().alarms, []);
  step(founder, copy);
  assert.ok(copy.isElsewhere(), 'the copy learns it');
});

test('recover: an older disk takes back what it said, and goes on above it', async () => {
  // Goal: nothing that was said is lost. Method: the copy boots after the original wrote and died.
  const { founder, member, disks } = await stage();
  await member.write([versionOf('2')]);
  await member.write([{ path: 'member/left', value: { left: true } }]);
  step(founder, member);
  const restored = await open(disks[1].disk, 8);
  step(founder, restored);
  assert.ok(restored.isElsewhere());
  await recover({ clock }, contextOf(restored, founder), false);
  assert.deepEqual(saidBy(restored), { version: '2', commit: '2' });
  assert.deepEqual(saidBy(restored, 'member/left'), { left: true });
  await restored.write([versionOf('3')]);
  step(founder, restored);
  assert.deepEqual(founder.view(), restored.view());
  assert.deepEqual(saidBy(founder), { version: '3', commit: '3' });
});

test('recover: the doubt outlives a restart, and ends with the command', async () => {
  // Goal: a restart is no way around it. Method: open the disk again before and after.
  const { founder, disks, member } = await stage();
  member.suspectKey();
  await member.flush();
  const again = await open(disks[0].disk, 8);
  assert.ok(again.isElsewhere());
  await recover({ clock }, contextOf(again, founder), false);
  assert.ok(!(await open(disks[0].disk, 8)).isElsewhere());
});

test('recover: tunnels begin anew when the key is this VM’s alone, and not before', async () => {
  // Goal: a refusal ends no tunnel, nor does a journal in doubt. Method: what is said of the state
  // when they are to begin: with nothing wrong, with a twin, with nobody, and as it goes through.
  const { founder, member } = await stage();
  const told: boolean[] = [];
  const onRecovered = () => told.push(member.isElsewhere());
  const tryIt = (context: ReturnType<typeof contextOf>) =>
    recover({ clock }, { ...context, onRecovered }, false).catch(refusalOf);
  await tryIt(contextOf(member, founder));
  member.suspectKey();
  await tryIt(contextOf(member, founder, true));
  await tryIt(contextOf(member, null));
  assert.deepEqual(told, []);
  await tryIt(contextOf(member, founder));
  assert.deepEqual(told, [false]);
});

test('recover: refused while a twin lives, and while nobody can be asked', async () => {
  // Goal: two never go on. Method: a twin that answers; no member; no member, and told so.
  const { founder, member } = await stage();
  const nothing = await recover({ clock }, contextOf(member, founder), false);
  assert.deepEqual(nothing, { reason: null, asked: 0 });
  member.suspectKey();
  const tryIt = (context: ReturnType<typeof contextOf>, isAlone = false) =>
    recover({ clock }, context, isAlone).then(() => 'done', refusalOf);
  assert.match(await tryIt(contextOf(member, founder, true)), /leave --local on the other one/);
  assert.ok(member.isElsewhere());
  assert.match(await tryIt(contextOf(member, null)), /--alone/);
  assert.ok(member.isElsewhere());
  assert.equal(await tryIt(contextOf(member, null), true), 'done');
  assert.ok(!member.isElsewhere());
});

test('recover: the last survivor goes on from a damaged journal when told so', async () => {
  // Goal: the mesh does not die with the others. Method: flip a byte of another author's frame.
  const { disks } = await stage();
  disks[1].files.set('acquaintances', new TextEncoder().encode(`${idOf(7)} 192.0.2.1 7300\n`));
  const journal = disks[1].files.get('journal')?.slice() ?? new Uint8Array();
  journal.set([(journal[60] ?? 0) ^ 1], 60);
  disks[1].files.set('journal', journal);
  const survivor = await open(disks[1].disk, 8);
  assert.ok(survivor.isInDoubt());
  await assert.rejects(survivor.write([versionOf('2')]), /lost from its disk/);
  await assert.rejects(recover({ clock }, contextOf(survivor, null), false), /reachable/);
  const context = { ...contextOf(survivor, null), onRecovered: () => assert.fail('no key') };
  const done = await recover({ clock }, context, true);
  assert.equal(done.reason, 'journal');
  await survivor.write([versionOf('2')]);
  assert.deepEqual(saidBy(survivor), { version: '2', commit: '2' });
});
