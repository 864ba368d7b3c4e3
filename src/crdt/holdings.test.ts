import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Said } from './content.ts';
import { type Statement, tombstoneOf } from './entry-bytes.ts';
import {
  entriesAfter,
  entriesOf,
  gatherHoldings,
  type Holdings,
  holdingsAfter,
  NO_TALLY,
  tallyAfter,
} from './holdings.ts';
import { finish, openMeter, UNMETERED } from './meter.ts';

const PATHS = ['intent/a', 'intent/b', 'intent/c', 'status/d'];

/** What an author may say: an entry or a carried deletion, or what does not read. */
const statements = fc.record({
  kind: fc.constantFrom('entry', 'entry', 'entry', 'tombstone', 'odd'),
  path: fc.constantFrom(...PATHS),
  at: fc.nat(3),
});

const saidOf = (clock: number, said: { kind: string; path: string; at: number }): Said => {
  const hlc = [said.at, 0] as const;
  const statement: Statement =
    said.kind === 'entry'
      ? { kind: 'entry', entry: { path: said.path, value: clock, hlc, replaces: null } }
      : { kind: 'tombstone', tombstone: tombstoneOf(new TextEncoder().encode(said.path), hlc) };
  return said.kind === 'odd'
    ? { clock, bytes: 1, read: { ok: false, why: 'is odd' }, content: Uint8Array.of(clock) }
    : { clock, bytes: 1, read: { ok: true, statement }, content: null };
};

/** Steps: what is said, and which of all that is live then, these included, goes. */
const steps = fc.array(
  fc.record({ said: fc.array(statements, { maxLength: 3 }), gone: fc.array(fc.nat(9)) }),
  { maxLength: 12 },
);

const pathsIn = ({ read }: Said): readonly string[] =>
  read.ok && read.statement.kind === 'entry' ? [read.statement.entry.path] : [];

test('holdings: what is followed step by step is what is gathered anew', () => {
  // Goal: no history makes another state. Method: random steps with several statements for one
  // path, deletions of what came with the same step, and what does not read.
  let followed = 0;
  const check = (
    history: { said: { kind: string; path: string; at: number }[]; gone: number[] }[],
  ) => {
    let live: readonly Said[] = [];
    let tally = NO_TALLY;
    let clock = 0;
    let held: Holdings = finish(gatherHoldings(live, tally, UNMETERED));
    let entries = entriesOf(held);
    for (const { said, gone: picks } of history) {
      const added = said.map((each) => saidOf(clock++, each));
      const all = [...live, ...added];
      const gone = [...new Set(picks.flatMap((pick) => all[pick] ?? []))];
      live = all.filter((each) => !gone.includes(each));
      tally = tallyAfter(tally, added, gone);
      const anew = finish(gatherHoldings(live, tally, openMeter()));
      const after = holdingsAfter(held, { added, gone, tally });
      if (after !== null) {
        followed += 1;
        assert.deepEqual(sorted(after), sorted(anew));
        entries = entriesAfter(entries, after, new Set([...gone, ...added].flatMap(pathsIn)));
        assert.deepEqual(entries, entriesOf(anew));
      }
      held = after ?? anew;
      if (after === null) entries = entriesOf(anew);
    }
  };
  fc.assert(fc.property(steps, check), { numRuns: 2000, seed: 4 });
  assert.ok(followed > 1000, `${followed} steps were followed`);
});

const sorted = ({ byPath, byHash, ...rest }: Holdings) => ({
  ...rest,
  byPath: [...byPath].sort(([a], [b]) => (a < b ? -1 : 1)),
  byHash: [...byHash].sort(([a], [b]) => (a < b ? -1 : 1)),
});
