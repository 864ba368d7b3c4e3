import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJournal, encodeRecord, JOURNAL_HEADER } from '../crdt/journal.ts';
import { AUDIT_LIMITS, openAudit } from './audit.ts';
import { openCrypto } from './linux/crypto.ts';
import { ALL, auditFiles, countOf, listOf, stage } from './test-audit.ts';
import { adoptionOf, createDisk, idOf, open, testClock } from './test-replica.ts';

const crypto = openCrypto();
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('audit: who changed what, before and after, and the proof', async () => {
  // Goal: item 3. Method: two writes, a deletion and an own fact; read it back after a restart.
  const { replica, set, disk, audit } = await stage();
  await replica.write([adoptionOf(7)]);
  await set('intent/x', 1);
  await set('intent/x', 2);
  await set('member/left', null);
  await set('intent/x', null);
  await audit.flush();
  const { list } = await stage(AUDIT_LIMITS, disk);
  const changes = await list({ path: 'intent/' });
  assert.deepEqual(
    changes.map(({ author, path, before, after, isSigned }) => ({
      author,
      path,
      before,
      after,
      isSigned,
    })),
    [
      { author: 'vm7', path: 'intent/x', before: null, after: 1, isSigned: true },
      { author: 'vm7', path: 'intent/x', before: 1, after: 2, isSigned: true },
      { author: 'vm7', path: 'intent/x', before: 2, after: null, isSigned: true },
    ],
  );
  assert.equal((await list()).length, 4, 'the adoption too');
  assert.equal((await list({ author: idOf(8) })).length, 0);
  assert.equal((await list({ sinceMs: testClock.nowMs + 1_000 })).length, 0);
  assert.equal((await list({ countMax: 1 })).length, 1);
});

test('audit: what others said is there, and a new generation adds nothing', async () => {
  // Goal: compaction does not touch it, and does not repeat it. Method: 8 hears all of 7.
  const { replica, set } = await stage();
  await replica.write([adoptionOf(7), adoptionOf(8)]);
  for (let value = 0; value < 5; value += 1) await set('intent/x', value);
  const other = await open(createDisk().disk, 8);
  const disk = createDisk();
  const audit = await openAudit(
    { clock: testClock, crypto, disk: disk.disk, log },
    other,
    () => AUDIT_LIMITS,
  );
  other.onFrames(audit.note);
  other.receive(replica.framesAfter([], 1e9));
  const before = await countOf(audit);
  assert.equal(before, 7);
  replica.reclaimKey();
  await replica.republish();
  other.receive(replica.framesAfter(other.heads(), 1e9));
  assert.deepEqual(other.heads(), replica.heads());
  assert.equal(await countOf(audit), before);
});

test('audit: what a node says where it may not is never what stood before', async () => {
  // Goal: a node cannot change what the log tells of others. Method: 7 writes x, 8, a node, writes
  // something else there and 7 hears it; 7 writes x again. The twin: 8 is an operator.
  for (const isOperator of [false, true]) {
    const { replica, set, list } = await stage();
    await replica.write([adoptionOf(7), adoptionOf(8)]);
    if (isOperator) {
      await replica.write([{ path: `trust/role/${idOf(8)}`, value: { number: 1 } }]);
    }
    await set('intent/x', 1);
    const other = await open(createDisk().disk, 8);
    other.receive(replica.framesAfter([], 1e9));
    await other.write([{ path: 'intent/x', value: 'theirs' }]);
    replica.receive(other.framesAfter(replica.heads(), 1e9));
    await set('intent/x', 2);
    assert.deepEqual(
      (await list({ path: 'intent/' })).map(({ before, after }) => [before, after]),
      [
        [null, 1],
        [1, 'theirs'],
        [isOperator ? 'theirs' : 1, 2],
      ],
    );
  }
});

