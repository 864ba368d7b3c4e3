import assert from 'node:assert/strict';
import { test } from 'node:test';
import { done, run } from './test-local.ts';

const change = (isSigned: boolean) => ({
  time: '2026-11-28T21:00:01.234Z',
  author: 'vm1',
  authorId: 'aaaaaa',
  path: 'trust/name/bbbbbb',
  isBeforeKnown: true,
  before: null,
  after: { name: 'db' },
  generation: 0,
  sequence: 4,
  frameHash: '00'.repeat(32),
  signature: 'ab'.repeat(64),
  isSigned,
  isVoid: false,
});

/** The answer in lines: one that says nothing yet, one for each change, and the end. */
const listed = (changes: readonly object[], end: object | null = { older: 0, damaged: 0 }) => ({
  ...done(null),
  lines: async function* () {
    yield { changes: [] };
    for (const one of changes) yield { changes: [one] };
    if (end !== null) yield { changes: [], end };
  },
});

test('audit: who, when, where, before, after, signature, a change in two lines', async () => {
  // Goal: item 3. Method: one change as people and as programs see it; the filters as the query.
  const answers = { 'GET /v1/audit': listed([change(true)]) };
  const shown = await run('audit --since 7d --path trust/ --author vm1 --verify'.split(' '), {
    answers,
  });
  assert.equal(
    shown.out,
    '2026-11-28 21:00:01  vm1  trust/name/bbbbbb  abababab\n  nothing → {"name":"db"}\n' +
      '1 changes, all signatures hold.\n',
  );
  assert.deepEqual(shown.requests[0]?.query, {
    ageMs: String(7 * 86_400_000),
    path: 'trust/',
    author: 'vm1',
    stream: 'true',
  });
  const json = await run('audit -o json'.split(' '), { answers });
  assert.equal(json.out, `${JSON.stringify([change(true)], null, 2)}\n`);
});

test('audit: the latest so many, and how many older ones are not shown', async () => {
  // Goal: nothing is left out unsaid. Method: two of 40 in each format; none; odd counts; an
  // answer that was cut.
  const two = [change(true), { ...change(true), path: 'intent/x' }];
  const answers = { 'GET /v1/audit': listed(two, { older: 38, damaged: 0 }) };
  const shown = await run('audit --count 2 --verify'.split(' '), { answers });
  assert.equal(shown.requests[0]?.query.count, '2');
  assert.match(shown.out, /\n38 older not shown\.\n2 changes, all signatures hold\.\n$/);
  const json = await run('audit -o json'.split(' '), { answers });
  assert.equal(json.out, `${JSON.stringify(two, null, 2)}\n`);
  const yaml = await run('audit -o yaml'.split(' '), { answers });
  assert.equal(yaml.out.match(/^- time:/gm)?.length, 2);
  const none = { 'GET /v1/audit': listed([]) };
  assert.equal((await run('audit -o json'.split(' '), { answers: none })).out, '[]\n');
  assert.equal((await run('audit -o yaml'.split(' '), { answers: none })).out, '[]\n');
  const empty = await run(['audit'], { answers: none });
  assert.equal(empty.out, 'No changes in the time that is kept.\n');
  for (const count of ['0', '-1', 'x', '1.5']) {
    const odd = await run(['audit', `--count=${count}`], { answers });
    assert.equal(odd.err, `count: ${count}: not a count; write a number, as 50\n`);
  }
  const cut = await run(['audit'], { answers: { 'GET /v1/audit': listed(two, null) } });
  assert.match(cut.err, /^daemon: audit: ended while answering: the list is not whole; /);
  assert.notEqual(cut.status, 0);
});

test('audit: where it is not known what stood before, the list says whom to ask', async () => {
  // Goal: nobody takes a gap for the whole. Method: one such change; none is the twin above.
  const answers = { 'GET /v1/audit': listed([{ ...change(true), isBeforeKnown: false }]) };
  const { out } = await run(['audit'], { answers });
  assert.match(out, /\n {2}\? → \{"name":"db"\}\n\?: what stood .*\n.* ask a member that was up/);
});

test('audit: a signature that does not hold is told, and --verify fails', async () => {
  // Goal: a log that somebody changed is found. Method: one such change, with and without.
  const answers = { 'GET /v1/audit': listed([change(false)]) };
  const plain = await run(['audit'], { answers });
  assert.equal(plain.status, 0);
  assert.match(plain.out, /signature does not hold/);
  const checked = await run(['audit', '--verify'], { answers });
  assert.notEqual(checked.status, 0);
  assert.match(checked.err, /^signature: 1 of 1: of vm1 at trust\/name\/bbbbbb does not hold: /);
});

test('audit: what counts for nothing is marked', async () => {
  // Goal: nobody takes the words of a hostile node for a change. Method: one; the twin is above.
  const answers = { 'GET /v1/audit': listed([{ ...change(true), isVoid: true }]) };
  const { out } = await run(['audit'], { answers });
  assert.match(out, /trust\/name\/bbbbbb {2}abababab void: not its to say\n/);
});

