/**
 * Rule: test loops — a few members that run the loop of health on made-up ports, for tests only.
 *
 * Their words reach all at once; what serves where, and who seems to live, the test says.
 */

import type { MemberId } from '../../crdt/ids.ts';
import { Fault } from '../../fault.ts';
import type { HostCommand } from '../../ports.ts';
import type { Sign } from '../../sign.ts';
import {
  type Liveliness,
  type LoopContext,
  type LoopPorts,
  NO_SIGHTS,
  type Sights,
} from '../loop.ts';
import { idOf, memberOf, type Objects, viewWith } from '../test-view.ts';
import { SERVICE } from './balancers.ts';
import { loop } from './loop.ts';

/** Number 1 is a client; the others serve. */
export const MEMBERS = [1, 2, 3, 4].map((n) => memberOf(n, n === 1 ? {} : { role: 'web' }));
const COUNT = MEMBERS.length;

/** How long a look takes that nothing answers. Unit: ms. */
const SILENCE_MS = { reach: 1_500, http: 2_000 };

/** What one member does. */
interface Actor {
  sights: Sights;
  word: string;
  wait: AbortController;
  readonly stop: AbortController;
}

/** Steps in which everything runs that waits for no time: a look leads to a few. */
const STEPS = 16;

/** A clock that stands until it is made to go, from one sleeper to the next. */
function createClock() {
  let nowMs = 0;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  const sleep = (durationMs: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = (): void => {
        sleepers.delete(sleeper);
        resolve();
      };
      const sleeper = { atMs: nowMs + durationMs, wake };
      sleepers.add(sleeper);
      signal.addEventListener('abort', wake, { once: true });
    });
  const settle = async (): Promise<void> => {
    for (let step = 0; step < STEPS; step += 1) await Promise.resolve();
  };
  const go = async (durationMs: number): Promise<void> => {
    const endMs = nowMs + durationMs;
    await settle();
    for (;;) {
      const nextMs = Math.min(...[...sleepers].map(({ atMs }) => atMs));
      if (nextMs > endMs) break;
      nowMs = Math.max(nowMs, nextMs);
      for (const { atMs, wake } of [...sleepers]) if (atMs <= nowMs) wake();
      await settle();
    }
    nowMs = endMs;
  };
  return { clock: { monotonicMs: () => nowMs, sleep }, go };
}

type TestClock = ReturnType<typeof createClock>['clock'];

/** What the test says of the world, and what the members did in it. */
const openWorld = (objects: Objects) => ({
  view: viewWith(SERVICE, MEMBERS, objects),
  /** `HOST PORT`, or `FROM HOST PORT` for one member alone → what comes of a look. */
  serves: new Map<string, string>(),
  /** Ends with this status; null: never. */
  program: 0 as number | null,
  mayRun: true,
  lives: new Map<MemberId, Liveliness>(),
  /** Who looked at what. */
  looks: [] as { readonly by: number; readonly at: string }[],
  /** Who ran a program; programs under way now, and most at once. */
  runs: [] as number[],
  running: 0,
  runningMost: 0,
  said: 0,
  waits: [] as (number | null)[],
});
type TestWorld = ReturnType<typeof openWorld>;

const NEVER = new AbortController().signal;

/** What one member sees the world through. */
const portsOf = (clock: TestClock, world: TestWorld, by: number): LoopPorts => ({
  clock,
  random: { fraction: () => 0.5 },
  net: {
    glance: async (sign: Sign) => {
      if (sign.kind !== 'reach' && sign.kind !== 'http') throw new Error(`glance ${sign.kind}`);
      const at = `${sign.host} ${sign.port}`;
      world.looks.push({ by, at });
      const outcome = world.serves.get(`${by} ${at}`) ?? world.serves.get(at) ?? 'refused';
      await clock.sleep(outcome === 'silent' ? SILENCE_MS[sign.kind] : 1, NEVER);
      return outcome;
    },
  },
  host: {
    run: async ({ timeoutMs = 10_000 }: HostCommand) => {
      world.runs.push(by);
      world.running += 1;
      world.runningMost = Math.max(world.runningMost, world.running);
      const status = world.program;
      await clock.sleep(status === null ? timeoutMs : 1, NEVER);
      world.running -= 1;
      if (status !== null) return { status, stdout: '', stderr: '' };
      throw new Fault('timeout', { field: 'x', value: 'x', why: 'hangs', remedy: 'none' });
    },
  },
});

interface Scene {
  readonly clock: TestClock;
  readonly world: TestWorld;
  readonly actors: ReadonlyMap<number, Actor>;
  readonly nudge: () => void;
}

const contextOf = (
  { clock, world, actors, nudge }: Scene,
  n: number,
  actor: Actor,
): LoopContext => ({
  self: idOf(n),
  view: () => world.view,
  mayRun: () => world.mayRun,
  say: (text) => {
    if (text === actor.word) return;
    actor.word = text;
    world.said += 1;
    nudge();
  },
  wordBytesMax: 16_384,
  words: () =>
    new Map(
      [...actors].flatMap(([other, { word }]) =>
        other === n || word === '' ? [] : [[idOf(other), word] as const],
      ),
    ),
  liveliness: (member) => world.lives.get(member) ?? 'alive',
  show: (sights) => {
    actor.sights = sights;
  },
  wait: async (timeoutMs, signal) => {
    world.waits.push(timeoutMs);
    actor.wait = new AbortController();
    signal.addEventListener('abort', () => actor.wait.abort(), { once: true });
    await clock.sleep(timeoutMs ?? 1e9, actor.wait.signal);
  },
});

/** The members with their loops, and these objects. */
export function openLoops(objects: Objects) {
  const { clock, go } = createClock();
  const world = openWorld(objects);
  const actors = new Map<number, Actor>();
  const nudge = (): void => {
    for (const { wait } of actors.values()) wait.abort();
  };
  for (let n = 1; n <= COUNT; n += 1) {
    const wait = new AbortController();
    const actor = { sights: NO_SIGHTS, word: '', wait, stop: new AbortController() };
    actors.set(n, actor);
    const context = contextOf({ clock, world, actors, nudge }, n, actor);
    void loop(portsOf(clock, world, n), context, actor.stop.signal);
  }
  return {
    world,
    go,
    nudge,
    /** What a member says, whatever its loop found. */
    lie: (n: number, text: string) => {
      const actor = actors.get(n);
      actor?.stop.abort();
      if (actor !== undefined) actor.word = text;
      nudge();
    },
    /** The daemon of a member ends; its word stays. */
    stop: (n: number) => actors.get(n)?.stop.abort(),
    sights: (n: number): Sights => actors.get(n)?.sights ?? NO_SIGHTS,
    word: (n: number): string => actors.get(n)?.word ?? '',
  };
}
