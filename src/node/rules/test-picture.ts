/**
 * Rule: test picture — pictures of a story's mesh as its founder sees it, for tests only.
 */
import { compareHlc } from '../../crdt/hlc.ts';
import { idOf, type World, world } from '../../crdt/test-world.ts';
import { type Picture, pictureOf, type Surroundings, type Word } from './event-picture.ts';
import { eventsBetween } from './events.ts';
import { followReturns, NO_RETURNS } from './returns.ts';

/** A founder, and two whom it let in by one invite. */
export const story = (): World => world().invites('i').admits('a', 'i').admits('b', 'i');

/** Everybody is alive and nobody connected. */
export const around = (changed: Partial<Surroundings> = {}): Surroundings => ({
  self: idOf('founder'),
  connected: new Map(),
  isNeighbour: () => true,
  state: () => 'alive',
  why: () => 'it answers',
  life: () => null,
  core: null,
  word: () => null,
  ...changed,
});

/** What the story says at a path. */
const wordOf =
  (told: World): Word =>
  (path, among) =>
    told
      .states()
      .filter(({ author }) => among.has(author))
      .flatMap(({ author, entries }) => entries.map((entry) => ({ author, ...entry })))
      .filter((entry) => entry.path === path)
      .toSorted((a, b) => compareHlc(a.hlc, b.hlc))
      .at(-1) ?? null;

/** A story as its founder sees it; `connected`: to whom it dialled. */
export const picture = (told: World, connected: readonly string[] = []): Picture => {
  const to = new Map(connected.map((name) => [idOf(name), 'outbound'] as const));
  return pictureOf(told.view(), around({ connected: to, word: wordOf(told) }));
};

/** Everything that is told of a step, heals last. */
export const toldOf = (before: Picture, after: Picture) => {
  const { healed } = followReturns(NO_RETURNS, before, after, 0);
  return [...eventsBetween(before, after), ...(healed === null ? [] : [healed])];
};
