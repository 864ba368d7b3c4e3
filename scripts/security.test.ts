import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/SECURITY.md');

/** The longest claim and the longest bound that a terminal shows well. Unit: characters. */
const CELL_LENGTH_MAX = 200;

const isRow = (line: string): boolean => line.startsWith('| ') && !line.startsWith('| no. |');

/** The rows of all tables of claims: number, claim, bound. */
const rows = page
  .split('\n')
  .filter(isRow)
  .map((line) => line.slice(2, -2).split(' | '));

const [, list = ''] = page.split('\n## Proofs\n');

/** What proves which row: a line each. */
const proofs = list
  .split('\n')
  .filter((line) => line.startsWith('- '))
  .map((line) => {
    const [, id = '', proof = ''] = /^- ([A-Z]\d+): (.+)$/.exec(line) ?? [];
    assert.ok(id !== '', `no proof of a row: ${line}`);
    return { id, proof };
  });

const realTests = ['netns-tests/tests.table.ts', 'netns-tests/rare.table.ts']
  .concat('scenarios/all.table.ts')
  .map(read)
  .join('\n');

/** Whether the repository has it: the title in a file, or a test of the real world by its name. */
const isThere = (proof: string): boolean => {
  const [, file, title] = /^`([^`]+\.ts)` “([^”]+)”$/.exec(proof) ?? [];
  if (file !== undefined) return read(file).includes(`'${title}'`);
  const [, name] = /^netns “([a-z-]+)”$/.exec(proof) ?? [];
  if (name === undefined) return false;
  return new RegExp(`name: '${name}'|^ {2}'?${name}'?[:,]`, 'm').test(realTests);
};

test('security: each claim names a test, and each test named is there', () => {
  // Goal: docs/SECURITY.md claims nothing without a proof. Method: every row of its tables has a
  // proof by its number, and no proof is of another; the file must hold the title, the real world
  // a test of the name.
  assert.ok(rows.length > 40, `${rows.length} claims`);
  const ids = rows.map(([id]) => id);
  assert.equal(new Set(ids).size, ids.length, 'a number stands for one row');
  assert.deepEqual([...new Set(proofs.map(({ id }) => id))], ids, 'rows and proofs, in one order');
  for (const { id, proof } of proofs) assert.ok(isThere(proof), `${id}: there is no ${proof}`);
});

test('security: each claim and each bound is short', () => {
  // Goal: the page can be read in a terminal. Method: the cells of every row.
  for (const [id, claim = '', bound = '', ...more] of rows) {
    assert.match(id ?? '', /^[A-Z]\d+$/);
    assert.ok(claim !== '' && bound !== '' && more.length === 0, `${id}: a claim and a bound`);
    for (const cell of [claim, bound]) assert.ok(cell.length <= CELL_LENGTH_MAX, `${id}: ${cell}`);
  }
});
