/**
 * Edge: swim weather — how long a message of the modelled detectors is on its way, and which is
 * lost.
 */
import type { Dice } from './random.ts';

/** How the modelled mesh is. Times in ms. */
export interface ModelWeather {
  /** Probability that a packet is lost. */
  loss: number;
  /**
   * After so long what was lost is sent again, then after twice as long, as TCP does, and what
   * follows waits for it. Without it what is lost stays lost.
   */
  readonly resendMs?: number;
  readonly wayMs: number;
  readonly jitterMs: number;
}

/** The ways between all members of a model. */
export interface Line {
  /** One way, ms. */
  wayMs(): number;
  /** How long a message on this way takes that is sent now, ms; null when it is lost. */
  transitMs(way: string, nowMs: number): number | null;
}

/** Ways on which nothing was sent. */
export function openLine(dice: Dice, weather: ModelWeather): Line {
  /** When the last message on each way came, or will. */
  const arrivals = new Map<string, number>();
  const wayMs = (): number => weather.wayMs + dice.between(0, weather.jitterMs);
  return {
    wayMs,
    transitMs: (way, nowMs) => {
      let delayMs = wayMs();
      for (let waitMs = weather.resendMs; dice.chance(weather.loss); waitMs *= 2) {
        if (waitMs === undefined) return null;
        delayMs += waitMs;
      }
      if (weather.resendMs === undefined) return delayMs;
      const atMs = Math.max(nowMs + delayMs, arrivals.get(way) ?? 0);
      arrivals.set(way, atMs);
      return atMs - nowMs;
    },
  };
}
