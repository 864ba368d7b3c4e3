import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { adoptionOf, createDisk, forksOf, idOf, open, testClock } from './test-replica.ts';

const ADOPTION = adoptionOf(7);

test('replica: what was written is there after a restart', async () => {
  // Goal: the journal carries the state. Method: write, open again on the same disk, compare.
  const { disk } = createDisk();
  const replica = await open(disk);
  const told: (Uint8Array | null)[] = [];
  replica.onChange((own) => told.push(own));
  await replica.write([ADOPTION]);
  await replica.write([ADOPTION]);
  assert.equal(told.length, 1, 'a write that changes nothing tells nobody');
  const again = await open(disk);
  assert.deepEqual(again.heads(), replica.heads());
  assert.deepEqual(again.view(), replica.view());
  assert.deepEqual(
    again.view().members.map(({ name }) => name),
    ['vm7'],
  );
});

test('replica: a frame that is not durable was never said', async () => {
  // Goal: invariant 1. Method: a disk that fails; then one that works again.
  const { disk, state } = createDisk();
  const replica = await open(disk);
  const told: unknown[] = [];
  replica.onChange((own) => told.push(own));
  state.failure = new Error('disk full');
  await assert.rejects(replica.write([ADOPTION]), /disk full/);
  assert.equal(replica.view().members.length, 0);
  assert.equal(told.length, 0);
  state.failure = null;
  await replica.write([ADOPTION]);
  assert.equal(replica.view().members.length, 1);
  const again = await open(disk);
  assert.deepEqual(again.view(), replica.view());
});

test('replica: a torn tail is cut, and writing goes on behind it', async () => {
  // Goal: a power cut in the middle of an append. Method: cut the file at each of its last bytes.
  const whole = createDisk();
  const replica = await open(whole.disk);
  await replica.write([ADOPTION]);
  await replica.write([{ path: 'member/left', value: { left: true } }]);
  const journal = whole.files.get('journal') ?? new Uint8Array();
  for (let cut = 1; cut <= 60; cut++) {
    const { disk, files } = createDisk();
    files.set('journal', journal.slice(0, journal.length - cut));
    const torn = await open(disk);
    assert.deepEqual(
      torn.view().members.map(({ hasLeft }) => hasLeft),
      [false],
    );
    await torn.write([{ path: 'member/left', value: { left: true } }]);
    const again = await open(disk);
    assert.deepEqual(
      again.view().members.map(({ hasLeft }) => hasLeft),
      [true],
    );
  }
});

test('replica: frames of others come in once and stay', async () => {
  // Goal: receive journals what it takes. Method: one replica's frames into an empty one.
  const from = await open(createDisk().disk);
  await from.write([ADOPTION]);
  const { disk } = createDisk();
  const to = await open(disk, 8);
  const frames = from.framesAfter([], 1 << 20);
  assert.deepEqual(
    to.receive(frames).map(({ verdict }) => verdict),
    ['taken'],
  );
  assert.deepEqual(
    to.receive(frames).map(({ verdict }) => verdict),
    ['known'],
  );
  await to.flush();
  assert.deepEqual((await open(disk, 8)).view(), from.view());
});

test('replica: a damaged journal is distrusted until a new generation is on disk', async () => {
  // Goal: invariant 4. Method: flip a bit in an own frame; restart twice, write, restart again.
  const { disk, files } = createDisk();
  const replica = await open(disk);
  await replica.write([ADOPTION]);
  await replica.write([{ path: 'member/version', value: { version: '1', commit: 'c' } }]);
  await replica.write([{ path: 'member/left', value: { left: true } }]);
  const journal = files.get('journal') ?? new Uint8Array();
  const flipped = journal.slice();
  const middle = Math.floor(journal.length * 0.75);
  flipped[middle] = (flipped[middle] ?? 0) ^ 1;
  files.set('journal', flipped);
  await open(disk);
  const again = await open(disk);
  assert.deepEqual(files.get('journal'), flipped, 'left as it is');
  await again.write([{ path: 'member/version', value: { version: '2', commit: 'c' } }]);
  assert.deepEqual(
    again.heads().map(({ generation }) => generation),
    [1],
  );
  const last = await open(disk);
  assert.deepEqual(last.heads(), again.heads());
  await last.write([{ path: 'member/version', value: { version: '3', commit: 'c' } }]);
  assert.deepEqual(
    last.heads().map(({ generation }) => generation),
    [1],
  );
});

