/** Figures as tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Figure } from './figure.ts';
import { isAllKept, tableMarkdown, tableText, withSection } from './report.ts';

const FIGURE: Figure = {
  name: 'ready',
  unit: 'ms',
  series: [
    { name: 'ours', samples: [{ value: 12, cpuMs: 5 }] },
    { name: 'plain', samples: [{ value: 120 }] },
  ],
  limits: [{ of: 'median', series: 'ours', atMost: 20 }],
};

test('the table of a screen is aligned', () => {
  // Goal: it is read at a glance. Method: one figure, as it must look.
  assert.equal(
    tableText([FIGURE]),
    [
      'figure     of     median  min  max  rounds  CPU ms  ratio',
      'ready, ms  ours       12   12   12       1       5',
      '           plain     120  120  120       1            0.1',
    ].join('\n'),
  );
});

test('the table of a document says whether limits are kept', () => {
  // Goal: the document tells the bad news too. Method: a kept limit and its missed twin.
  const missed: Figure = { ...FIGURE, limits: [{ of: 'median', series: 'ours', atMost: 11 }] };
  const [kept, not] = [tableMarkdown([FIGURE]), tableMarkdown([missed])];
  assert.ok(kept.includes('| ready, ms | ours | 12 | 12 | 12 | 1 | 5 |  |'), kept);
  assert.ok(kept.endsWith('- kept: ready: median of ours ≤ 20 ms: 12 ms'), kept);
  assert.ok(not.endsWith('- MISSED: ready: median of ours ≤ 11 ms: 12 ms'), not);
  assert.ok(isAllKept([FIGURE]) && !isAllKept([FIGURE, missed]));
});

test('a section of a document is replaced, and nothing else', () => {
  // Goal: a bench writes its own section. Method: three sections; the twin has none of the name.
  const mark = (name: string, text: string): string =>
    `<!-- begin ${name} -->\n${text}<!-- end ${name} -->\n`;
  const document = `top\n${mark('a', 'old\n')}${mark('b', '')}end\n`;
  const filled = withSection(withSection(document, 'a', 'new'), 'b', 'first');
  assert.equal(filled, `top\n${mark('a', 'new\n')}${mark('b', 'first\n')}end\n`);
  assert.throws(() => withSection(document, 'c', 'new'), /no section <!-- begin c -->/);
});
