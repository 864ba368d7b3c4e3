/**
 * Edge: dump — what a failed test leaves for whoever has to find out why: no keys, no tokens.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Namespace } from './namespace.ts';
import type { RealWorld } from './world.ts';

/** Where dumps are: one directory for each failed test of the last run. */
const DUMPS = resolve(import.meta.dirname, '../build/test/netns');
/** End of a daemon's log that is kept, lines. */
const LOG_LINES = 400;

/** What is asked of a VM. */
const VM_READERS: readonly (readonly string[])[] = [
  ['ip', '-br', 'address'],
  ['ip', 'route', 'show', 'table', 'all'],
  ['ip', '-6', 'route', 'show', 'table', 'all'],
  ['nft', 'list', 'ruleset'],
  ['ss', '-tunap'],
  ['ps', '-ef'],
  ['ls', '-la', '/var/lib/cnsmo', '/run/cnsmo'],
  ['cnsmo', 'status', '--timeout', '5s'],
];

/** Lines of `wg show` with a key in them; the public ones are as long as secrets, so all go. */
const KEY_LINE = /key/;

/** Writes what a world looks like into a directory, and gives its path. */
export async function dump(world: RealWorld, name: string, error: unknown): Promise<string> {
  const directory = join(DUMPS, name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const put = (file: string, text: string): void => writeFileSync(join(directory, file), text);
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  put('timeline.txt', `${world.timeline.lines().join('\n')}\n\n${why}\n`);
  const { routers, internet } = world.network;
  for (const [site, router] of new Map([...routers, ['internet', internet]])) {
    const routing = ['sh', '-c', 'ip -br address; ip route; ip -6 route; nft list ruleset'];
    put(`router-${site}.txt`, await say(router, routing));
  }
  for (const vm of world.vms.values()) {
    put(`${vm.name}.log`, logTail(join(vm.disk, 'cnsmo/log')));
    if (!vm.isOn()) {
      put(`${vm.name}.txt`, 'off\n');
      continue;
    }
    const parts: string[] = [];
    for (const argv of VM_READERS) parts.push(await say(vm.machine(), argv));
    const wg = await say(vm.machine(), ['wg', 'show']);
    parts.push(
      wg
        .split('\n')
        .filter((line) => !KEY_LINE.test(line))
        .join('\n'),
    );
    put(`${vm.name}.txt`, parts.join('\n'));
  }
  return directory;
}

async function say(namespace: Namespace, argv: readonly string[]): Promise<string> {
  const heading = `# ${argv.join(' ')}\n`;
  try {
    const { stdout, stderr } = await namespace.run(argv, { timeoutMs: 10_000 });
    return heading + stdout + stderr;
  } catch (error) {
    return heading + String(error);
  }
}

function logTail(path: string): string {
  if (!existsSync(path)) return 'no log\n';
  return `${readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n')}\n`;
}