test('audit: who was away has of what was compacted the result alone, and says so', async () => {
  // Goal: the bound of the kept window. Method: 8 is away while 7 changes x six times, makes and
  // deletes y, and begins a new generation; 9 was up all the while.
  const { replica, set } = await stage();
  await replica.write([adoptionOf(7), adoptionOf(8), adoptionOf(9)]);
  const logOf = async (fill: number) => {
    const other = await open(createDisk().disk, fill);
    const ports = { clock: testClock, crypto, disk: createDisk().disk, log };
    const audit = await openAudit(ports, other, () => AUDIT_LIMITS);
    other.onFrames(audit.note);
    const hear = () => other.receive(replica.framesAfter(other.heads(), 1e9));
    hear();
    const list = async () =>
      (await listOf(audit, other, { ...ALL, path: 'intent/' })).map(
        ({ path, after, isBeforeKnown }) =>
          `${path} ${isBeforeKnown ? '' : '?->'}${JSON.stringify(after)}`,
      );
    return { hear, list };
  };
  const [away, up] = [await logOf(8), await logOf(9)];
  const say = async (path: string, value: number | null) => {
    await set(path, value);
    up.hear();
  };
  for (let value = 0; value <= 5; value += 1) await say('intent/x', value);
  await say('intent/y', 1);
  await say('intent/y', null);
  replica.reclaimKey();
  await replica.republish();
  for (const each of [away, up]) each.hear();
  assert.deepEqual(await away.list(), ['intent/x ?->5']);
  const all = [0, 1, 2, 3, 4, 5].map((value) => `intent/x ${value}`);
  assert.deepEqual(await up.list(), [...all, 'intent/y 1', 'intent/y null']);
});

test('audit: bounded in bytes and in age, whole files, the oldest first', async () => {
  // Goal: it never grows without end. Method: two MiB of words into a log of one and a half.
  const limits = { bytesMax: 1_500_000, ageMsMax: 1_000_000 };
  const { replica, set, list, disk, audit } = await stage(limits);
  await replica.write([adoptionOf(7)]);
  for (let count = 0; count < 340; count += 1)
    await set(`intent/k${count % 100}`, `${count} `.repeat(1_200));
  await audit.flush();
  const bytes = auditFiles(disk).reduce((sum, [, content]) => sum + content.length, 0);
  assert.ok(bytes <= 1_500_000 && bytes > 200_000, `${bytes}`);
  const kept = await list();
  assert.equal(kept.at(-1)?.path, 'intent/k39');
  assert.ok(
    kept.some(({ isBeforeKnown }) => !isBeforeKnown),
    'older than the log',
  );
  testClock.nowMs += 2_000_000;
  for (let count = 0; count < 260; count += 1)
    await set(`intent/k${count % 100}`, `${count}!`.repeat(1_200));
  testClock.nowMs += 2_000_000;
  await set('intent/x', 'late');
  await audit.flush();
  assert.equal(auditFiles(disk).length, 1);
});

test('audit: damage is skipped, and a changed frame is told', async () => {
  // Goal: nobody edits history unseen. Method: flip a bit of a file at many places; then change
  // what a frame says, by one who makes the record whole again.
  const { set, list, whole, disk, audit } = await stage();
  for (let value = 0; value < 5; value += 1) await set('intent/x', value);
  await audit.flush();
  assert.equal((await whole()).end?.damaged, 0);
  const [[name, content] = ['', new Uint8Array()]] = auditFiles(disk);
  for (let at = 20; at < content.length; at += 7) {
    disk.files.set(name, content.with(at, (content[at] ?? 0) ^ 4));
    const { changes, end } = await whole();
    assert.equal(end?.damaged, 1, `at ${at}`);
    assert.ok(changes.length < 5 || changes.every(({ isSigned }) => isSigned), `at ${at}`);
    assert.ok(changes.length >= 4, `at ${at}`);
  }
  for (const cut of [content.subarray(0, -1), content.with(3, 0), new Uint8Array(9)]) {
    disk.files.set(name, cut);
    assert.equal((await whole()).end?.damaged, 1);
  }
  const frames = decodeJournal(crypto, content).frames.map((frame) => {
    const at = Buffer.from(frame).indexOf('intent/x') + 'intent/'.length;
    return encodeRecord(crypto, frame.with(at, 'z'.charCodeAt(0)));
  });
  disk.files.set(name, Buffer.concat([JOURNAL_HEADER, ...frames]));
  const forged = await list();
  assert.deepEqual(
    forged.map(({ path, isSigned }) => [path, isSigned]),
    Array.from({ length: 5 }, () => ['intent/z', false]),
  );
});

