import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Page, renderTable } from './table.ts';

const page = (columns: number): Page => ({
  columns,
  isTerminal: false,
  paint: (_tone, text) => text,
});
const COLUMNS = [{ heading: 'NAME', least: 6 }, { heading: 'ADDRESS' }, { heading: 'X', least: 3 }];

test('table: as wide as its widest cells, and no blanks at the ends of lines', () => {
  // Goal: the plain case. Method: cells longer and shorter than their headings.
  const rows = [
    ['a', '10.0.0.1', 'one'],
    ['web-1', '10.0.0.200', ''],
  ];
  assert.equal(
    renderTable(page(80), COLUMNS, rows),
    'NAME   ADDRESS     X\na      10.0.0.1    one\nweb-1  10.0.0.200\n',
  );
  assert.equal(renderTable(page(80), COLUMNS, []), 'NAME  ADDRESS  X\n');
});

test('table: shortens the columns that may be, in turn, and no other', () => {
  // Goal: it fits as long as it can, and the address is whole. Method: pages ever narrower.
  const rows = [['web-frontend-east', '10.0.0.200', 'abcdefgh']];
  const lineAt = (columns: number) => renderTable(page(columns), COLUMNS, rows).split('\n')[1];
  assert.equal(lineAt(39), 'web-frontend-east  10.0.0.200  abcdefgh');
  assert.equal(lineAt(38), 'web-fron…nd-east  10.0.0.200  abcdefgh');
  assert.equal(lineAt(28), 'web…st  10.0.0.200  abcdefgh');
  assert.equal(lineAt(25), 'web…st  10.0.0.200  ab…gh');
  assert.equal(lineAt(10), 'web…st  10.0.0.200  a…h');
});

test('table: a tone paints the text and not the blanks', () => {
  // Goal: columns stay in line under colours. Method: a paint that shows.
  const paint: Page['paint'] = (tone, text) => `<${tone}:${text}>`;
  const rows = [
    [{ text: 'a', tone: 'good' as const }, 'b'],
    ['cc', 'd'],
  ];
  const columns = [{ heading: 'H' }, { heading: 'I' }];
  assert.equal(
    renderTable({ columns: 80, isTerminal: true, paint }, columns, rows),
    '<strong:H>   <strong:I>\n<good:a>   b\ncc  d\n',
  );
});

test('table: a text is shortened in its middle', () => {
  // Goal: both ends stay. Method: every width of one text.
  const table = ['…', 'a…', 'a…g', 'ab…g', 'ab…fg', 'abc…fg', 'abcdefg', 'abcdefg'];
  for (const [index, wanted] of table.entries()) {
    const shown = renderTable(page(index + 1), [{ heading: '', least: 1 }], [['abcdefg']]);
    assert.equal(shown, `\n${wanted}\n`);
  }
});

test('table: what is spare goes where the page is too narrow, most spare first', () => {
  // Goal: a narrow terminal shows what matters. Method: pages ever narrower; the rest stays whole.
  const columns = [
    { heading: 'NAME', least: 4 },
    { heading: 'ROLE', spare: 1 },
    { heading: 'ADDRESS' },
    { heading: 'RTT', spare: 2 },
  ];
  const rows = [['web-1', 'node', '10.0.0.200', '1 ms']];
  const lineAt = (width: number) => renderTable(page(width), columns, rows).split('\n')[1];
  assert.equal(lineAt(29), 'web-1  node  10.0.0.200  1 ms');
  assert.equal(lineAt(28), 'we…1  node  10.0.0.200  1 ms');
  assert.equal(lineAt(27), 'web-1  node  10.0.0.200');
  assert.equal(lineAt(20), 'web-1  10.0.0.200');
  assert.equal(lineAt(3), 'we…1  10.0.0.200');
});

test('table: wide characters keep the columns in line', () => {
  // Goal: columns begin under their headings. Method: a name of two columns a character.
  const text = renderTable(
    page(80),
    [{ heading: 'N' }, { heading: 'X' }],
    [
      ['東京', 'a'],
      ['tokyo', 'b'],
    ],
  );
  assert.equal(text, 'N      X\n東京   a\ntokyo  b\n');
});
