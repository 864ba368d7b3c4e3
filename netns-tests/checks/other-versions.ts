/** Edge: other versions — releases that cannot understand each other say so, on both sides. */
import { copyFileSync } from 'node:fs';
import { join as inside } from 'node:path';
import { SETTLE_MS, talk } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { OUR_VERSIONS, type Versions } from '../../scripts/build-foreign.ts';
import { must } from '../command.ts';
import { join, obey } from '../command-line.ts';
import { askEvents, type EventRow } from '../outside-api.ts';
import type { RealWorld } from '../world.ts';

/** Releases with which nothing can be exchanged, for either reason. */
const OTHER_WIRE: Versions = { wire: OUR_VERSIONS.wire + 1, document: OUR_VERSIONS.document };
const OTHER_DOCUMENT: Versions = { wire: OUR_VERSIONS.wire, document: OUR_VERSIONS.document + 1 };
/** How long nothing passes, where everything else passes at once. Unit: ms. */
const SILENCE_MS = 3_000;
const PROGRAM = '/usr/local/bin/cnsmo';

/** Binaries of other releases on this machine, while they are made. */
export interface Foreign {
  readonly made: Promise<unknown>;
  readonly wire: string;
  readonly document: string;
}

const ROOT = inside(import.meta.dirname, '../..');
const BUILD_MS = 240_000;

/**
 * Begins to make them, in a process of their own and behind all others: to pack one keeps a
 * processor busy for seconds.
 */
export function beginForeign(world: RealWorld): Foreign {
  const [wire, document] = [inside(world.directory, 'wire'), inside(world.directory, 'document')];
  const words = [OTHER_WIRE, OTHER_DOCUMENT].flatMap((versions, index) => [
    ...[String(versions.wire), String(versions.document), index === 0 ? wire : document],
  ]);
  const builder = [process.execPath, 'scripts/build-foreign.ts', ...words];
  const argv = ['env', '-C', ROOT, 'nice', '-n', '10', ...builder];
  const made = must(argv, { timeoutMs: BUILD_MS });
  made.catch(() => undefined); // Who waits for it is told.
  return { made, wire, document };
}

/** Puts another binary in the place of a VM's own; gives what puts that back. */
async function runForeign(
  world: RealWorld,
  name: string,
  binary: string,
): Promise<() => Promise<void>> {
  const vm = world.vm(name);
  // On its disk: what lies elsewhere is not seen in it.
  copyFileSync(binary, inside(vm.disk, 'foreign'));
  await vm.must(['mount', '--bind', '/var/lib/foreign', PROGRAM]);
  return async () => {
    // Lazily: a program that has answered may end a moment later.
    await vm.must(['umount', '--lazy', PROGRAM]);
    await vm.must(['rm', '/var/lib/foreign']);
  };
}

const spelled = ({ wire, document }: Versions): string =>
  `wire version ${wire}, document version ${document}`;

const spoken = ({ wire, document }: Versions, own: Versions): string =>
  `speaks wire version ${wire} and document version ${document}, this VM ` +
  `${own.wire} and ${own.document}: nothing is exchanged with it`;

/** Whether a VM tells, by an alarm and by an event, that it exchanges nothing with another. */
async function tells(world: RealWorld, on: string, other: string, line: string): Promise<boolean> {
  const { alarms } = await world.status(on);
  const { events } = await askEvents(world.vm(on), null);
  const isEvent = ({ kind, member, text }: EventRow): boolean =>
    kind === 'refused' && member === other && text === 'nothing is exchanged with it';
  return alarms.some((alarm) => alarm.startsWith(`${other} ${line}`)) && events.some(isEvent);
}

/**
 * Goal: who speaks another version of the wire or of documents is refused by name on both sides,
 * takes nothing and gives nothing, keeps its tunnels, and is in step as soon as it runs the same.
 * Method: a member, whose daemon is stopped, starts another release; another one tries to join.
 */
export async function otherVersions(
  world: RealWorld,
  { member, stranger }: { readonly member: string; readonly stranger: string },
  foreign: Foreign,
): Promise<void> {
  await world.timeline.act('binaries of other releases', () => foreign.made);
  await joinIsRefused(world, stranger, foreign);
  const vm = world.vm(member);
  const putBack = await runForeign(world, member, foreign.wire);
  await obey(vm, ['start']);
  const sides = [
    { on: 'vm1', other: member, line: spoken(OTHER_WIRE, OUR_VERSIONS) },
    { on: member, other: 'vm1', line: spoken(OUR_VERSIONS, OTHER_WIRE) },
  ];
  for (const { on, other, line } of sides) {
    const isTold = (): Promise<boolean> => tells(world, on, other, line);
    await world.eventually(`${on} tells of ${other}`, isTold, SETTLE_MS);
  }
  await world.label('vm1', 'vm1', ['said=apart']);
  const hears = (name: string) => async (): Promise<boolean> =>
    (await world.members(name)).some(({ labels }) => labels.said === 'apart');
  await world.eventually('vm3 hears vm1', hears('vm3'), SETTLE_MS);
  const isSilent = async (): Promise<boolean> => !(await hears(member)());
  await world.holds(`${member} hears nothing`, isSilent, SILENCE_MS);
  await talk(world, ['vm1', member]);
  await obey(vm, ['stop']);
  await putBack();
  await obey(vm, ['start']);
  await world.eventually(`${member} hears vm1 again`, hears(member), SETTLE_MS);
  const isOver = async (): Promise<boolean> =>
    !(await world.status('vm1')).alarms.some((alarm) => alarm.includes(sides[0]?.line ?? ''));
  await world.eventually('vm1 has no alarm', isOver, SETTLE_MS);
}

/** The newcomer reads why, and its entry tells of it; neither has anything of the other. */
async function joinIsRefused(world: RealWorld, name: string, { document }: Foreign): Promise<void> {
  const putBack = await runForeign(world, name, document);
  const line = await refusal('another release', join(world.vm(name), await world.invite('vm1')));
  const own = `this VM ${OTHER_DOCUMENT.wire} and ${OTHER_DOCUMENT.document}`;
  const why = `it speaks ${spelled(OUR_VERSIONS)}, ${own}`;
  expect(`it reads why: ${line}`, line.includes(why));
  const { events } = await askEvents(world.vm('vm1'), null);
  const theirs = `wire ${OTHER_DOCUMENT.wire}, document ${OTHER_DOCUMENT.document}`;
  const isTold = ({ kind, text, cause }: EventRow): boolean =>
    kind === 'refused' && text.startsWith('a join') && (cause ?? '').includes(theirs);
  expect(`vm1 tells of it: ${JSON.stringify(events.at(-1))}`, events.some(isTold));
  const left = await world.vm(name).run(['ls', '/var/lib/cnsmo']);
  expect(`nothing is left of it: ${left.stdout}`, left.stdout === '');
  await putBack();
}
