import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMeter } from '../../crdt/meter.ts';
import { openCrypto } from '../linux/crypto.ts';
import { encodeAnswer, encodeQuestion, mapInPieces, readAnswer } from './applied-message.ts';

const crypto = openCrypto();

/** Does it in pieces; gives what came of it and how many pauses there were. */
const counted = <Result>(work: Generator<void, Result>): readonly [Result, number] => {
  for (let pauses = 0; ; pauses += 1) {
    const step = work.next();
    if (step.done === true) return [step.value, pauses];
  }
};

test('applied message: what is asked and told of many objects is worked out in pieces', () => {
  // Goal: 16,000 rules hold nobody up on either side. Method: count the pauses by the estimates,
  // for many and for few, where the other has what is expected, lacks some, and has it otherwise.
  const stampsOf = (count: number, word = '5.1') =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`intent/toy/thing/${n}`, word]));
  for (const [count, least, most] of [
    [16_000, 8, 60],
    [3, 0, 0],
  ] as const) {
    const expected = stampsOf(count);
    const isDue = (pauses: number) => assert.ok(pauses >= least && pauses <= most, `${pauses}`);
    const [question, asking] = counted(encodeQuestion(crypto, 'toy', expected, openMeter()));
    isDue(asking);
    for (const applied of [stampsOf(count), stampsOf(count - 1), stampsOf(count, '5.2')]) {
      const wanted = stampsOf(count);
      const report = { name: 'toy', state: 'ready' as const, problems: [], changes: 0, applied };
      const grounds = { crypto, report, wanted };
      const [answer, answering] = counted(encodeAnswer(grounds, question, openMeter()));
      isDue(answering);
      const told = readAnswer(answer, expected);
      assert.ok(told.kind === 'told');
      assert.deepEqual(Object.fromEntries(told.applied), applied);
    }
    const [map, looking] = counted(mapInPieces(stampsOf(count), openMeter()));
    assert.deepEqual([map.size, looking >= Math.min(least, 3)], [count, true]);
  }
});
