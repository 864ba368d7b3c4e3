/** Edge: real test — what the runner runs: a story on a world of its own. */
import type { Scenario } from '../scenarios/world.ts';
import type { RealWorld, WorldOptions } from './world.ts';

/** One test. It rejects when something that must be true is not. */
export interface RealTest {
  /** Unique; the filter of the runner matches it. */
  readonly name: string;
  readonly world?: WorldOptions;
  /** Default four minutes. */
  readonly deadlineMs?: number;
  /** The command that does the same again, where the name does not say it. */
  readonly again?: string;
  /** It measures time, or fills the machine: nothing else runs beside it. */
  readonly isAlone?: boolean;
  run(world: RealWorld): Promise<void>;
}

/** A scenario of the simulator's, in this world. */
export const scenarioTest = ([name, run]: readonly [string, Scenario]): RealTest => ({
  name,
  deadlineMs: 240_000,
  run,
});
