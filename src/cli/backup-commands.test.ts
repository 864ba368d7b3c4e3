/** The commands backup and restore: flags, passphrases, what they say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './test-local.ts';

const acted = (
  ran: Awaited<ReturnType<typeof run>>,
  name: string,
): readonly unknown[] | undefined => ran.acts.find(([word]) => word === name);

const PHRASE = { env: { CNSMO_PASSPHRASE: 'four words' } };

test('backup: the passphrase comes from a file, the environment or the terminal', async () => {
  // Goal: never from an argument, and typed twice. Method: each way; the file goes first.
  const file = { path: 'b.age', passphrase: 'four words' };
  const ways = [
    await run(['backup', 'b.age'], PHRASE),
    await run(['backup', 'b.age', '--passphrase-file', 'p'], {
      files: { p: 'four words\nnot this\n' },
      env: { CNSMO_PASSPHRASE: 'other' },
    }),
    await run(['backup', 'b.age'], { isTerminal: true, typed: ['four words', 'four words'] }),
  ];
  for (const ran of ways) {
    assert.equal(ran.status, 0, ran.err);
    assert.deepEqual(acted(ran, 'backup')?.slice(2), [file, false]);
    assert.equal(ran.out, 'Member vm1 of mesh shop is in b.age, without keys.\n');
  }
  const withKeys = await run(['backup', '--keys', 'b.age', '-o', 'json'], PHRASE);
  assert.deepEqual(acted(withKeys, 'backup')?.slice(2), [file, true]);
  const { keys, bytes } = JSON.parse(withKeys.out) as { keys: boolean; bytes: number };
  assert.deepEqual([keys, bytes], [true, 4_000]);
});

test('backup: without a passphrase, or with two, nothing is written', async () => {
  // Goal: one clear line, and no file. Method: by table.
  const cases: readonly [Parameters<typeof run>[1], number, RegExp][] = [
    [{}, 2, /^passphrase: \(none\): .*CNSMO_PASSPHRASE/],
    [{ env: { CNSMO_PASSPHRASE: '' } }, 3, /^passphrase: empty: /],
    [{ isTerminal: true, typed: [''] }, 3, /^passphrase: empty: /],
    [{ isTerminal: true, typed: ['one', 'two'] }, 3, /^passphrase: \(not shown\): the second /],
  ];
  for (const [choice, status, line] of cases) {
    const ran = await run(['backup', 'b.age'], choice);
    assert.equal(ran.status, status);
    assert.match(ran.err, line);
    assert.equal(acted(ran, 'backup'), undefined);
  }
  assert.equal((await run(['backup'], PHRASE)).status, 2);
});

test('restore: a member comes back and is started, a fork shows its recovery code', async () => {
  // Goal: both kinds, and what they say. Method: run them; the twin with --no-start starts nothing.
  const back = await run(['restore', 'b.age', '--port', '7400'], PHRASE);
  assert.equal(back.out, 'This VM is vm1 of mesh shop again, 10.10.0.1.\n');
  assert.match(back.err, /before it has heard one, it says nothing new/);
  assert.match(JSON.stringify(acted(back, 'restore')), /"port":"7400"/);
  assert.ok(acted(back, 'start') !== undefined);
  const fork = await run(['restore', 'b.age', '--fork', '--member', 'vm9', '--no-start'], PHRASE);
  assert.match(fork.out, /^New mesh shop founded\. .*\nRecovery code, shown only now: CODE-1\n$/);
  assert.equal(fork.err, '');
  assert.equal(acted(fork, 'start'), undefined);
  const kept = await run(['restore', 'b.age', '--fork', '--recovery-file', 'code'], PHRASE);
  assert.deepEqual(acted(kept, 'writeSecret'), ['writeSecret', 'code', 'CODE-1\n']);
  assert.ok(!kept.out.includes('CODE-1'));
});

test('restore: who takes a place in a mesh does not found another', async () => {
  // Goal: the word reaches the act, and never beside its opposite. Method: one, then both.
  const back = await run(['restore', 'b.age', '--rejoin', '--no-start'], PHRASE);
  assert.match(JSON.stringify(acted(back, 'restore')), /"rejoin":true/);
  const both = await run(['restore', 'b.age', '--rejoin', '--fork'], PHRASE);
  assert.equal(both.status, 2);
  assert.match(both.err, /--rejoin: contradicts another flag/);
  assert.equal(acted(both, 'restore'), undefined);
});

test('restore: what belongs to a fork is refused without it', async () => {
  // Goal: no flag is ignored in silence. Method: each, before anything is asked or done.
  for (const flags of [
    ['--member', 'vm9'],
    ['--recovery-file', 'code'],
  ]) {
    const ran = await run(['restore', 'b.age', ...flags], PHRASE);
    assert.equal(ran.status, 2);
    assert.match(ran.err, /--fork\n$/);
    assert.deepEqual(ran.acts, []);
  }
});
