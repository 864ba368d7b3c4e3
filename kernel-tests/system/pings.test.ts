import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingOf, readAnswers } from './pings.ts';

const line = (number: number): string =>
  `[1763650000.123456] 64 bytes from 10.10.0.1: icmp_seq=${number} ttl=64 time=0.8 ms`;

test('answers are read once each, and what is missing between them is named', () => {
  // Goal: a lost packet is seen, a late or doubled one is none. Method: table of what ping prints.
  const cases = [
    { numbers: [], missing: [] },
    { numbers: [4, 5, 6], missing: [] },
    { numbers: [1, 3, 2, 2], missing: [] },
    { numbers: [2, 5], missing: [3, 4] },
  ];
  for (const { numbers, missing } of cases) {
    const said = ['PING 10.10.0.1', ...numbers.map(line), 'From 10.10.0.9 icmp_seq=9 no'].join(
      '\n',
    );
    const answers = readAnswers(said);
    assert.equal(answers.length, new Set(numbers).size);
    assert.deepEqual(missingOf(answers), missing);
  }
  assert.deepEqual(readAnswers(`${line(7)} (DUP!)`), [{ number: 7, atS: 1763650000.123456 }]);
});
