/** Rule: bench — what a bench is to those that run it. */
import type { Figure } from './figure.ts';

/** What a bench is told. */
export interface BenchOptions {
  /** Rounds that the person wants; null: as many as the bench thinks right. */
  readonly rounds: number | null;
  /** Says what is under way. */
  readonly tell: (line: string) => void;
}

/** Measures and gives the figures. It leaves nothing behind, whether it fails or not. */
export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;
