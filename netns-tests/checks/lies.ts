/** Edge: lies — a member that lies about who is alive harms nobody. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agreed } from '../../scenarios/core.ts';
import { found, SETTLE_MS, stateOf, talk, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { execute } from '../command.ts';
import { obey } from '../command-line.ts';
import type { Harvest, Lie } from '../liar.ts';
import { coreMovesIn, deathsIn, type Told, toldDuring } from '../told.ts';
import type { RealWorld } from '../world.ts';

const HONEST = ['vm1', 'vm2', 'vm3'];
const ALL = [...HONEST, 'vm4'];
/** How long it lies: longer than a suspicion lasts. Unit: ms. */
const LYING_MS = 15_000;
const CLIENT = join(import.meta.dirname, '../liar.ts');

/**
 * Goal: forged, replayed and reordered messages, and a member that calls others dead, move nothing.
 * Method: a client of its own speaks with the key of vm4, whose daemon is stopped; it is heard, as
 * its answers keep vm4 alive; of the others nobody tells a death, and the core role stays. Each
 * tells who gave it a frame that nobody signed, and the one that got several mutes the sender.
 */
export async function lies(world: RealWorld): Promise<void> {
  await found(world, ALL);
  const vm4 = world.vm('vm4');
  // A member that has the role and says nothing is another matter.
  await obey(vm4, ['consent', '--no-eligible']);
  await agreed(world, ALL, ['vm4']);
  await obey(vm4, ['stop']);
  const secret = (file: string): string =>
    readFileSync(join(vm4.disk, 'cnsmo', file)).toString('hex');
  const { mesh, members } = await world.status('vm1');
  const wish: Lie = {
    seed: secret('member-key'),
    psk: secret('psk'),
    mesh: mesh.id,
    hosts: HONEST.map((name) => world.vm(name).place.public4),
    members: members.filter(({ name }) => name !== 'vm4').map(({ id }) => id),
    durationMs: LYING_MS,
  };
  let harvest: Harvest | null = null;
  const told = await toldDuring(world, HONEST, async () => {
    const argv = vm4.machine().enterNetwork([process.execPath, CLIENT]);
    const running = execute(argv, { input: JSON.stringify(wish) });
    const isHeard = async (): Promise<boolean> => (await stateOf(world, 'vm1', 'vm4')) === 'alive';
    await world.eventually('the liar is heard', isHeard, LYING_MS);
    const { stdout, stderr, status } = await world.timeline.act('vm4 lies', () => running);
    if (status !== 0) throw new Error(`the client failed: ${stderr}`);
    harvest = JSON.parse(stdout) as Harvest;
    await agreed(world, HONEST, ['vm4']);
  });
  const said = JSON.stringify(harvest);
  const { connected = 0, answers = 0, recorded = 0 } = (harvest ?? {}) as Partial<Harvest>;
  expect(`it spoke to all, was answered, and had what to repeat: ${said}`, connected === 3);
  expect(`it was answered: ${said}`, answers > 10 && recorded > 50);
  const deaths = deathsIn(told).filter((line) => !line.endsWith('saw vm4 dead'));
  expect(`lies kill nobody, but ${deaths}`, deaths.length === 0);
  const starts = told.filter(({ kind }) => kind === 'started').map(({ member }) => member);
  expect(`no daemon started again, but ${starts}`, starts.length === 0);
  expect('lies move no core', coreMovesIn(told) <= 1); // Its turn may end.
  expectNamed(told);
  await talk(world, HONEST);
  await obey(vm4, ['start']);
  // Who is muted and who mutes it are not in step with each other for two minutes.
  await together(world, ['vm1', 'vm2']);
  for (const name of HONEST) {
    const areHeard = async (): Promise<boolean> =>
      (await stateOf(world, name, 'vm4')) === 'alive' &&
      (await stateOf(world, 'vm4', name)) === 'alive';
    await world.eventually(`${name} and vm4 hear each other`, areHeard, SETTLE_MS);
  }
  await talk(world, ALL);
}

/** Each tells who sent a bad frame; and who was sent several takes nothing more from there. */
function expectNamed(told: readonly Told[]): void {
  for (const name of HONEST) {
    const refused = told.filter(({ on, kind }) => on === name && kind === 'refused');
    const isNamed = refused.some(
      ({ member, cause }) => member === 'vm4' && cause?.startsWith('signature: ') === true,
    );
    expect(`${name} tells who sent a bad frame, not ${JSON.stringify(refused)}`, isNamed);
  }
  const isMute = ({ kind, member, text }: Told): boolean =>
    kind === 'refused' && member === 'vm4' && text.startsWith('nothing of the state is taken ');
  const deaf = told.filter(isMute).map(({ on }) => on);
  expect(`who was sent several mutes it, and nobody else, not ${deaf}`, deaf.join() === 'vm3');
}
