import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { View } from '../crdt/view.ts';
import { NO_SIGHTS, type Sights } from '../services/loop.ts';
import type { NodeSelf, Opening } from '../services/service.ts';
import { createOpenings } from './openings.ts';

test('openings: each service opens by what its own loop shows, and tells others of that', () => {
  // Goal: a port that a loop keeps open is open for the firewall, which has another loop or none.
  // Method: two services of which one opens what is shown; its loop shows a port, something else,
  // and no port; twin: the one who asks shows a port itself, which opens nothing.
  const shown = new Map<string, Sights>();
  let told = 0;
  const opener = (name: string) => ({
    name,
    openings: (_view: View, { sights }: NodeSelf) =>
      [...sights.keys()]
        .filter((key) => key.startsWith('open'))
        .map((why): Opening => ({ zone: 'mesh', protocol: 'tcp', ports: [1, 1], why })),
  });
  const [one, other] = [opener('one'), opener('other')];
  const openings = createOpenings({
    services: () => [one, other],
    sights: (name) => shown.get(name) ?? NO_SIGHTS,
    view: () => ({}) as View,
    self: () => ({}) as NodeSelf,
    onChange: () => {
      told += 1;
    },
  });
  const asked = () =>
    openings
      .of({} as View, { sights: new Map([['open x', '']]) } as unknown as NodeSelf)
      .map(({ why }) => why);
  const show = (...names: readonly string[]): number => {
    const before = shown.get('one') ?? NO_SIGHTS;
    shown.set('one', new Map(names.map((name) => [name, ''])));
    openings.noteShown(one, before);
    return told;
  };
  assert.deepEqual(asked(), []);
  assert.equal(show('open a'), 1);
  assert.deepEqual(asked(), ['open a']);
  assert.equal(show('open a', 'up b'), 1);
  assert.equal(show('up b'), 2);
  assert.deepEqual(asked(), []);
});
