/** Rule: rounds — contenders measured in turn, so that what changes with time hits all alike. */
import type { Sample, Series } from './figure.ts';

/** Who is measured: by name, one measurement each call. */
export type Contenders = Readonly<Record<string, () => Promise<Sample> | Sample>>;

/**
 * Measures all contenders in each of `count` rounds, in the order given and back by turns, after a
 * round that does not count. `tell` is called before each round with its number, 0 for that one.
 */
export async function takeRounds(
  contenders: Contenders,
  count: number,
  tell: (round: number) => void = () => {},
): Promise<readonly Series[]> {
  const names = Object.keys(contenders);
  const taken = new Map<string, Sample[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= count; round += 1) {
    tell(round);
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const sample = await contenders[name]?.();
      if (round > 0 && sample !== undefined) taken.get(name)?.push(sample);
    }
  }
  return names.map((name) => ({ name, samples: taken.get(name) ?? [] }));
}
