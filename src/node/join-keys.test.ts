import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JoinAnswer, JoinRefusal } from './rules/join-message.ts';
import {
  ADMITTED,
  type AdmitAsk,
  idOf,
  keyOf,
  pickFor,
  refusal,
  refused,
  retry,
  stage,
  tokenOf,
} from './test-join.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const keysIn = (asks: readonly AdmitAsk[]): number =>
  new Set(asks.map(({ memberKey }) => hex(memberKey))).size;

/** No key in these requests stands for two names or addresses. */
const assertOneEach = (asks: readonly AdmitAsk[]): void => {
  const distinct = new Set(asks.map((ask) => [hex(ask.memberKey), ask.name, ask.ipv4].join()));
  assert.equal(distinct.size, keysIn(asks));
};

/** An entry that keeps the requests that it gets, and sends joiners on. */
const keeper = () => {
  const kept: AdmitAsk[] = [];
  const say = (ask: AdmitAsk): JoinAnswer => {
    kept.push(ask);
    return retry();
  };
  /** What is offered where somebody has all addresses that were kept. */
  const beside = (key: Uint8Array) =>
    pickFor(
      key,
      kept.map(({ ipv4 }) => ipv4),
    );
  return { kept, say, beside };
};

test('join keys: an address that an entry chose is not signed while others offer', async () => {
  // Goal: no entry gets a request for an address that it wants. Method: a hostile one offers
  // everybody the same; the next lets the joiner in. Twin: it offers what is the key's own.
  const answers = { [idOf(2)]: retry(), [idOf(3)]: ADMITTED };
  const hostile = stage(answers, { offers: { [idOf(2)]: () => '10.10.0.77' } });
  assert.equal((await hostile.join(tokenOf([2, 3]))).name, 'vm7');
  assert.deepEqual(hostile.told, [idOf(3)]);
  assert.equal(hostile.hellos.length, 17);
  const honest = stage(answers);
  await honest.join(tokenOf([2, 3]));
  assert.deepEqual(honest.told, [idOf(2), idOf(3)]);
  assert.equal(new Set(honest.hellos.map(hex)).size, 1, 'keys are made once');
});

test('join keys: a request that an entry kept is for keys that are nobody’s', async () => {
  // Goal: what was kept moves no member. Method: a hostile entry gets the request and sends the
  // joiner on; the next says that the address is taken. Twin: it does not, and the keys stay.
  for (const isTaken of [true, false]) {
    const { kept, say, beside } = keeper();
    const offers = isTaken ? { [idOf(3)]: beside } : {};
    const { join, signed, files } = stage({ [idOf(2)]: say, [idOf(3)]: ADMITTED }, { offers });
    await join(tokenOf([2, 3]));
    const last = signed.at(-1) ?? assert.fail();
    assert.deepEqual(last.memberKey, keyOf(files.get('member-key')));
    assertOneEach(signed);
    assert.equal(keysIn([...kept, last]), isTaken ? 2 : 1);
  }
});

test('join keys: where their own address is never free, keys sign for one each', async () => {
  // Goal: a mesh that is nearly full lets in, and no key signs twice. Method: an entry that offers
  // another address each time, and finds it taken once; another one in between sends on.
  let [offered, asked] = [0, 0];
  const offers = { [idOf(2)]: () => `10.10.0.${++offered}` };
  const say = () => (++asked === 2 ? ADMITTED : refused('address-taken'));
  const { join, signed, hellos } = stage({ [idOf(2)]: say, [idOf(3)]: retry() }, { offers });
  await join(tokenOf([2, 3, 2]));
  assert.ok(signed.length >= 4);
  assertOneEach(signed);
  assert.ok(hellos.length <= 80, `${hellos.length}`);
});

test('join keys: who got no answer comes in with the same keys at the same address', async () => {
  // Goal: an admission that was written and not told of is repeated, and makes no second member.
  // Method: the first entry dies, another is asked, a hostile one in between; the same over a cut.
  const answers = { [idOf(2)]: null, [idOf(3)]: ADMITTED, [idOf(4)]: ADMITTED };
  const one = stage(answers, { offers: { [idOf(4)]: () => '10.10.0.77' } });
  await one.join(tokenOf([2, 4, 3]));
  assert.deepEqual(one.told, [idOf(2), idOf(3)]);
  assert.equal(keysIn(one.signed), 1);
  const cut = stage(answers);
  await refusal(cut.join(tokenOf([2])));
  assert.deepEqual([...cut.files.keys()].sort(), ['join-request', 'member-key', 'wg-key']);
  await cut.join(tokenOf([3]));
  assert.equal(keysIn(cut.signed), 1);
  assertOneEach(cut.signed);
  assert.deepEqual(cut.signed.at(-1)?.memberKey, keyOf(cut.files.get('member-key')));
  assert.ok(!cut.files.has('join-request'));
});

test('join keys: over a cut, too, keys sign for one address and one name', async () => {
  // Goal: what an entry kept before the cut moves and renames nobody. Method: an entry that says
  // nothing; the same command again, where the address is taken; and one with another name.
  for (const [name, isTaken] of [
    ['vm7', true],
    ['vm8', false],
  ] as const) {
    const { kept, say, beside } = keeper();
    const silent = (ask: AdmitAsk) => {
      say(ask);
      return null;
    };
    const offers = isTaken ? { [idOf(3)]: beside } : {};
    const { join, signed, files } = stage({ [idOf(2)]: silent, [idOf(3)]: ADMITTED }, { offers });
    await refusal(join(tokenOf([2])));
    await join(tokenOf([3]), null, name);
    const last = signed.at(-1) ?? assert.fail();
    assert.equal(last.name, name);
    assert.equal(keysIn([...kept, last]), 2);
    assertOneEach(signed);
    assert.deepEqual(last.memberKey, keyOf(files.get('member-key')));
  }
});

test('join keys: where a kept request was used, the joiner is the member it made', async () => {
  // Goal: nobody is kept out by an admission of keys that it gave up. Method: an entry keeps the
  // request; the next says that the address is taken, then hears of the admission: so the token is
  // used up, or the name another's. Twin: it is by others, and nothing stays on the disk.
  const used: readonly JoinRefusal[] = ['used-up', 'name-taken'];
  for (const [why, isOurs] of used.flatMap((reason) => [
    [reason, true] as const,
    [reason, false] as const,
  ])) {
    const { kept, say, beside } = keeper();
    let isKnown = false;
    const offer = (key: Uint8Array) => (isKnown ? pickFor(key) : beside(key));
    const judge = ({ memberKey }: AdmitAsk): JoinAnswer => {
      isKnown = true;
      const isKept = kept.some((ask) => hex(ask.memberKey) === hex(memberKey));
      return isOurs && isKept ? ADMITTED : refused(why);
    };
    const offers = { [idOf(3)]: offer };
    const { join, signed, files } = stage({ [idOf(2)]: say, [idOf(3)]: judge }, { offers });
    const outcome = await join(tokenOf([2, 3])).then(({ name }) => name, String);
    assert.equal(outcome === 'vm7', isOurs);
    assert.equal(keysIn(signed), 2);
    assertOneEach(signed);
    if (isOurs) assert.deepEqual(kept[0]?.memberKey, keyOf(files.get('member-key')));
    else assert.deepEqual([...files.keys()], []);
  }
});
