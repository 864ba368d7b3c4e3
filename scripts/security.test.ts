import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/SECURITY.md');

/** The rows of all tables of claims: their three cells. */
const rows = page
  .split('\n')
  .filter((line) => /^\| (?!claim \|)/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

const namesIn = (proof: string, pattern: RegExp): readonly (readonly [string, string])[] =>
  [...proof.matchAll(pattern)].map(([, first = '', second = '']) => [first, second] as const);

test('security: each claim names a test, and each test named is there', () => {
  // Goal: docs/SECURITY.md claims nothing without a proof. Method: every row of its tables; the
  // file must hold the title, the real world a test of the name.
  assert.ok(rows.length > 40, `${rows.length} claims`);
  const tables = ['netns-tests/tests.table.ts', 'netns-tests/rare.table.ts'];
  const realTests = [...tables, 'scenarios/all.table.ts'].map(read).join('\n');
  for (const row of rows) {
    const [claim, , proof = ''] = row;
    assert.equal(row.length, 3, claim);
    const tests = namesIn(proof, /`([^`]+\.ts)` “([^”]+)”/g);
    const real = namesIn(proof, /netns “([a-z-]+)”/g);
    const count = proof.split(' · ').length;
    assert.equal(tests.length + real.length, count, `${claim}: ${proof}`);
    for (const [file, title] of tests) {
      assert.ok(read(file).includes(`'${title}'`), `${claim}: ${file} has no test “${title}”`);
    }
    for (const [name] of real) {
      const isThere = new RegExp(`name: '${name}'|^ {2}'?${name}'?[:,]`, 'm').test(realTests);
      assert.ok(isThere, `${claim}: no real test “${name}”`);
    }
  }
});
