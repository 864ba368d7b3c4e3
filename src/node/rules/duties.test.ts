import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../../crdt/test-world.ts';
import type { MemberStatus } from './answers.ts';
import type { Comparison } from './digest.ts';
import { doDuties } from './duties.ts';

const row = (name: string, state: MemberStatus['state'], version: string | null = '1.0') =>
  ({ id: idOf(name), name, state, version }) as MemberStatus;

test('duties: what each finds, and that a mesh in order has nothing but its numbers', () => {
  // Goal: the table. Method: a mesh in order, and one with one of each trouble.
  const calm = world().invites('i').admits('a', 'i');
  const members = [row('founder', 'alive'), row('a', 'alive')];
  const digests = new Map<ReturnType<typeof idOf>, Comparison>([[idOf('a'), 'same']]);
  assert.deepEqual(doDuties({ view: calm.view(), members, digests, absences: new Map() }), [
    { name: 'in step', found: [] },
    { name: 'roll-up', found: ['members: 2 alive', 'versions: 2 1.0'] },
    { name: 'over-used invites', found: [] },
    { name: 'dead members', found: [] },
  ]);
  const view = world().invites('i', { uses: 1 }).admits('a', 'i').admits('b', 'i').view();
  const found = doDuties({
    view,
    members: [row('founder', 'alive'), row('a', 'dead', null), row('c', 'left')],
    digests: new Map([
      [idOf('a'), 'behind'],
      [idOf('founder'), 'differs'],
    ]),
    absences: new Map([[idOf('a'), Date.UTC(2026, 2, 4, 5, 6)]]),
  });
  const lines = found.flatMap((duty) => duty.found);
  assert.match(lines[0] ?? '', /^a is behind this VM$/);
  assert.match(lines[1] ?? '', /^founder holds the same frames and sees another state/);
  assert.deepEqual(lines.slice(2, 4), ['members: 1 alive, 1 dead', 'versions: 1 1.0, 1 not known']);
  assert.match(lines[4] ?? '', /^invite \w{12} was used 2 times, not 1$/);
  assert.match(lines[5] ?? '', /^a is dead since 2026-03-04T05:06Z; .*cnsmo evict a$/);
});
