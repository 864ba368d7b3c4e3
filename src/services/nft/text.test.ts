import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleWords } from './read-table.ts';
import { concat, payload } from './tables.ts';
import { plainTextOf } from './text.ts';

const PLACE = { family: 'inet', table: 't' };
const rule = (...expr: readonly unknown[]) => ({ add: { rule: { ...PLACE, chain: 'c', expr } } });

test('nft text: a form that is not known throws, and is never half a rule', () => {
  // Goal: no rule says less than it was made of. Method: an unknown statement, value and command.
  assert.throws(() => plainTextOf([rule({ tproxy: {} })]), /no text of nft/);
  assert.throws(
    () => plainTextOf([rule({ dnat: { family: 'ip', addr: { ipsec: 1 } } })]),
    /no tex/,
  );
  assert.throws(
    () => plainTextOf([{ add: { quota: { ...PLACE, name: 'q', bytes: {} } } }]),
    /no t/,
  );
});

test('nft text: what a rule puts into a map is the same as text and as JSON', () => {
  // Goal: nft 1.0.6 lists it as text, later ones as JSON; neither seems changed. Method: the words
  // of the three forms, and of one with another time.
  const update = (timeout: number) => ({
    map: {
      ...{ op: 'update', map: '@stay/web', data: '10.0.0.2' },
      elem: { elem: { val: payload('ip', 'saddr'), timeout } },
    },
  });
  const words = (expression: unknown) => ruleWords({ expr: [expression] });
  const text = 'update @stay/web { ip saddr timeout 1h30m : 10.0.0.2 }';
  assert.equal(words(update(5_400)), words(text));
  assert.notEqual(words(update(5_401)), words(text));
  const said = plainTextOf([rule(update(5_400))]);
  assert.match(said, /update @stay\/web \{ ip saddr timeout 5400s : 10\.0\.0\.2 \}\n$/);
  assert.match(
    plainTextOf([rule({ dnat: { family: 'ip6', addr: 'fd00::1', port: 80 } })]),
    /\]:80/,
  );
  const elem = [[concat('10.0.0.1', 6, { range: [1, 2] }), { goto: { target: 'b' } }]];
  assert.equal(
    plainTextOf([{ add: { element: { ...PLACE, name: 'm', elem } } }]),
    'add element inet t m { 10.0.0.1 . 6 . 1-2 : goto b }\n',
  );
});
