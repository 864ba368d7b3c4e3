/** Edge: history — two operators who decide at the same time, and who is told of it. */
import { found, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import type { RealWorld } from '../world.ts';

interface Claim {
  readonly author: string;
  readonly value: { readonly name: string };
}

interface Conflict {
  readonly path: string;
  readonly winner: Claim;
  readonly losers: readonly Claim[];
}

interface Change {
  readonly author: string;
  readonly path: string;
  readonly time: string;
  readonly before: { readonly name: string } | null;
  readonly after: { readonly name: string } | null;
  readonly signature: string;
  readonly isSigned: boolean;
}

/** In a partition people read how many are reached, what becomes of changes, and who is away. */
const isSaidApart = (world: RealWorld, on: string, count: string, away: string): Promise<void> =>
  world.eventually(
    `${on} reaches ${count}, and not ${away}`,
    async () => {
      const said = (await obey(world.vm(on), ['status'])).replace(/\s+/g, ' ');
      const words = `${count} members reachable; changes made here reach the rest when they return`;
      return said.includes(`${words} not reachable: ${away} `);
    },
    SETTLE_MS,
  );

/**
 * Goal: a concurrent change is never lost unseen, can be taken with one command, and who changed
 * what stays told. Method: vm1 and vm3, both operators, rename vm2 while their sites are apart; on
 * all VMs the same one wins and the other is listed; a node may not take it, an operator may.
 */
export async function history(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2', 'vm3']);
  await world.operatorAdd('vm1', 'vm3');
  await together(world, ['vm1', 'vm2', 'vm3']);
  const ask = async <Answer>(vm: string, ...argv: readonly string[]): Promise<Answer> =>
    JSON.parse(await obey(world.vm(vm), [...argv, '-o', 'json'])) as Answer;
  const conflicts = (vm: string) => ask<readonly Conflict[]>(vm, 'conflicts');
  expect('nothing lost yet', (await conflicts('vm1')).length === 0);

  await world.cut('east', 'west');
  await world.rename('vm1', 'vm2', 'east-name');
  await world.rename('vm3', 'vm2', 'west-name');
  await isSaidApart(world, 'vm1', '2 of 3', 'vm3');
  await isSaidApart(world, 'vm3', '1 of 3', 'vm1, west-name');
  await world.heal();
  const listed = async (vm: string): Promise<boolean> => (await conflicts(vm)).length === 1;
  for (const vm of ['vm1', 'vm2', 'vm3']) {
    await world.eventually(`${vm} lists the conflict`, () => listed(vm), SETTLE_MS);
  }
  const [[one], [other]] = [await conflicts('vm1'), await conflicts('vm3')];
  expect('both tell the same', JSON.stringify(one) === JSON.stringify(other));
  if (one === undefined) throw new Error('no conflict');
  const names = [one.winner, ...one.losers].map(({ value }) => value.name);
  expect(`both names are told: ${names}`, names.toSorted().join() === 'east-name,west-name');
  const [, lost] = names;
  await isTold(world, one);

  const line = await refusal(
    'a node takes it',
    obey(world.vm('vm2'), ['conflicts', 'take', one.path]),
  );
  expect(`the refusal names the role: ${line}`, line.startsWith('role: node: '));
  await obey(world.vm('vm1'), ['conflicts', 'take', one.path]);
  for (const vm of ['vm1', 'vm2', 'vm3']) {
    const isTaken = async (): Promise<boolean> =>
      (await world.members(vm)).some(({ name }) => name === lost) &&
      (await conflicts(vm)).length === 0;
    await world.eventually(`${vm} has what had lost, and no conflict`, isTaken, SETTLE_MS);
  }

  const changes = await ask<readonly Change[]>('vm2', 'audit', '--path', one.path, '--verify');
  const told = changes.map(({ author, after }) => `${author} ${after?.name}`);
  expect(`three changes, not ${told}`, changes.length === 3);
  for (const who of ['vm1 east-name', 'vm3 west-name', `vm1 ${lost}`]) {
    expect(`${who} is among ${told}`, told.includes(who));
  }
  const last = changes.at(-1);
  expect('with what was before', last?.before?.name === names[0]);
  expect(
    'signed',
    changes.every(({ isSigned, signature }) => isSigned && signature.length === 128),
  );
}

/** Both operators hear who lost, of what, and to whom. */
async function isTold(world: RealWorld, { path, winner, losers }: Conflict): Promise<void> {
  for (const vm of ['vm1', 'vm3']) {
    const isEvent = async (): Promise<boolean> =>
      (await world.events(vm)).some(
        ({ kind, member, text, cause }) =>
          kind === 'conflict' &&
          member === losers[0]?.author &&
          text.includes(path) &&
          cause === `${winner.author} said otherwise at the same time`,
      );
    await world.eventually(`${vm} tells of the conflict`, isEvent, SETTLE_MS);
  }
}
