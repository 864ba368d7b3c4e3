/**
 * Edge: restart — how long a member takes from its disk to its view when somebody says as much as
 * one may, some times over, and prints that as JSON. `node restart.ts KIND ROUNDS`
 *
 * The replica is opened by a process of its own: nothing of it is compiled yet.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveIn, openWatcher, RESTART_KINDS, type Restart } from './restarts.ts';

async function restart(directory: string): Promise<Restart> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const replica = await openWatcher(directory);
  replica.view();
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuMs: (user + system) / 1000 };
}

async function main(): Promise<void> {
  const [what = '', rounds = '1', directory] = process.argv.slice(2);
  if (directory !== undefined) {
    process.stdout.write(JSON.stringify(await restart(directory)));
    return;
  }
  const kind = RESTART_KINDS.find((known) => known === what);
  if (kind === undefined) throw new Error(`give one of: ${RESTART_KINDS.join(' ')}`);
  const fresh = mkdtempSync(join(tmpdir(), 'cnsmo-restart-'));
  try {
    await liveIn(fresh, kind);
    const argv = [import.meta.filename, kind, '1', fresh];
    const restarts = Array.from({ length: Number(rounds) }, () =>
      execFileSync(process.execPath, argv, { encoding: 'utf8' }),
    );
    process.stdout.write(`[${restarts.join()}]\n`);
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

await main();
