import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from '../crdt/test-world.ts';
import { decodeClaim, encodeClaim, encodePass, encodeQuestion } from './rules/core-message.ts';
import { openCoreStage, signerOf } from './test-core.ts';

/** A stage in b's turn, with whom a has no connection; the founder answers what it is asked. */
async function openApart() {
  const stage = await openCoreStage('a');
  stage.apart.add(idOf('b'));
  await stage.pass(20_000);
  await stage.goToTurnOf('b');
  await stage.pass(1_000);
  await stage.goToTurnOf('b'); // The next one: the last is above every term that was taken.
  stage.questions.length = 0;
  const { epoch } = stage.core.constituency();
  const say = (...said: readonly Uint8Array[]): void => {
    stage.answer.current = { isTaken: false, isElected: false, highest: null, said };
  };
  const holder = () => stage.core.holder();
  return { ...stage, epoch, say, holder };
}

const claimOf = (epoch: number, n = 0) => ({ term: { epoch, n }, sinceMs: 1 });

test('hearsay: who cannot be reached by the core learns from another that it is', async () => {
  // Goal: all who can talk agree. Method: b has the role and a hears nothing of it; the founder
  // hands on what b signed; a hands that on in its turn; then b is in another term.
  const { epoch, say, holder, pass, questions, hear, end, core, reached } = await openApart();
  reached.length = 0;
  await pass(3_900);
  assert.equal(holder(), null, 'nobody has said so');
  const claim = signerOf('b').claim(claimOf(epoch));
  say(claim);
  await pass(4_500);
  assert.deepEqual([holder()?.id, holder()?.term], [idOf('b'), { epoch, n: 0 }]);
  assert.deepEqual(core.highest(), { epoch, n: 0 });
  assert.ok(questions.every(([of, about]) => of === idOf('founder') && about === idOf('b')));
  const { said, isTaken } = await hear('founder', encodeQuestion(idOf('b')));
  assert.deepEqual([said, isTaken], [[claim], false]);
  assert.deepEqual((await hear('founder', encodeQuestion(idOf('a')))).said, []);
  const asked = questions.length;
  const dialled = reached.length;
  say(signerOf('b').claim(claimOf(epoch, 2)));
  await pass(36_000);
  assert.deepEqual(holder()?.term, { epoch, n: 2 });
  assert.ok(questions.length <= asked + 2, 'seldom, once it is known');
  assert.equal(reached.length, dialled, 'and it is not dialled for that');
  await end();
});

test('hearsay: where the core is heard, nobody is asked', async () => {
  // Goal: no talk for nothing. Method: b is connected, and says in time that it has the role.
  const { epoch, apart, claim, pass, questions, end } = await openApart();
  apart.clear();
  await pass(3_000);
  await claim('b', { epoch, n: 0 });
  await pass(100_000);
  assert.deepEqual(questions, []);
  await end();
});

test('hearsay: what the elected one did not sign for this turn is not believed', async () => {
  // Goal: a hostile neighbour invents nothing, and raises no term. Method: claims and passes of b
  // without a signature, with another's, of another turn, changed; of another member; and no claim.
  const { epoch, say, holder, core, pass, end } = await openApart();
  const [b, founder] = [signerOf('b'), signerOf('founder')];
  const before = core.highest();
  const good = b.claim(claimOf(epoch));
  const changed = good.map((byte, at) => (at === good.length - 1 ? byte ^ 1 : byte));
  assert.notEqual(decodeClaim(changed), null, 'it reads well');
  const lies = [
    [encodeClaim(claimOf(epoch, 9))],
    [founder.claim(claimOf(epoch, 9))],
    [b.claim(claimOf(epoch - 3)), b.pass({ epoch: epoch - 3, why: 'unable' })],
    [b.claim(claimOf(epoch + 1)), b.pass({ epoch: epoch + 1, why: 'unable' })],
    [b.claim(claimOf(epoch, 200_000))],
    [changed],
    [encodePass({ epoch, why: 'unable' }), founder.pass({ epoch, why: 'unable' })],
    [new Uint8Array(9), new Uint8Array()],
  ];
  for (const lie of lies) {
    say(...lie);
    await pass(9_000);
    assert.equal(holder(), null);
    assert.deepEqual(core.highest(), before);
    assert.equal(core.constituency().passed(idOf('b')), null);
  }
  say(good);
  await pass(4_500);
  assert.equal(holder()?.id, idOf('b'), 'who lied is heard when it hands on what was said');
  await end();
});

test('hearsay: a claim of an earlier term does not come back', async () => {
  // Goal: what was said earlier in the turn replaces nothing. Method: b is heard in term 2 and then
  // out of reach; the founder hands on what b said in term 1.
  const { epoch, apart, claim, say, holder, core, pass, end } = await openApart();
  apart.clear();
  await claim('b', { epoch, n: 2 });
  apart.add(idOf('b'));
  say(signerOf('b').claim(claimOf(epoch, 1)));
  await pass(70_000);
  assert.deepEqual(holder()?.term, { epoch, n: 2 });
  assert.deepEqual(core.highest(), { epoch, n: 2 });
  await end();
});

test('hearsay: an earlier turn of the same number misleads until its author speaks', async () => {
  // Goal: where turns of another length bring a number back, old words mislead nobody for long.
  // Method: of b, which a elects and cannot reach, a claim in a high term is handed on, and a pass;
  // each time b is connected again, and says that it has the role in the first term.
  const { epoch, apart, claim, say, holder, core, pass, end } = await openApart();
  const b = signerOf('b');
  const corrects = async (): Promise<void> => {
    apart.clear();
    const { isTaken, isElected, highest } = await claim('b', { epoch, n: 0 });
    assert.deepEqual([isTaken, isElected], [false, true]);
    const n = highest?.n ?? 0;
    assert.ok(n >= 7, 'b is told of it, and claims the next one');
    assert.ok((await claim('b', { epoch, n: n + 1 })).isTaken);
    await pass(1_000); // Where b passed, a has the role itself until it looks.
    assert.deepEqual([holder()?.id, holder()?.term.n], [idOf('b'), n + 1]);
    apart.add(idOf('b'));
  };
  say(b.claim(claimOf(epoch, 7)));
  await pass(9_000);
  assert.deepEqual([holder()?.id, holder()?.term.n], [idOf('b'), 7], 'nobody but who is elected');
  await corrects();
  say(b.pass({ epoch, why: 'unable' }));
  await pass(36_000);
  assert.equal(core.constituency().passed(idOf('b'))?.epoch, epoch);
  assert.notEqual(holder()?.id, idOf('b'));
  await corrects();
  await end();
});

test('hearsay: who learns that the elected one passes elects the next one', async () => {
  // Goal: the same of a pass, and in the order in which they count. Method: of b, which a cannot
  // reach, others say that it took the role and passes now; and then the same of the founder.
  const { epoch, say, holder, core, pass, questions, hear, end } = await openApart();
  const said = [
    signerOf('b').pass({ epoch, why: 'wrong clock' }),
    signerOf('b').claim(claimOf(epoch)),
  ];
  say(...said);
  await pass(9_000);
  assert.deepEqual(core.constituency().passed(idOf('b'))?.why, 'wrong clock');
  assert.notEqual(holder()?.id, idOf('b'));
  assert.deepEqual((await hear('founder', encodeQuestion(idOf('b')))).said, said.slice(0, 1));
  await hear('founder', encodePass({ epoch, why: 'unable' }));
  await pass(6_000);
  assert.equal(holder()?.id, idOf('a'), 'it is its own turn now');
  assert.ok(questions.every(([of, about]) => of !== about));
  await end();
});
