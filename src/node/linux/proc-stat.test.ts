import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readProc, readStat } from './proc-stat.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-proc-'));
after(() => rmSync(root, { recursive: true, force: true }));

for (const name of ['sleep', ') R 1 (', 'a b) Z', 'x\n2 (y)']) {
  test(`a process called ${JSON.stringify(name)} is read right`, async () => {
    // Goal: field 22 by proc(5), whatever the name is. Method: a program under that name; what ps
    // says of its state, group and session.
    const program = join(root, name);
    copyFileSync('/bin/sleep', program);
    const child = spawn(program, ['600'], { detached: true, stdio: 'ignore' });
    await once(child, 'spawn');
    const stat = await readStat(child.pid ?? 0);
    const argv = ['-o', 'pgid=,sid=', '-p', String(child.pid)];
    const told = execFileSync('ps', argv, { encoding: 'utf8' }).trim().split(/ +/).map(Number);
    assert.deepEqual([stat?.group, stat?.session], told);
    assert.match(stat?.state ?? '', /^[RSD]$/);
    const self = await readStat(process.pid);
    assert.ok((stat?.startTime ?? 0) > (self?.startTime ?? Number.POSITIVE_INFINITY));
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await readStat(child.pid ?? 0), null);
  });
}

test('a pid that nobody can have is null', async () => {
  // Goal: absence is an answer. Method: a pid above the limit of the kernel.
  assert.equal(await readStat(2 ** 30), null);
  assert.equal(await readProc(`/proc/${2 ** 30}/environ`), null);
});
