/** Edge: refusal — a command that must be refused, and must not have changed anything. */
import { expect } from '../scenarios/world.ts';
import { cnsmo } from './command-line.ts';
import {
  diskState,
  expectSame,
  isServing,
  meshState,
  networkState,
  stillOf,
} from './host-state.ts';
import type { RealWorld } from './world.ts';

/** One refusal. */
export interface Refusal {
  readonly what: string;
  /** Where it is typed. */
  readonly vm: string;
  readonly argv: readonly string[];
  readonly input?: string;
  /** The documented exit status. */
  readonly status: 2 | 3 | 4 | 5;
  /** What the one line begins with: the field, and where it says something, the value. */
  readonly begins: string;
  /** What the line must name besides. */
  readonly names?: string;
  /** Shell lines that make the VM unfit, and those that mend it. They run in the VM. */
  readonly spoil?: string;
  readonly mend?: string;
  /** Words that the command is run by: who types it. */
  readonly by?: readonly string[];
}

/** `field: value: why; remedy`. */
const LINE = /^[a-z][a-z0-9-]*: .+: .+; .+\n$/;
/** A mistyped command line is one line as well, in the words of the parser. */
const USAGE = /^.+\n$/;

/** Types the command and checks its answer; `witness` is a VM whose mesh must stay as it is. */
export async function refuse(world: RealWorld, witness: string, row: Refusal): Promise<void> {
  const vm = world.vm(row.vm);
  const state = async (): Promise<readonly [string, string, string]> => [
    diskState(vm),
    await networkState(vm),
    await meshState(world.vm(witness)),
  ];
  const before = await state();
  const wasServing = isServing(vm);
  if (row.spoil !== undefined) await vm.must(['sh', '-ec', row.spoil]);
  const typed = [...(row.by ?? []), '/usr/local/bin/cnsmo', ...row.argv];
  const { status, stdout, stderr } = await vm.run(typed, { input: row.input ?? '' });
  if (row.mend !== undefined) await vm.must(['sh', '-ec', row.mend]);
  const said = `${row.what}: ${status}: ${stdout}${stderr}`;
  expect(`status ${row.status}: ${said}`, status === row.status);
  expect(`nothing on standard output: ${said}`, stdout === '');
  expect(`one line with a remedy: ${said}`, (row.status === 2 ? USAGE : LINE).test(stderr));
  expect(`it begins with ${row.begins}: ${said}`, stderr.startsWith(row.begins));
  expect(`it names ${row.names}: ${said}`, stderr.includes(row.names ?? ''));
  const after = await state();
  // After 5 repeating is safe, which takes the keys of the first try.
  const still = wasServing || isServing(vm) ? stillOf : (disk: string): string => disk;
  if (row.status !== 5) expectSame(`${row.what}: the disk`, still(before[0]), still(after[0]));
  expectSame(`${row.what}: the network`, before[1], after[1]);
  expectSame(`${row.what}: the mesh`, before[2], after[2]);
}

/** Types all of them, and rejects with everything that was not as it must be. */
export async function refuseAll(
  world: RealWorld,
  witness: string,
  rows: readonly Refusal[],
): Promise<void> {
  const wrong: string[] = [];
  for (const row of rows) {
    const refusing = world.timeline.act(row.what, () => refuse(world, witness, row));
    await refusing.catch((error: unknown) => {
      wrong.push(error instanceof Error ? error.message : String(error));
    });
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

/** The id of the newest invite that a VM lists. */
export async function newestInvite(world: RealWorld, name: string): Promise<string> {
  const { stdout } = await cnsmo(world.vm(name), ['invite', 'list', '-o', 'json']);
  const [newest] = JSON.parse(stdout) as readonly { readonly id: string }[];
  if (newest === undefined) throw new Error(`${name} lists no invite`);
  return newest.id;
}
