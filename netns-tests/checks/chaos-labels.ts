/**
 * Edge: chaos labels — what operators said of members in the midst of chaos, and what of it may
 * hold in the end: the last that one of them was told it had said, or what it tried after that.
 */
import { expect, type MemberRow } from '../../scenarios/world.ts';
import type { RealWorld } from '../world.ts';

/** The label that they give. */
const KEY = 'n';

/** What was said so far. */
export interface Labels {
  /** An operator gives a member a label; rejects when it is not told that this was done. */
  give(world: RealWorld, by: string, whom: string): Promise<void>;
  /** Rejects unless what was acknowledged is there, on members that stayed who they are. */
  expectKept(on: string, rows: readonly MemberRow[], whoms: readonly string[]): void;
}

/** Nothing was said. */
export function openLabels(): Labels {
  /** By member, then by operator: what may hold of it, the acknowledged first. */
  const said = new Map<string, Map<string, { values: string[]; isKept: boolean }>>();
  let count = 0;
  return {
    give: async (world, by, whom) => {
      count += 1;
      const value = String(count);
      const ofWhom = said.get(whom) ?? new Map<string, { values: string[]; isKept: boolean }>();
      said.set(whom, ofWhom);
      const of = ofWhom.get(by) ?? { values: [], isKept: false };
      ofWhom.set(by, of);
      of.values.push(value); // Before: it may be done though nobody answers any more.
      await world.label(by, whom, [`${KEY}=${value}`]);
      ofWhom.set(by, { values: of.values.slice(of.values.indexOf(value)), isKept: true });
    },
    expectKept: (on, rows, whoms) => {
      for (const whom of whoms) {
        const all = [...(said.get(whom)?.values() ?? [])];
        if (!all.some(({ isKept }) => isKept)) continue;
        const may = all.flatMap(({ values }) => values);
        const is = rows.find(({ name }) => name === whom)?.labels[KEY];
        const text = `${on} lists ${whom} with ${KEY}=${is}, one of ${may.join()}`;
        expect(text, is !== undefined && may.includes(is));
      }
    },
  };
}
