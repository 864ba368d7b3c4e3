import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resolveProgram } from './bundle.ts';
import { versionInfo } from './version.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-bundle-'));
after(() => rmSync(root, { recursive: true, force: true }));
const script = Buffer.from('#!/bin/sh\necho engine\n');
let count = 0;

function fresh(): string {
  count += 1;
  return join(root, `state-${count}`);
}

test('outside of the binary the environment comes first, and must name a program', async (t) => {
  // Goal: tests choose their engine. Method: the variable with a program, a plain file, nothing.
  const path = join(root, 'engine');
  writeFileSync(path, script, { mode: 0o755 });
  t.after(() => delete process.env.CNSMO_WIREGUARD_GO);
  process.env.CNSMO_WIREGUARD_GO = path;
  assert.equal(await resolveProgram('bundled:wireguard-go', fresh()), path);
  chmodSync(path, 0o644);
  const expected = /CNSMO_WIREGUARD_GO: .*\/engine: cannot be run; name an executable file/;
  await assert.rejects(resolveProgram('bundled:wireguard-go', fresh()), expected);
});

test('outside of the binary the build directory comes next', async () => {
  // Goal: a checkout works after a build. Method: a process started somewhere below such a tree.
  const tree = join(root, 'tree');
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const built = join(tree, 'build', 'wireguard-go', arch);
  mkdirSync(join(tree, 'src', 'deep'), { recursive: true });
  mkdirSync(built, { recursive: true });
  writeFileSync(join(built, 'wireguard-go'), script, { mode: 0o755 });
  const main = join(tree, 'src', 'deep', 'main.ts');
  const code = `import { resolveProgram } from '${import.meta.dirname}/bundle.ts';
    console.log(await resolveProgram('bundled:wireguard-go', '/nonexistent'));`;
  writeFileSync(main, code);
  const printed = execFileSync(process.execPath, [main], { encoding: 'utf8', cwd: '/' });
  assert.equal(printed.trim(), join(built, 'wireguard-go'));
});

test('a program that is nowhere is refused with a remedy', async () => {
  // Goal: a clear Fault. Method: a carried and a plain name that nobody has.
  const carried = resolveProgram('bundled:no-such-engine', fresh());
  await assert.rejects(carried, /^Fault: program: no-such-engine: neither in build\/no-such/);
  const plain = resolveProgram('no-such-tool-anywhere', fresh());
  await assert.rejects(plain, /^Fault: tool: no-such-tool-anywhere: not found/);
  assert.match(await resolveProgram('sh', fresh()), /^\/(usr\/)?bin\/sh$/);
});

test('the version is a text also outside of a build', () => {
  // Goal: no ReferenceError without the build's constants. Method: both texts.
  assert.deepEqual(versionInfo(), { version: '0.0.0-development', commit: 'none' });
});
