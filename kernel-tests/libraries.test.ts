import assert from 'node:assert/strict';
import { test } from 'node:test';
import { librariesIn } from './libraries.ts';

const CASES = [
  {
    output: `\tlinux-vdso.so.1 (0x00007ffd3e7f2000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f4e8a000000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f4e8a3d1000)
`,
    files: ['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2'],
    missing: [],
  },
  { output: '\tlibgone.so.3 => not found\n', files: [], missing: ['libgone.so.3'] },
  { output: '\tstatically linked\n', files: [], missing: [] },
  { output: '\tnot a dynamic executable\n', files: [], missing: [] },
];

test('libraries are the absolute paths, and those not found are named', () => {
  // Goal: no program fails to start for a library. Method: table over the forms of ldd.
  for (const { output, ...expected } of CASES) assert.deepEqual(librariesIn(output), expected);
});
