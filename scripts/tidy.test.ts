/** Each rule of tidy finds its planted violation, and leaves the clean twin alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFloors, checkPaths } from './tidy/floors.ts';
import { checkDocs, checkHeads, checkOpenTasks, checkTests } from './tidy/heads.ts';
import { checkPurity } from './tidy/purity.ts';
import { checkDeclarations, checkFileNames, checkSizes } from './tidy/sizes.ts';
import { parseSource, type TidyRule } from './tidy/source.ts';
import { checkUses } from './tidy/uses.ts';
import { checkDocuments, checkForeignWords } from './tidy/words.ts';

type Files = Readonly<Record<string, string>>;

const found = (rule: TidyRule, files: Files): readonly string[] =>
  rule(Object.entries(files).map(([path, text]) => parseSource(path, text))).map(
    ({ path, line, rule: name }) => `${path}:${line} ${name}`,
  );

/** Rule, why, files with the violation planted, where it must be found, and the clean twin. */
const CASES: readonly [TidyRule, string, Files, string, Files][] = [
  ...(
    [
      ['yjs outside crdt', 'src/node/replica.ts', "import * as Y from 'yjs';"],
      ['yjs in a script', 'scripts/a.ts', "import * as Y from 'yjs';"],
      ['node: in a rule', 'src/crdt/a.ts', "import { join } from 'node:path';"],
      ['up a floor', 'src/crdt/a.ts', "import { b } from '../services/service.ts';"],
      ['a service in another', 'src/services/lb/a.ts', "import { b } from '../vpn/plan.ts';"],
      ['an edge in the node', 'src/node/a.ts', "import { b } from './linux/disk.ts';"],
      ['a service in the node', 'src/node/a.ts', "import { b } from '../services/vpn/plan.ts';"],
      ['a value where types may', 'src/cli/a.ts', "import { b } from '../node/api.ts';"],
      ['an edge in the cli', 'src/cli/a.ts', "import { b } from '../node/linux/disk.ts';"],
      ['the cli in an edge', 'src/node/linux/a.ts', "import { b } from '../../cli/a.ts';"],
      ['an edge in sim', 'sim/a.ts', "import { b } from '../src/node/linux/disk.ts';"],
      ['src in scenarios', 'scenarios/a.ts', "import type { B } from '../src/ports.ts';"],
      ['src in netns-tests', 'netns-tests/a.ts', "import { b } from '../src/crdt/token.ts';"],
      [
        'a service in a test of the node',
        'src/node/a.test.ts',
        "import { b } from '../services/lb/a.ts';",
      ],
      ['crypto in a rule', 'src/crdt/a.ts', "import { b } from '../node/linux/crypto.ts';"],
      ['import() too', 'src/crdt/a.ts', "const b = await import('node:fs');"],
      ['a folder without a floor', 'odd/a.ts', "import { join } from 'node:path';"],
    ] as const
  ).map(([why, path, line]): [TidyRule, string, Files, string, Files] => [
    checkFloors,
    why,
    { [path]: `// 1\n${line}\n` },
    `${path}:2 floors`,
    { [path]: `// ${line}\nconst text = "${line}";\n` },
  ]),
  [
    checkPaths,
    'a missing file',
    { 'src/a.ts': "import { b } from './b';", 'src/b.ts': '' },
    'src/a.ts:1 path',
    { 'src/a.ts': "import { b } from './b.ts';", 'src/b.ts': '' },
  ],
  [
    checkPaths,
    'a barrel',
    { 'src/a.ts': "export { b } from './b.ts';", 'src/b.ts': '' },
    'src/a.ts:1 barrel',
    { 'src/a.ts': "import { b } from './b.ts';\nexport const a = b;", 'src/b.ts': '' },
  ],
  [
    checkSizes,
    'a long file',
    { 'src/a.ts': 'x\n'.repeat(301) },
    'src/a.ts:301 file',
    { 'src/a.ts': 'x\n'.repeat(300), 'src/b.table.ts': 'x\n'.repeat(900) },
  ],
  [
    checkSizes,
    'a long line',
    { 'src/a.ts': `\n${'x'.repeat(101)}` },
    'src/a.ts:2 line',
    { 'src/a.ts': `\n${'x'.repeat(100)}` },
  ],
  [checkFileNames, 'utils', { 'src/utils.ts': '' }, 'src/utils.ts:1 name', { 'src/use.ts': '' }],
  [
    checkFileNames,
    'a folder of helpers',
    { 'sim/test-helpers.ts': '' },
    'sim/test-helpers.ts:1 name',
    { 'sim/indexed-set.ts': '' },
  ],
  [checkFileNames, 'camel', { 'src/aB.ts': '' }, 'src/aB.ts:1 name', { 'src/a-b.test.ts': '' }],
  [
    checkDeclarations,
    'a class',
    { 'src/a.ts': 'export class Fault {}' },
    'src/a.ts:1 declaration',
    { 'src/fault.ts': 'export class Fault {}', 'src/b.ts': "const a = 'class B';" },
  ],
  [checkDeclarations, 'an enum', { 'src/a.ts': 'enum A {}' }, 'src/a.ts:1 declaration', {}],
  ...[
    'Date.now()',
    'new Date()',
    'Math.random()',
    'setTimeout(f, 1)',
    'performance.now()',
    'process.env.A',
    'crypto.randomUUID()',
    'console.log(1)',
  ].map((use): [TidyRule, string, Files, string, Files] => [
    checkPurity,
    use,
    { 'src/node/a.ts': `const a = ${use};` },
    'src/node/a.ts:1 purity',
    {
      'src/node/linux/a.ts': `const a = ${use};`,
      'src/node/b.ts': `// ${use}\nnew Date(at); crypto.sign(a); process.start(b);`,
    },
  ]),
  [
    checkHeads,
    'no kind',
    { 'src/crdt/a.ts': '/** A rule. */' },
    'src/crdt/a.ts:1 head',
    { 'src/crdt/a.ts': '/** Rule: a — why. */', 'src/node/b.ts': '/**\n * Loop: b — why.\n */' },
  ],
  [
    checkHeads,
    'a kind out of place',
    { 'src/crdt/a.ts': '/** Edge: a — why. */' },
    'src/crdt/a.ts:1 head',
    { 'src/node/linux/a.ts': '/** Edge: a — why. */', 'src/crdt/b.table.ts': '/** Golden. */' },
  ],
  [
    checkDocs,
    'an export without meaning',
    { 'src/a.ts': '\nexport const a = 1;' },
    'src/a.ts:2 doc',
    { 'src/a.ts': '/** One. */\nexport const a = 1;\nexport const b = 2;' },
  ],
  [
    checkTests,
    'a test without a goal',
    { 'src/a.test.ts': "test('a', () => {\n  f();\n});" },
    'src/a.test.ts:1 test',
    { 'src/a.test.ts': "test('a', () => {\n  // Goal: f works. By calling it.\n  f();\n});" },
  ],
  [
    checkOpenTasks,
    'a task without a decision',
    { 'src/a.ts': '// TODO later' },
    'src/a.ts:1 open-task',
    { 'src/a.ts': '// TODO(D4) with liveness' },
  ],
  [
    checkUses,
    'nobody',
    { 'src/a.ts': 'export const a = 1;' },
    'src/a.ts:1 use',
    { 'src/a.ts': 'export const a = 1;', 'src/b.ts': "import { a as c } from './a.ts';" },
  ],
  [
    checkUses,
    'its own test only',
    { 'src/a.ts': 'export const a = 1;', 'src/a.test.ts': "import { a } from './a.ts';" },
    'src/a.ts:1 use',
    { 'src/a.ts': 'export const a = 1;', 'src/b.test.ts': "import * as all from './a.ts';" },
  ],
  [
    checkUses,
    'a type nobody takes',
    { 'src/a.ts': 'export interface A {}' },
    'src/a.ts:1 use',
    { 'src/a.ts': 'export interface A {}\nconst f = (a: A) => a;' },
  ],
  [
    checkForeignWords,
    'one machine',
    { 'README.md': `see ${'/wo'}rk/notes` },
    'README.md:1 foreign',
    { 'README.md': 'see src/work/notes and network/paths' },
  ],
  [
    checkForeignWords,
    'a package host',
    { 'a.yml': `x\nhttp://deb.${'debian'}.org/debian` },
    'a.yml:2 foreign',
    { 'a.yml': 'https://www.debian.org' },
  ],
  [
    checkDocuments,
    'a file that is not there',
    { 'docs/ARCHITECTURE.md': 'See\n`src/a.ts`.', 'src/b.ts': '' },
    'docs/ARCHITECTURE.md:2 document',
    { 'docs/ARCHITECTURE.md': 'See\n`src/b.ts` in src/.', 'src/b.ts': '' },
  ],
  [
    checkDocuments,
    'a long ARCHITECTURE',
    { 'docs/ARCHITECTURE.md': 'x\n'.repeat(151) },
    'docs/ARCHITECTURE.md:151 document',
    { 'docs/ARCHITECTURE.md': 'x\n'.repeat(150) },
  ],
];

for (const [rule, why, planted, where, clean] of CASES) {
  test(`tidy: ${rule.name}: ${why}`, () => {
    // Goal: the rule sees the violation, there and only there; by a tree of text and its clean
    // twin.
    assert.deepEqual(found(rule, planted), [where]);
    assert.deepEqual(found(rule, clean), []);
  });
}

test('tidy: strings, templates, patterns and comments are not code', () => {
  // Goal: a rule over code never sees text that only looks like code; by one line with all of them.
  const text = `a('Date.now()', \`x \${b(\`Date.now()\`)} y()\`, /Date.now()['"]/); // Date.now()`;
  const source = parseSource('a.ts', text);
  assert.equal(source.code.includes('Date'), false);
  assert.equal(source.code.length, text.length);
  assert.match(source.code, /^a\( +, +b\( +\) +, +\); +$/);
});
