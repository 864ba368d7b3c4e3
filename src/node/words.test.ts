import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberIdOf } from '../crdt/ids.ts';
import { idOf, seedOf } from '../crdt/test-world.ts';
import { openCrypto } from './linux/crypto.ts';
import {
  createWordSigner,
  decodeWords,
  encodeWords,
  headsToTell,
  WORDS_BYTES_MAX,
  type Word,
} from './rules/word-message.ts';
import { openStage, SERVICE, viewOf } from './test-words.ts';

const VIEW = viewOf(5);
const NAMES = ['founder', 'vm2', 'vm3', 'vm4', 'vm5'];

/** A word of a member's own, under its key. */
const wordOf = (name: string, text: string, life: number, sequence: number): Word =>
  createWordSigner(openCrypto(), {
    ...{ self: idOf(name), seed: seedOf(name), meshId: VIEW.mesh.id },
  }).say(SERVICE, { life, sequence }, text);
const asWords = (...words: readonly Word[]) =>
  encodeWords({ kind: 'words', words, hasMore: false });

/** All five in a row, each connected with the next. */
const openRow = () => {
  const stage = openStage(VIEW);
  const actors = NAMES.map((name) => stage.start(name, 1));
  for (const [index, name] of NAMES.slice(1).entries()) stage.link(NAMES[index] ?? '', name);
  const [first, second, third, fourth, last] = actors;
  assert.ok(first && second && third && fourth && last);
  return { ...stage, actors, first, second, third, fourth, last };
};

test('words: what one says all hear, and each change once', async () => {
  // Goal: words reach those who are not connected with their author. Method: five in a row; the
  // first says something, something else, the same again, and nothing any more.
  const { first, last, actors, sent, go } = openRow();
  await go(60_000);
  assert.deepEqual(sent, []); // Nobody says anything: nothing is sent.
  first.words.say(SERVICE, 'up');
  await go(10);
  assert.deepEqual(
    actors.map(({ hears }) => hears('founder')),
    [undefined, 'up', 'up', 'up', 'up'],
  );
  assert.deepEqual(
    actors.map(({ changes }) => changes),
    [0, 1, 1, 1, 1],
  );
  const before = sent.length;
  first.words.say(SERVICE, 'up');
  await go(10);
  assert.equal(sent.length, before);
  first.words.say(SERVICE, 'down');
  await go(10);
  assert.equal(last.hears('founder'), 'down');
  first.words.say(SERVICE, '');
  await go(10);
  assert.equal(last.hears('founder'), undefined);
  await go(30_000);
  const after = sent.length;
  await go(300_000);
  assert.equal(sent.length, after); // All was taken back: silence again.
});

test('words: a cut that heals brings what was said meanwhile, the newest of each', async () => {
  // Goal: partitions lose nothing but time. Method: the row is cut in the middle, both ends speak;
  // the twin while it is cut; then it heals.
  const { first, last, cut, link, go } = openRow();
  first.words.say(SERVICE, 'old');
  await go(10);
  cut('vm2', 'vm3');
  first.words.say(SERVICE, 'a');
  last.words.say(SERVICE, 'b');
  await go(60_000);
  assert.deepEqual([last.hears('founder'), first.hears('vm5')], ['old', undefined]);
  link('vm2', 'vm3');
  await go(10);
  assert.deepEqual([last.hears('founder'), first.hears('vm5')], ['a', 'b']);
});

test('words: what was lost is made good within a few rounds', async () => {
  // Goal: comparison heals. Method: all lines lose what is sent for a while, which nobody is told;
  // the twin is that nothing is heard until a round has passed.
  const { first, last, line, go } = openRow();
  line.isLossy = true;
  first.words.say(SERVICE, 'up');
  await go(10);
  line.isLossy = false;
  await go(1_000);
  assert.equal(last.hears('founder'), undefined);
  await go(30_000);
  assert.equal(last.hears('founder'), 'up');
});

test('words: a daemon that starts anew takes back what it does not say again', async () => {
  // Goal: no word outlives what it says. Method: one speaks, restarts in a later life and is
  // silent; restarts with a clock that is behind and says the same; an old word is played again.
  const stage = openStage(VIEW);
  const first = stage.start('founder', 7);
  const second = stage.start('vm2', 7);
  stage.link('founder', 'vm2');
  first.words.say(SERVICE, 'up');
  await stage.go(10);
  const { bytes } = stage.sent.find(({ from }) => from === 'founder') ?? assert.fail();
  assert.equal(second.hears('founder'), 'up');
  const restart = async (life: number, text: string) => {
    stage.cut('founder', 'vm2');
    const again = stage.start('founder', life);
    if (text !== '') again.words.say(SERVICE, text);
    await stage.go(10);
    stage.link('founder', 'vm2');
    await stage.go(10);
    return again;
  };
  await first.stop();
  await (await restart(8, '')).stop();
  assert.equal(second.hears('founder'), undefined);
  const third = await restart(3, 'fresh');
  assert.equal(second.hears('founder'), 'fresh');
  third.send('vm2', bytes);
  await stage.go(10);
  assert.equal(second.hears('founder'), 'fresh');
});