test('replica: a refused write names what stands against it, and a remedy that fits', async () => {
  // Goal: nobody deletes statements because of a clone. Method: a value too long; then the frame
  // of a clone, made on a copy of the disk.
  const { disk, files } = createDisk();
  const replica = await open(disk);
  await replica.write([ADOPTION]);
  const long = replica.write([{ path: 'intent/x', value: new Uint8Array(9_000) }]);
  await assert.rejects(long, (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.facts.field, 'value');
    assert.match(error.facts.remedy, /shorter/);
    return true;
  });
  const copy = createDisk();
  for (const [name, content] of files) copy.files.set(name, content);
  const clone = await open(copy.disk);
  await clone.write([{ path: 'member/left', value: { left: true } }]);
  replica.receive(clone.framesAfter(replica.heads(), 1 << 20));
  await assert.rejects(replica.write([{ path: 'intent/x', value: 1 }]), (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.facts.field, 'member key');
    assert.match(error.facts.remedy, /leave --local/);
    assert.doesNotMatch(error.facts.remedy, /delete/);
    return true;
  });
});

test('replica: who is ahead of our clock is known, until it is not any more', async (context) => {
  // Goal: an operator hears of a wrong clock. Method: a member 73 s ahead; it is heard again, then
  // not for a minute; the next time its clock is put right.
  context.after(() => {
    testClock.nowMs = 1_000_000;
  });
  const founder = await open(createDisk().disk);
  await founder.write([ADOPTION, adoptionOf(8)]);
  const member = await open(createDisk().disk, 8);
  const give = () => founder.receive(member.framesAfter(founder.heads(), 1 << 20));
  member.receive(founder.framesAfter([], 1 << 20));
  assert.deepEqual(founder.ahead(), []);
  testClock.nowMs += 73_000;
  await member.write([{ path: 'member/version', value: { version: '1', commit: 'c' } }]);
  testClock.nowMs -= 73_000;
  give();
  assert.deepEqual(founder.ahead(), [{ author: idOf(8), aheadMs: 73_000 }]);
  testClock.nowMs += 50_000;
  give();
  assert.deepEqual(founder.ahead(), [{ author: idOf(8), aheadMs: 73_000 }]);
  testClock.nowMs += 60_001;
  assert.deepEqual(founder.ahead(), []);
  testClock.nowMs -= 60_001;
  give();
  testClock.nowMs += 60_000;
  give();
  assert.deepEqual(founder.ahead(), []);
});

test('replica: an author that forks without end does not fill the log', async (context) => {
  // Goal: old lines outlive whoever says two things a thousand times. Method: 300 generations with
  // two first frames each, at once; more of another author; and one more a minute later.
  context.after(() => {
    testClock.nowMs = 1_000_000;
  });
  const founder = await open(createDisk().disk);
  await founder.write([ADOPTION, adoptionOf(8), adoptionOf(9)]);
  const lines: unknown[] = [];
  const nothing = () => undefined;
  const error = (event: string, facts: object = {}) => void lines.push({ event, ...facts });
  const log = { info: nothing, warn: nothing, error };
  const replica = await open(createDisk().disk, 10, undefined, log);
  replica.receive(founder.framesAfter([], 1 << 20));
  const frames = forksOf(8, 301);
  const verdicts = replica.receive(frames.slice(0, -2)).map(({ verdict }) => verdict);
  assert.equal(verdicts.filter((verdict) => verdict === 'forked').length, 300);
  const line = (fill: number) => ({ event: 'author-forked', author: idOf(fill) });
  assert.deepEqual(
    lines,
    Array.from({ length: 5 }, () => line(8)),
  );
  replica.receive(forksOf(9, 1));
  assert.deepEqual(lines.slice(5), [line(9)], 'one author takes nothing from another');
  testClock.nowMs += 60_000;
  replica.receive(frames.slice(-2));
  assert.deepEqual(lines.slice(6), [line(8)]);
});
