/**
 * Rule: naming — what operators call members and how they label them is the same everywhere, lasts,
 * and is told in the events.
 */
import { apart, found, SETTLE_MS, talk } from './mesh.ts';
import { expect, type MemberRow, refusal, type World } from './world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];

/** A member is renamed and labelled, loses its power, and is renamed on both sides of a cut. */
export async function naming(world: World): Promise<void> {
  await found(world, ALL);
  const { id } = (await world.status('vm2')).self;
  const isEverywhere = async (what: string, isTrue: (row: MemberRow) => boolean): Promise<void> => {
    for (const vm of ALL) {
      const look = async (): Promise<boolean> => isTrue(await rowOf(world, vm, id));
      await world.eventually(`${vm} sees ${what}`, look, SETTLE_MS);
    }
  };

  const before = await rowOf(world, 'vm3', id);
  await world.rename('vm1', 'vm2', 'db-1');
  await isEverywhere('the new name', ({ name }) => name === 'db-1');
  const after = await rowOf(world, 'vm3', id);
  expect('the same addresses', after.addresses.join() === before.addresses.join());
  await refuseAll(world);

  await world.label('vm1', 'db-1', ['role=db', 'zone=a']);
  await world.label('vm1', 'db-1', ['zone-', 'tier=1']);
  await isEverywhere('the labels', ({ labels }) => isSame(labels, { role: 'db', tier: '1' }));
  await world.powerCut('vm2');
  await world.boot('vm2');
  await isEverywhere('it again', ({ name, state }) => name === 'db-1' && state === 'alive');
  expect('it knows its own name', (await world.status('vm2')).self.name === 'db-1');

  await bothRename(world, id);
  await isEverywhere('the later name', ({ name }) => name === 'west-db');
  await talk(world, ALL);
  await world.eventually('all of it is told', () => areTold(world), SETTLE_MS);
}

/** What may not be: a name in use, a bad one, a member that is not there, a node that asks. */
async function refuseAll(world: World): Promise<void> {
  const table = [
    ['a name in use', () => world.rename('vm1', 'db-1', 'vm3'), 'name: vm3: '],
    ['a bad name', () => world.rename('vm1', 'db-1', 'Db!'), 'name: Db!: '],
    ['a word for many', () => world.rename('vm1', 'db-1', 'any'), 'name: any: '],
    ['the old name', () => world.rename('vm1', 'vm2', 'x'), 'member: vm2: '],
    ['a bad label', () => world.label('vm1', 'db-1', ['=x']), 'label: =x: '],
    ['a node that renames', () => world.rename('vm3', 'db-1', 'x'), 'role: '],
    ['a node that labels', () => world.label('vm3', 'vm3', ['a=b']), 'role: '],
  ] as const;
  for (const [what, ask, begins] of table) {
    const line = await refusal(what, ask());
    expect(`${what} is refused by ${begins}: ${line}`, line.startsWith(begins));
  }
}

/** Both sides of a cut give it a name, the west later. */
async function bothRename(world: World, id: string): Promise<void> {
  await world.operatorAdd('vm1', 'vm3');
  await world.cut('east', 'west');
  await apart(world, ['vm1', 'vm2'], ['vm3']);
  await world.rename('vm1', 'db-1', 'east-db');
  // Clocks may differ by seconds; the later name is the one whose clock is ahead by then.
  await world.holds('the east keeps its name', () => isNamed(world, 'vm1', id, 'east-db'), 12_000);
  await world.rename('vm3', 'db-1', 'west-db');
  expect('the west has its own', await isNamed(world, 'vm3', id, 'west-db'));
  await world.heal();
}

const isNamed = async (world: World, vm: string, id: string, name: string): Promise<boolean> =>
  (await rowOf(world, vm, id)).name === name;

async function areTold(world: World): Promise<boolean> {
  const events = await world.events('vm3');
  const renamed = events.filter(({ kind }) => kind === 'renamed');
  const [first, last] = [renamed[0], renamed.at(-1)];
  expect('the rename is told', first?.member === 'db-1' && first.text === 'was vm2');
  expect('the last one is told', last?.member === 'west-db');
  const joined = (await world.events('vm1')).filter(({ kind }) => kind === 'joined');
  expect(
    'joins are told',
    ['vm2', 'vm3'].every((vm) => joined.some(({ member }) => member === vm)),
  );
  return true;
}

async function rowOf(world: World, vm: string, id: string): Promise<MemberRow> {
  const row = (await world.members(vm)).find((one) => one.id === id);
  if (row === undefined) throw new Error(`${vm} does not know ${id}`);
  return row;
}

const isSame = (a: MemberRow['labels'], b: MemberRow['labels']): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([key, value]) => b[key] === value);
