import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { View } from '../crdt/view.ts';
import { NO_SIGHTS, type Sights } from '../services/loop.ts';
import type { NodeSelf, Opening } from '../services/service.ts';
import { createOpenings } from './openings.ts';

/** Opens what is shown that begins so. */
const openAll = (_view: View, { sights }: NodeSelf): readonly Opening[] =>
  [...sights.keys()]
    .filter((key) => key.startsWith('open'))
    .map((why): Opening => ({ zone: 'mesh', protocol: 'tcp', ports: [1, 1], why }));

test('openings: each service opens by what its own loop shows, and tells others of that', () => {
  // Goal: a port that a loop keeps open is open for the firewall, which has another loop or none.
  // Method: two services of which one opens what is shown; its loop shows a port, something else,
  // and no port; twin: the one who asks shows a port itself, which opens nothing.
  const shown = new Map<string, Sights>();
  let told = 0;
  const opener = (name: string) => ({ name, openings: openAll });
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

test('openings: what a loop shows again and again is worked out once for each', () => {
  // Goal: a daemon is not busy with it where ten thousand fail. Method: how often a service is
  // asked while its loop shows one thing after the other, as the view changes, and as what was
  // shown before was never shown; each time whether others are told.
  let [asked, told] = [0, 0];
  let view = {} as View;
  let sights: Sights = NO_SIGHTS;
  const one = {
    name: 'one',
    openings: (...given: Parameters<typeof openAll>) => {
      asked += 1;
      return openAll(...given);
    },
  };
  const openings = createOpenings({
    ...{ services: () => [one], sights: () => sights, view: () => view },
    self: () => ({}) as NodeSelf,
    onChange: () => {
      told += 1;
    },
  });
  const show = (name: string, before = sights): readonly number[] => {
    const past = [asked, told] as const;
    sights = new Map([[name, '']]);
    openings.noteShown(one, before);
    return [asked - past[0], told - past[1]];
  };
  assert.deepEqual(show('up a'), [2, 0]);
  assert.deepEqual(show('up b'), [1, 0]);
  assert.deepEqual(show('open c'), [1, 1]);
  assert.deepEqual(show('open d'), [1, 1]);
  assert.deepEqual(show('open d'), [1, 0]);
  view = {} as View;
  assert.deepEqual(show('up e'), [2, 1]);
  assert.deepEqual(show('up f'), [1, 0]);
  assert.deepEqual(show('up f', new Map([['open f', '']])), [2, 1]);
});
