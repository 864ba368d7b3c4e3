/** Rule: turns — who had the core role one after the other, in the eyes of each VM. */
import type { Told } from './told.ts';

/** What every observer saw of the turns of the core role. */
export interface Turns {
  /** In their order, by name; whoever saw a part saw a part of these. */
  readonly holders: readonly string[];
  /** What is not as it should be, in words. */
  readonly faults: readonly string[];
}

/**
 * The turns that began while these events were told, by the members of a ring that nobody joined or
 * left. Faults: observers that differ, a move that is not by turn, a member that comes again before
 * all others had theirs.
 */
export function turnsIn(told: readonly Told[], members: number): Turns {
  const moves = told.filter(({ kind }) => kind === 'core');
  const seen = Map.groupBy(moves, ({ on }) => on);
  const namesSeen = new Map([...seen].map(([on, events]) => [on, events.map(nameOf)]));
  const holders = [...namesSeen.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
  const line = ` ${holders.join(' ')} `;
  const differing = [...namesSeen]
    .filter(([, names]) => !line.includes(` ${names.join(' ')} `))
    .map(([on, names]) => `${on} saw ${names.join(' ')}`);
  const odd = moves
    .filter(({ cause }) => cause !== 'its turn')
    .map(({ on, time, member, cause }) => `${time} on ${on}: ${member}: ${cause}`);
  const early = holders.flatMap((name, index) => {
    const recent = holders.slice(Math.max(0, index - members + 1), index);
    return recent.includes(name) ? [`${name} has a turn too many (the ${index + 1}th)`] : [];
  });
  return { holders, faults: [...differing, ...odd, ...early] };
}

const nameOf = ({ member }: Told): string => member ?? 'nobody';
