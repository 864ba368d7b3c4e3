import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import type { Receipt } from '../crdt/receiving.ts';
import { Fault } from '../fault.ts';
import { encodeSync, NO_INTRODUCTION } from './rules/sync-message.ts';
import { FROM, stage } from './test-sync.ts';
import { settle } from './test-time.ts';

const BAD: Receipt = {
  verdict: 'rejected',
  why: 'signature',
  detail: 'the author did not sign it',
};
const MUTED_MS = 120_000;
const peer = 'a' as PeerKey;

/** Asks with one frame; gives the code of the fault with which that ends, or null. */
async function ask({ served }: ReturnType<typeof stage>, from: PeerKey): Promise<string | null> {
  assert.ok(served.handler !== null);
  const frames = [Uint8Array.of(1)];
  const request = encodeSync({ heads: [], frames, wallMs: null, ...NO_INTRODUCTION });
  const asked = served.handler({ ...FROM, peer: from }, request);
  return asked.then(
    () => null,
    (error) => (error instanceof Fault ? error.code : assert.fail(String(error))),
  );
}

test('sync: whoever asks with frames that are bad for everybody is refused for 2 min', async () => {
  // Goal: "the sender muted", whichever way it sends. Method: 200 requests of one member; then its
  // gossip, another member, and the same one later.
  const staged = stage(['a', 'b'], BAD);
  const { start, answer, pass, sync, warnings, asked } = staged;
  const end = await start();
  for (const each of ['a', 'b']) await answer(each);
  const codes: (string | null)[] = [];
  for (let turn = 0; turn < 200; turn += 1) codes.push(await ask(staged, peer));
  assert.deepEqual(codes.slice(0, 2), [null, null]);
  assert.ok(codes.slice(2).every((code) => code === 'refused'));
  assert.deepEqual(warnings, ['peer-muted']);
  assert.equal(sync.judge(peer, Uint8Array.of(1)), 'ignore');
  assert.equal(await sync.with(peer), false);
  assert.equal(await ask(staged, 'b' as PeerKey), null, 'another one is heard');
  const before = asked.length;
  await pass(MUTED_MS - 1);
  assert.ok(!asked.slice(before).includes('a'));
  await pass(2);
  assert.ok(asked.slice(before).includes('a'), 'it is asked when its time is over');
  assert.equal(await ask(staged, peer), null);
  await end();
});

test('sync: whoever answers with frames that are bad for everybody is muted, too', async () => {
  // Goal: as above. Method: each answer brings one; after the third it is neither asked nor heard.
  const staged = stage(['a'], BAD);
  const { start, open, sync, asked, warnings } = staged;
  const end = await start();
  for (let turn = 0; turn < 10 && open.length > 0; turn += 1) {
    open[0]?.answer(null, [Uint8Array.of(1)]);
    await settle();
    void sync.with(peer);
    await settle();
  }
  assert.equal(asked.length, 3);
  assert.ok(warnings.includes('peer-muted'));
  assert.equal(await ask(staged, peer), 'refused');
  await end();
});

test('sync: gossip, questions and answers count together', async () => {
  // Goal: nobody sends two bad frames each way. Method: one by gossip, two by questions.
  const staged = stage(['a'], BAD);
  const end = await staged.start();
  await staged.answer('a');
  const judge = () => staged.sync.judge(peer, Uint8Array.of(1));
  assert.equal(judge(), 'reject');
  assert.deepEqual([await ask(staged, peer), await ask(staged, peer)], [null, 'refused']);
  assert.equal(judge(), 'ignore');
  await end();
});

test('sync: an honest bearer of what is held, forked or known is never muted', async () => {
  // Goal: the twin: nobody is blamed for what others said. Method: 200 of each kind, both ways.
  const receipts: readonly Receipt[] = [
    { verdict: 'held', why: 'gap' },
    { verdict: 'held', why: 'unknown-author' },
    { verdict: 'held', why: 'quota' },
    { verdict: 'held', why: 'own' },
    { verdict: 'forked', author: peer as never },
    { verdict: 'known' },
  ];
  for (const receipt of receipts) {
    const staged = stage(['a'], receipt);
    const end = await staged.start();
    for (let turn = 0; turn < 200; turn += 1) {
      assert.equal(await ask(staged, peer), null);
      assert.equal(staged.sync.judge(peer, Uint8Array.of(1)), 'ignore');
    }
    assert.ok(!staged.warnings.includes('peer-muted'), JSON.stringify(receipt));
    await end();
  }
});
