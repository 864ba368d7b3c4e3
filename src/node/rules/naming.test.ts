import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameLabels, relabel } from './naming.ts';

test('naming: labels are set and removed in the order of the changes', () => {
  // Goal: what `member label` means. Method: a table; what is not there is removed in peace.
  const before = { zone: 'a', role: 'web' };
  const table = [
    [[], { role: 'web', zone: 'a' }],
    [['role=db'], { role: 'db', zone: 'a' }],
    [['role-'], { zone: 'a' }],
    [['gone-'], { role: 'web', zone: 'a' }],
    [['role-', 'role=db'], { role: 'db', zone: 'a' }],
    [['role=db', 'role-'], { zone: 'a' }],
    [['role=x-'], { role: 'x-', zone: 'a' }],
    [['empty='], { empty: '', role: 'web', zone: 'a' }],
  ] as const;
  for (const [changes, after] of table) {
    assert.deepEqual(relabel(before, changes), after, changes.join(' '));
    assert.deepEqual(Object.keys(relabel(before, changes)), Object.keys(after));
  }
});

test('naming: a change that is none, and too many labels, are refused by name', () => {
  // Goal: nothing is guessed. Method: near misses; 16 and 17 labels.
  for (const change of ['', '-', 'role', 'Role-', 'a b=c', '=c', 'k=a b', 'constructor-']) {
    assert.throws(
      () => relabel({}, [change]),
      (error: Error) => error.message.startsWith(`label: ${change}: `),
      change,
    );
  }
  const many = (count: number) => Array.from({ length: count }, (_, n) => `k${n}=v`);
  assert.equal(Object.keys(relabel({}, many(16))).length, 16);
  assert.throws(() => relabel({}, many(17)), /^Fault: label: 17: .* at most 16; remove some/);
  assert.equal(Object.keys(relabel({}, [...many(17), 'k0-'])).length, 16);
});

test('naming: labels are compared by what they say', () => {
  // Goal: no frame for nothing. Method: order, and one difference of each kind.
  assert.ok(isSameLabels({ a: '1', b: '2' }, { b: '2', a: '1' }));
  assert.ok(!isSameLabels({ a: '1' }, { a: '2' }));
  assert.ok(!isSameLabels({ a: '1' }, { b: '1' }));
  assert.ok(!isSameLabels({ a: '1' }, { a: '1', b: '2' }));
});