test('audit: what a crash tore off its end is cut at the next start: it is no damage', async () => {
  // Goal: a power cut is not told as an edit of history. Method: a log that ends in the middle of a
  // record, of its header, and one that is no log; the lost word is noted again, later ones after.
  const { set, disk, audit } = await stage();
  for (let value = 0; value < 3; value += 1) await set('intent/x', value);
  await audit.flush();
  const [[name, content] = ['', new Uint8Array()]] = auditFiles(disk);
  for (const [cut, damaged] of [
    [content.subarray(0, -5), 0],
    [content.subarray(0, 7), 0],
    [new Uint8Array(99), 1],
  ] as const) {
    for (const [one] of auditFiles(disk)) disk.files.delete(one);
    disk.files.set(name, cut);
    const again = await stage(AUDIT_LIMITS, disk);
    await again.set('intent/y', damaged);
    const { changes, end } = await again.whole({ path: 'intent/x' });
    assert.deepEqual([changes.at(-1)?.after, end?.damaged], [2, damaged]);
    assert.equal((await again.list()).at(-1)?.path, 'intent/y');
  }
});

test('audit: what a crash kept from the log is in it after the next start', async () => {
  // Goal: no change is taken and never told. Method: the power goes after the journal has a change,
  // own or another's, and before the log has; also where a generation says it again, and where the
  // log just began a file; then two starts: it is told once, and the twin, in the log, is as well.
  for (const isRenewed of [false, true]) {
    const { replica, set, disk, audit } = await stage();
    await replica.write([adoptionOf(7), adoptionOf(8)]);
    const other = await open(createDisk().disk, 8);
    other.receive(replica.framesAfter(other.heads(), 1e9));
    await set('intent/x', 1);
    await audit.flush();
    const kept = auditFiles(disk);
    testClock.nowMs += 1;
    await set('intent/x', 2);
    await other.write([{ path: 'intent/y', value: 3 }]);
    replica.receive(other.framesAfter(replica.heads(), 1e9));
    if (isRenewed) {
      replica.reclaimKey();
      await replica.republish();
    }
    await audit.flush();
    for (const [name] of auditFiles(disk)) disk.files.delete(name);
    for (const [name, content] of kept) disk.files.set(name, content);
    disk.files.set(`audit-0000000002-${testClock.nowMs}`, JOURNAL_HEADER);
    for (const start of [1, 2]) {
      const again = await stage(AUDIT_LIMITS, disk);
      await again.audit.flush();
      assert.deepEqual(
        (await again.list({ path: 'intent/' })).map(
          ({ path, after }) => `${path} ${JSON.stringify(after)}`,
        ),
        ['intent/x 1', 'intent/x 2', 'intent/y 3'],
        `${isRenewed} ${start}`,
      );
      const bytes = auditFiles(disk).reduce((sum, [, { length }]) => sum + length, 0);
      assert.ok(bytes < 4_000, `${bytes} bytes`);
    }
  }
});

test('audit: a disk that fails holds nobody up', async () => {
  // Goal: invariant 2. Method: every append fails from some moment on.
  const { set, disk, audit, replica } = await stage();
  await set('intent/x', 1);
  const write = disk.disk.append;
  disk.disk.append = (name, content) =>
    name.startsWith('audit-') ? Promise.reject(new Error('disk full')) : write(name, content);
  await set('intent/x', 2);
  await audit.flush();
  assert.equal(replica.valueOf(idOf(7), 'intent/x'), 2);
});
