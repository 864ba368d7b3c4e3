/**
 * Edge: host state — what a command may have changed: on a VM's disk, in its network, in the mesh.
 *
 * Two of them are equal as texts exactly when nothing changed, so a difference can be shown.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as commandLine from './command-line.ts';
import { daemonsOf } from './processes.ts';
import type { Vm } from './vm.ts';

/** What `ip` and `nft` show: everything but counters and ages, which change by themselves. */
const READERS: readonly (readonly string[])[] = [
  ['ip', '-j', 'link', 'show'],
  ['ip', '-j', 'address', 'show'],
  ['ip', '-j', '-4', 'route', 'show', 'table', 'all'],
  ['ip', '-j', '-6', 'route', 'show', 'table', 'all'],
  ['ip', '-j', '-4', 'rule', 'show'],
  ['ip', '-j', '-6', 'rule', 'show'],
  ['nft', '-s', 'list', 'ruleset'],
  ['sysctl', '-a', '--pattern', '^net\\.ipv[46]\\.(conf|ip_forward)'],
];

/** Links, addresses, routes, rules and settings of a VM. */
export async function networkState(vm: Vm): Promise<string> {
  const parts: string[] = [];
  for (const argv of READERS) parts.push(`${argv.join(' ')}\n${await vm.must(argv)}`);
  // A veth shows the number of its other end, which changes when a VM is switched on again.
  return parts.join('\n').replaceAll(/"link_index":\d+,/g, '');
}

/** What a daemon writes by itself: what it was told of others, and whose turn the core is. */
const OF_ITSELF = /^(events-\S*|core-term|acquaintances|incarnation) /;

/** Whether a daemon runs, or is about to end. */
export const isServing = (vm: Vm): boolean => vm.isOn() && daemonsOf(vm.machine()).length > 0;

/** A state of the disk without what a daemon writes by itself. */
export const stillOf = (disk: string): string =>
  disk
    .split('\n')
    .filter((line) => !OF_ITSELF.test(line))
    .join('\n');

/** Every file under the state directory but logs: mode, size, content. Empty: there is none. */
export function diskState(vm: Vm): string {
  const root = join(vm.disk, 'cnsmo');
  if (!existsSync(root)) return '';
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(log(\.\d)?|probe|\.[^/]*\.tmp)$/.test(path));
  return [root, ...paths.toSorted()].map((path) => describe(root, path)).join('\n');
}

function describe(root: string, path: string): string {
  const { mode, size } = lstatSync(path);
  const isFile = (mode & 0o170000) === 0o100000;
  const hash = isFile ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'directory';
  return `${relative(root, path) || '.'} ${mode.toString(8)} ${isFile ? size : ''} ${hash}`;
}

/** Who is in the mesh, as a VM with a daemon shows it; not who is alive, which passes. */
export async function meshState(vm: Vm): Promise<string> {
  const rows = await commandLine.members(vm);
  return rows
    .map(({ id, name, role, addresses, state }) =>
      [id, name, role, addresses.join(), state === 'left' ? 'left' : 'here'].join(' '),
    )
    .join('\n');
}

/** Rejects, showing what differs, unless two states are equal. */
export function expectSame(what: string, before: string, after: string): void {
  if (before === after) return;
  const [had, has] = [before.split('\n'), after.split('\n')];
  const gone = had.filter((line) => !has.includes(line)).map((line) => `- ${line}`);
  const come = has.filter((line) => !had.includes(line)).map((line) => `+ ${line}`);
  throw new Error(`${what} changed:\n${[...gone, ...come].join('\n')}`);
}
