import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../crdt/codec.ts';
import { Fault } from '../../fault.ts';
import { decodeAnswer, decodeQuestion, encodeAnswer, encodeQuestion } from './question.ts';

const told = { field: 'log', value: 'x', why: 'no log is there', remedy: 'restart it' };

test('questions and answers come through as they were meant', () => {
  // Goal: both sides mean the same. Method: there and back, a fault among the answers.
  const question = { topic: 'log', wish: [null, 5] };
  assert.deepEqual({ ...decodeQuestion(encodeQuestion(question)) }, question);
  const said = ['a', 'b'];
  assert.deepEqual(decodeAnswer(encodeAnswer({ ok: true, said })), { ok: true, said });
  const fault = new Fault('forbidden', told);
  const answer = decodeAnswer(encodeAnswer({ ok: false, fault }));
  assert.ok(answer !== null && !answer.ok);
  assert.deepEqual([answer.fault.code, answer.fault.message], ['forbidden', fault.message]);
});

test('what has another form is nothing, and no code of a stranger is taken over', () => {
  // Goal: hostile bytes end here. Method: by table; a code that would end our process or change
  // what our exit status means becomes a refusal.
  const rubbish = [
    new Uint8Array(),
    Uint8Array.of(0xff, 0xff),
    encode(7),
    encode({ v: 2, topic: 'log', wish: null }),
    encode({ v: 1, topic: 7, wish: null }),
    encode({ v: 1, topic: 'log' }),
  ];
  for (const bytes of rubbish) {
    assert.equal(decodeQuestion(bytes), null);
    assert.equal(decodeAnswer(bytes), null);
  }
  assert.equal(decodeAnswer(encode({ v: 1, code: 'refused', ...told, why: 7 })), null);
  const long = 'x'.repeat(501);
  assert.equal(decodeAnswer(encode({ v: 1, code: 'refused', ...told, why: long })), null);
  for (const code of ['no-daemon', 'unfinished', 'internal', 'usage', 'constructor', 7]) {
    const answer = decodeAnswer(encode({ v: 1, code, ...told }));
    assert.equal(answer?.ok === false && answer.fault.code, 'refused', String(code));
  }
});
