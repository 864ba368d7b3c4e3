import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberIdOf } from '../crdt/ids.ts';
import {
  ADMITTED,
  type AdmitAsk,
  idOf,
  NOW_MS,
  refusal,
  refused,
  retry,
  seedOf,
  stage,
  tokenOf,
} from './test-join.ts';

test('join: a member that has admitted enough names others, and they are asked', async () => {
  // Goal: a full node does not keep anybody out. Method: the only entry of the token is full; it
  // names one that does not answer, itself, and one that admits.
  const { join, asked, files } = stage({ [idOf(2)]: retry(3, 2, 4), [idOf(4)]: ADMITTED });
  assert.equal((await join(tokenOf([2]))).name, 'vm7');
  assert.deepEqual([...new Set(asked)], ['192.0.2.2', '192.0.2.3', '192.0.2.4']);
  assert.ok(files.has('genesis'));
});

test('join: members that only name each other end it', async () => {
  // Goal: no endless walk. Method: every member is full and names sixteen more.
  const all = Array.from({ length: 60 }, (_, index) => index + 2);
  const answers = all.map((n) => [idOf(n), retry(...[1, 2, 3, 4, 5, 6].map((k) => n + k))]);
  const { join, asked } = stage(Object.fromEntries(answers));
  assert.equal((await refusal(join(tokenOf([2])))).code, 'timeout');
  assert.ok(new Set(asked).size <= 16);
  assert.ok(asked.length <= 100);
});

test('join: a token that expired long ago is refused as expired, when nobody answers', async () => {
  // Goal: status 3 and the true remedy, though the mesh cuts such a one without a word. Method:
  // nobody answers, with a token of last week; twin: with a fresh one.
  const old = stage({});
  const expired = await refusal(old.join(tokenOf([2, 3], NOW_MS - 7 * 86_400_000)));
  assert.equal(expired.code, 'refused');
  assert.match(expired.message, /^token: \(hidden\): expired; ask an operator for a new one$/);
  assert.equal(old.asked.length, 2);
  assert.deepEqual([...old.files.keys()], []);
  const fresh = stage({});
  assert.equal((await refusal(fresh.join(tokenOf([2, 3])))).code, 'timeout');
  assert.equal(fresh.asked.length, 6);
});

test('join: a member of another version is passed by, or named if there is no other', async () => {
  // Goal: a mismatch is refused loudly, and an upgrade under way keeps nobody out. Method: of two
  // entries the first is of version 2; twin: it is the only one, and nothing stays on the disk.
  const answers = { [idOf(2)]: ADMITTED, [idOf(3)]: ADMITTED };
  const mixed = stage(answers, { others: [idOf(2)] });
  assert.equal((await mixed.join(tokenOf([2, 3]))).name, 'vm7');
  assert.deepEqual(mixed.told, [idOf(3)]);
  const alone = stage(answers, { others: [idOf(2)] });
  const fault = await refusal(alone.join(tokenOf([2])));
  assert.equal(fault.code, 'refused');
  assert.equal(
    fault.message,
    'entry: 192.0.2.2:7300: it speaks wire version 2, document version 1, this VM 1 and 1; ' +
      'run the same version of cnsmo on both sides',
  );
  assert.deepEqual([...alone.files.keys()], []);
});

test('join: a member whose clock is wrong keeps nobody out', async () => {
  // Goal: the next entry is asked. Method: of two the first is 3 h ahead; then 2 h behind.
  for (const offMs of [3 * 3_600_000, -2 * 3_600_000]) {
    const answers = { [idOf(2)]: ADMITTED, [idOf(3)]: ADMITTED };
    const { join, told } = stage(answers, { offMs: { [idOf(2)]: offMs } });
    assert.equal((await join(tokenOf([2, 3]))).name, 'vm7');
    assert.deepEqual(told, [idOf(3)]);
  }
});