test('audit: damage is told, and --verify fails though what reads is signed', async () => {
  // Goal: one flipped bit is no way to take a change out of the list. Method: two stretches that do
  // not read, with and without changes beside them; the twin without damage is above.
  for (const changes of [[change(true)], []]) {
    const answers = { 'GET /v1/audit': listed(changes, { older: 0, damaged: 2 }) };
    const plain = await run(['audit'], { answers });
    assert.equal(plain.status, 0);
    assert.match(plain.out, /\n?2 stretches of this log were damaged: changes may be missing\.\n/);
    const checked = await run(['audit', '--verify'], { answers });
    assert.notEqual(checked.status, 0);
    assert.ok(!checked.out.includes('all signatures hold'));
    assert.match(checked.err, /^log: 2 damaged stretches: changes may be missing; ask /);
  }
});

test('audit: what is kept is set in words, and odd sizes are refused', async () => {
  // Goal: "settable". Method: both limits; sizes that are none change nothing.
  const answers = { 'PUT /v1/audit/limits': done({ bytesMax: 2 ** 27, ageMsMax: 86_400_000 }) };
  const set = await run('audit --keep-size 128MiB --keep-age 1d'.split(' '), { answers });
  assert.deepEqual(set.requests[0]?.body, { bytesMax: 2 ** 27, ageMsMax: 86_400_000 });
  assert.equal(set.out, 'Kept from now on: 128 MiB, 1 days.\n');
  for (const size of ['128', '-1MiB', '0MiB', '1.5GiB', 'MiB', '1TiB']) {
    const { status, err, requests } = await run(['audit', `--keep-size=${size}`], { answers });
    assert.equal(status, 3, size);
    assert.equal(err, `keep-size: ${size}: not a size; write a number and MiB or GiB, as 64MiB\n`);
    assert.deepEqual(requests, []);
  }
});

test('audit: limits too small, or set beside a question, are refused by their flags', async () => {
  // Goal: an operator is told of the flag as typed. Method: each mistake; no request is made.
  const answers = { 'PUT /v1/audit/limits': done({ bytesMax: 2 ** 27, ageMsMax: 86_400_000 }) };
  const short = await run('audit --keep-age 59m'.split(' '), { answers });
  assert.equal(short.status, 3);
  assert.equal(short.err, 'keep-age: 59m: too short; give 1h or more\n');
  const both = await run('audit --keep-size 64MiB --since 1d'.split(' '), { answers });
  assert.equal(both.status, 2);
  assert.match(both.err, /--keep-size <size>: contradicts another flag; leave one of them out/);
  assert.deepEqual([...short.requests, ...both.requests], []);
});

test('audit: what was said is cut on a terminal only', async () => {
  // Goal: who searches a pipe finds all. Method: a long value, in a pipe and on a terminal.
  const long = 'x'.repeat(200);
  const answers = { 'GET /v1/audit': listed([{ ...change(true), after: long }]) };
  const piped = await run(['audit'], { answers });
  assert.ok(piped.out.includes(long));
  const shown = await run(['audit'], { answers, isTerminal: true });
  assert.ok(!shown.out.includes(long));
  assert.ok(shown.out.includes('…'));
});

test('conflicts: what is in force, what lost, and the command that takes it', async () => {
  // Goal: no loss unseen. Method: one conflict; taking the loser of one author.
  const claim = (author: string, value: number) => ({
    author,
    authorId: author,
    time: '2026-11-28T21:00:01.234Z',
    value,
  });
  const conflict = { path: 'intent/x', winner: claim('vm1', 1), losers: [claim('vm3', 2)] };
  const answers = {
    'GET /v1/conflicts': done([conflict]),
    'POST /v1/conflicts/take': done({ path: 'intent/x', notes: ['Mind.'] }),
  };
  assert.equal(
    (await run(['conflicts'], { answers })).out,
    'intent/x\n  now  2026-11-28 21:00:01  vm1  1\n  lost 2026-11-28 21:00:01  vm3  2\n',
  );
  const none = { 'GET /v1/conflicts': done([]) };
  assert.equal((await run(['conflicts'], { answers: none })).out, 'Nothing lost unseen.\n');
  const taken = await run('conflicts take intent/x --author vm3'.split(' '), { answers });
  assert.deepEqual(taken.requests[0]?.body, { path: 'intent/x', author: 'vm3', caller: null });
  assert.equal(taken.out, 'What had lost at intent/x is in force.\nMind.\n');
  const older = { 'POST /v1/conflicts/take': done({ path: 'intent/x' }) };
  const told = await run('conflicts take intent/x'.split(' '), { answers: older });
  assert.equal(told.out, 'What had lost at intent/x is in force.\n');
});
