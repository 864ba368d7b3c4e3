/**
 * Edge: random — the one source of chance in a simulated run.
 *
 * Everything drawn in a run comes from its seed. Generators are forked by name, so that a new
 * consumer does not shift what the others draw. sfc32: small, fast, passes PractRand; not for keys.
 */
import type { Random } from '../src/ports.ts';

/** A seeded generator. */
export interface Dice extends Random {
  /** A whole number in [0, below). */
  integer(below: number): number;
  /** A number in [low, high). */
  between(low: number, high: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the items. Throws on an empty list. */
  pick<Item>(items: readonly Item[]): Item;
  /** An independent generator; the same name gives the same one. */
  fork(name: string): Dice;
}

/** The generator of a seed, named by any text. */
export function openDice(seed: string): Dice {
  const draw = sfc32(spread(seed));
  const fraction = (): number => draw() / 0x1_0000_0000;
  const integer = (below: number): number => Math.floor(fraction() * below);
  return {
    fraction,
    integer,
    between: (low, high) => low + fraction() * (high - low),
    chance: (probability) => fraction() < probability,
    pick: (items) => {
      const item = items[integer(items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    bytes: (length) => Uint8Array.from({ length }, () => draw() & 0xff),
    fork: (name) => openDice(`${seed}/${name}`),
  };
}

type State = readonly [number, number, number, number];

/** Four 32-bit words from a text (cyrb128). */
function spread(text: string): State {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = b ^ Math.imul(a ^ code, 597399067);
    b = c ^ Math.imul(b ^ code, 2869860233);
    c = d ^ Math.imul(c ^ code, 951274213);
    d = a ^ Math.imul(d ^ code, 2716044179);
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

function sfc32([first, second, third, fourth]: State): () => number {
  let [a, b, c, d] = [first | 0, second | 0, third | 0, fourth | 0];
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}