test('join: a joiner whose own clock is wrong is refused, and tells nobody its name', async () => {
  // Goal: one clear line, nothing on disk. Method: all members are 2 h ahead; the only one is;
  // two of three are, and the third's clock is as wrong as ours.
  const offMs = 7_200_000;
  for (const members of [[2, 3], [2], [2, 3, 4]]) {
    const answers = Object.fromEntries(members.map((number) => [idOf(number), ADMITTED]));
    const { join, told, files } = stage(answers, {
      offMs: { [idOf(2)]: offMs, [idOf(3)]: offMs },
    });
    const fault = await refusal(join(tokenOf(members)));
    assert.equal(fault.code, 'refused');
    assert.match(fault.message, /^clock: 7200 s: behind the clock of the mesh.*; set the clock/);
    assert.deepEqual(told, []);
    assert.deepEqual([...files.keys()], []);
  }
});

test('join: it takes no longer than it may', async () => {
  // Goal: --timeout is kept, and an only entry is waited for longer. Method: eight entries that do
  // not answer, with a limit and without; and one.
  const eight = [2, 3, 4, 5, 6, 7, 8, 9];
  for (const [entries, timeoutMs, leastMs, mostMs] of [
    [eight, 5_000, 4_900, 5_500],
    [eight, null, 96_000, 150_000],
    [[2], null, 18_000, 20_000],
  ] as const) {
    const { join, nowMs } = stage({});
    assert.equal((await refusal(join(tokenOf([...entries]), timeoutMs))).code, 'timeout');
    assert.ok(nowMs() >= leastMs && nowMs() <= mostMs, `${nowMs()} ms`);
  }
});

test('join: an only entry has the time that it takes, one of two has less', async () => {
  // Goal: a VM without CPU to spare lets in all who ask at once, though it answers late. Method: an
  // only entry that takes 20 s for each answer. Twin: two of them, who are turned away from.
  const both = { [idOf(2)]: ADMITTED, [idOf(3)]: ADMITTED };
  const slow = { ms: 20_000, untilMs: 0 };
  const { join, told } = stage(both, { slow });
  assert.equal((await join(tokenOf([2]))).name, 'vm7');
  assert.deepEqual(told, [idOf(2)]);
  assert.equal((await refusal(stage(both, { slow }).join(tokenOf([2, 3])))).code, 'timeout');
});

test('join: who takes connections and does not answer yet is asked for three minutes', async () => {
  // Goal: a crowd that starves its entry comes in without a second command. Method: one that
  // answers after 150 s. Twin: one that never does, and is given up.
  const { join } = stage({ [idOf(2)]: ADMITTED }, { slow: { ms: 0, untilMs: 150_000 } });
  assert.equal((await join(tokenOf([2]))).name, 'vm7');
  const never = stage({ [idOf(2)]: ADMITTED }, { slow: { ms: 0, untilMs: 1e9 } });
  assert.equal((await refusal(never.join(tokenOf([2])))).code, 'timeout');
  assert.ok(never.nowMs() > 180_000 && never.nowMs() < 215_000, `${never.nowMs()} ms`);
});

test('join: keys that went down with who let them in are replaced, once', async () => {
  // Goal: a joiner whose entry is evicted meanwhile comes in by another, with the same token.
  // Method: the first sends it on; the second knows its key by the evicted one, and takes any
  // other. Twins: one that takes none; and keys that a cut join left.
  const isVoid = refused('evicted');
  const isEvicted = (evicted: readonly string[]) => (ask: AdmitAsk) =>
    evicted.includes(memberIdOf(ask.memberKey)) ? isVoid : ADMITTED;
  const { join, told, files } = stage({ [idOf(2)]: retry(3), [idOf(3)]: isEvicted([idOf(32)]) });
  assert.equal((await join(tokenOf([2]))).name, 'vm7');
  assert.deepEqual(told, [idOf(2), idOf(3), idOf(2), idOf(3)]);
  assert.deepEqual(files.get('member-key'), seedOf(34));
  const never = stage({ [idOf(3)]: isVoid });
  assert.match((await refusal(never.join(tokenOf([3])))).message, /its key is void/);
  assert.deepEqual([never.told.length, [...never.files.keys()]], [2, []]);
  const kept = stage({ [idOf(3)]: isEvicted([idOf(5)]) });
  kept.files.set('member-key', seedOf(5)).set('wg-key', seedOf(6));
  await kept.join(tokenOf([3]));
  assert.deepEqual(kept.files.get('member-key'), seedOf(32));
});