test('words: lies about others count for nothing, and who tells them is muted', async () => {
  // Goal: nobody speaks for another. Method: a liar forges, alters, plays back and sends garbage;
  // an honest word after it is not heard from the liar, and is from the next one.
  const { first, second, third, go } = openRow();
  await go(10);
  const honest = wordOf('vm5', 'up', 1, 1);
  const forged = { ...wordOf('vm4', 'down', 9, 9), author: honest.author };
  for (const lie of [forged, { ...honest, text: 'down' }, { ...honest, sequence: 2 }]) {
    first.send('vm2', asWords(lie));
    await go(10);
    assert.equal(second.hears('vm5'), undefined);
  }
  assert.deepEqual(second.warnings, ['peer-muted']);
  first.send('vm2', asWords(honest));
  await go(10);
  assert.equal(second.hears('vm5'), undefined);
  third.send('vm2', asWords(honest));
  await go(10);
  assert.equal(second.hears('vm5'), 'up');
  assert.deepEqual(third.warnings, []);
  for (let n = 0; n < 10; n += 1) third.send('vm2', encodeFuture());
  await go(10);
  assert.deepEqual(second.warnings, ['peer-muted']);
  for (let n = 0; n < 10; n += 1) third.send('vm2', new Uint8Array(n * 7).fill(n));
  await go(10);
  assert.deepEqual(second.warnings, ['peer-muted', 'peer-muted']);
});

/** A message of a later release. */
const encodeFuture = (): Uint8Array => {
  const bytes = asWords();
  const at = bytes.indexOf('v'.charCodeAt(0)) + 1;
  bytes[at] = 2;
  assert.equal(decodeWords(bytes), 'other-version');
  return bytes;
};

test('words: who is no member says nothing, until it is one', async () => {
  // Goal: standing. Method: a word of a member that the hearer's view does not know yet; then it
  // does.
  const { first, second, go } = openRow();
  second.view = viewOf(3);
  first.send('vm2', asWords(wordOf('vm5', 'up', 1, 1)));
  await go(10);
  assert.equal(second.hears('vm5'), undefined);
  first.words.say(SERVICE, 'here');
  first.send('vm3', asWords(wordOf('vm5', 'up', 1, 1)));
  second.view = VIEW;
  second.words.noteView();
  await go(61_000);
  assert.equal(second.hears('founder'), 'here');
});

test('words: who says too much is heard so often, and the last of it in the end', async () => {
  // Goal: bounded. Method: a member says a thousand things at once through its own program; a liar
  // sends a thousand words of its own; the first is paced, the other muted, others are not.
  const { first, second, last, sent, go } = openRow();
  for (let n = 0; n < 300; n += 1) {
    first.words.say(SERVICE, `n${n}`);
    await go(0);
  }
  await go(0);
  assert.ok(sent.length < 100, `${sent.length} messages`);
  await go(5_000);
  assert.equal(last.hears('founder'), 'n299');
  const before = second.changes;
  for (let n = 1; n <= 1_000; n += 1) last.send('vm4', asWords(wordOf('vm5', `m${n}`, 1, n)));
  await go(10);
  assert.ok(second.changes - before <= 20, `${second.changes - before} changes`);
  assert.throws(() => first.words.say(SERVICE, 'x'.repeat(16_385)), /too long/);
});

test('words: who asks again and again is answered so much, and again after a while', async () => {
  // Goal: a short question costs no more than it may. Method: a liar asks for all two thousand
  // times at once of one that holds a long word; the twin asks once, later.
  const { first, second, sent, go } = openRow();
  second.words.say(SERVICE, 'x'.repeat(16_000));
  await go(10);
  const ask = encodeWords({ kind: 'heads', heads: [], isAnswer: true });
  const answers = (): number =>
    sent.filter(({ from, bytes }) => from === 'vm2' && bytes.length > 16_000).length;
  const before = answers();
  for (let n = 0; n < 2_000; n += 1) first.send('vm2', ask);
  await go(0);
  const flood = answers() - before;
  assert.ok(flood > 100 && flood < 300, `${flood} answers`);
  await go(10_000);
  const rested = answers();
  first.send('vm2', ask);
  await go(0);
  assert.equal(answers(), rested + 1);
});

test('words: what is compared fits in a message, however large the mesh is', () => {
  // Goal: members of a large mesh still compare. Method: heads of 3,000 members, with the longest
  // names and counts that there are; twin: of a few all are told.
  const heads = Array.from({ length: 3_000 }, (_, n) => ({
    author: memberIdOf(new Uint8Array(32).map((__, at) => (at < 2 ? (n >> (8 * at)) & 0xff : 7))),
    service: 'a'.repeat(32),
    ...{ life: 2 ** 48 - 1, sequence: 2 ** 48 - 1 },
  }));
  const bytesOf = (some: typeof heads) =>
    encodeWords({ kind: 'heads', heads: headsToTell(some), isAnswer: true });
  assert.ok(bytesOf(heads).length <= WORDS_BYTES_MAX);
  assert.ok(bytesOf(heads).length > WORDS_BYTES_MAX * 0.9);
  const few = decodeWords(bytesOf(heads.slice(0, 600)));
  assert.ok(few !== null && few !== 'other-version' && few.kind === 'heads');
  assert.deepEqual(few.heads.length, 600);
});
