/**
 * Edge: seed — one seed, run once: a scenario in the seed's own weather, then chaos, calm and
 * checks.
 */
import { SCENARIOS } from '../scenarios/all.table.ts';
import { underBan } from './ban.ts';
import type { Bug } from './bugs.table.ts';
import { rage } from './chaos.ts';
import { openEdition } from './edition.ts';
import { LONG } from './long.table.ts';
import type { Step } from './plan.ts';
import { DIALLED, GENERATION_FRAMES, HASTY_FRAMES, NEXT, OTHER_WIRE } from './releases.table.ts';
import { type Editions, openRoom, type Room, type RunOptions } from './room.ts';
import { openWorld } from './world.ts';

/** Virtual time that scenario, calm and checks may take together. Unit: ms. */
const SPARE_MS = 3_600_000;

/** How a seed is run. */
export interface SeedOptions extends RunOptions {
  /** Length of the chaos, virtual minutes; 0 leaves it out. */
  readonly minutes: number;
  /** Whether all VMs that are in no mesh join before the chaos. */
  readonly isWhole?: boolean;
  /** Name of a scenario or of a long one; null takes one by the seed. */
  readonly scenario: string | null;
  /** Numbers of the steps of the chaos that happen; null: all of them. */
  readonly only: readonly number[] | null;
}

/** What came of it. */
export interface SeedResult {
  readonly scenario: string;
  readonly hash: string;
  /** Virtual ms that passed. */
  readonly ranMs: number;
  /** What was wrong; null when nothing was. */
  readonly failure: string | null;
  /** The steps of the chaos that happened. */
  readonly steps: readonly Step[];
  /** Last lines of the trace, the oldest first. */
  readonly tail: readonly string[];
}

/** Runs a seed once. Never rejects: what goes wrong is the result's failure. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const names = Object.keys(SCENARIOS);
  const name = options.scenario ?? names[options.seed % names.length] ?? '';
  const long = LONG[name];
  const scenario = long?.run ?? SCENARIOS[name];
  if (scenario === undefined) throw new Error(`no scenario ${name}: ${names.join(' ')}`);
  const editions = await editionsOf(options.bug);
  const isHasty = options.seed % GENUINE_EVERY !== 0;
  editions.ours.setGenerationFrames?.(isHasty ? HASTY_FRAMES : GENERATION_FRAMES);
  const room = openRoom({ ...options, editions });
  const world = openWorld(room, `sim seed ${options.seed}`);
  const steps: Step[] = [];
  const untilMs = SPARE_MS + options.minutes * 60_000 + (long?.durationMs ?? 0);
  const failure = await guarded(room, untilMs, async () => {
    await scenario(world, room);
    room.trace.note(room.scheduler.nowMs(), 'scenario', `${name} passed`);
    const { minutes, only } = options;
    const onStep = (step: Step): void => void steps.push(step);
    const isWhole = options.isWhole === true;
    if (minutes > 0) await rage(room, world, { minutes, isWhole, only, onStep });
  });
  return {
    scenario: name,
    hash: room.trace.hash(),
    ranMs: room.scheduler.nowMs(),
    failure,
    steps,
    tail: room.trace.tail(),
  };
}

/** In one seed of so many generations are as long as those of the product. */
const GENUINE_EVERY = 2;

/** Loads all that seeds may run, so that their own time is spent on them alone. */
export async function loadEditions(bug: Bug | null): Promise<void> {
  await editionsOf(bug);
}

async function editionsOf(bug: Bug | null): Promise<Editions> {
  const planted = bug?.patches ?? [];
  return {
    ours: await openEdition([...DIALLED, ...planted]),
    next: await openEdition([...NEXT, ...planted]),
    foreign: await openEdition([...OTHER_WIRE, ...planted]),
  };
}

/** Drives `work` under the ban; a promise that nobody caught fails the run as well. */
async function guarded(
  room: Room,
  untilMs: number,
  work: () => Promise<void>,
): Promise<string | null> {
  const onRejection = (error: unknown): void => room.scheduler.fail(error);
  process.on('unhandledRejection', onRejection);
  try {
    await underBan(() => room.scheduler.drive(work(), untilMs));
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}
