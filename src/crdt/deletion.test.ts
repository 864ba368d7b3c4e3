import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Value } from './entry.ts';
import type { Hlc } from './hlc.ts';
import type { MemberId } from './ids.ts';
import { compareOrder } from './statements.ts';
import type { Store } from './store.ts';
import { admit, changesOf, commit, NOW, openTestStore, picture, say } from './test-mesh.ts';

const NAMES = ['founder', 'b', 'c'];
const PATHS = ['intent/x', 'intent/y', 'trust/t'];

const hear = (one: Store, other: Store): void => {
  one.receiveAll(other.framesAfter(one.heads(), 1e9), NOW + 9_000);
};

const inStep = (stores: readonly Store[]): void => {
  for (let round = 0; round < stores.length; round += 1) {
    for (const one of stores) for (const other of stores) hear(one, other);
  }
};

const renew = (store: Store, wallMs: number): void => {
  const written = store.nextGeneration(wallMs);
  if (written.kind === 'frame') written.commit();
};

interface Said {
  readonly author: MemberId;
  readonly path: string;
  readonly value: Value;
  readonly hlc: Hlc;
}

describe('what was deleted', () => {
  it('never returns, whoever compacts when', () => {
    // Goal: item 4. Method: random writes, deletions, generations and meetings of three authors;
    // at the end the last statement ever made decides each path, though it may be long gone.
    const act = fc.record({
      kind: fc.constantFrom('says', 'says', 'deletes', 'deletes', 'renews', 'hears'),
      who: fc.nat(2),
      from: fc.nat(2),
      path: fc.constantFrom(...PATHS),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 50 }), (acts) => {
        const stores = NAMES.map((name) => openTestStore(name));
        say(stores[0] as Store, [admit('b'), admit('c')], NOW - 1);
        inStep(stores);
        const said: Said[] = [];
        for (const [index, { kind, who, from, path }] of acts.entries()) {
          const store = stores[who] as Store;
          const wallMs = NOW + index;
          if (kind === 'hears') hear(store, stores[from] as Store);
          if (kind === 'renews') renew(store, wallMs);
          const value = kind === 'says' ? index : null;
          if (kind !== 'says' && kind !== 'deletes') continue;
          const written = store.write([{ path, value }], wallMs);
          if (written.kind !== 'frame') continue;
          said.push(...changesOf(commit(written), () => null));
        }
        inStep(stores);
        for (const store of stores) {
          assert.deepEqual(picture(store), picture(stores[0] as Store));
          for (const path of PATHS) {
            const last = said
              .filter((one) => one.path === path)
              .toSorted(compareOrder)
              .at(-1);
            assert.deepEqual(store.winner(path)?.value ?? null, last?.value ?? null, path);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('stays deleted for a member that was away for a thousand generations', () => {
    // Goal: item 4. Method: the founder deletes and renews a thousand times; b heard none of it.
    const [founder, b] = [openTestStore('founder'), openTestStore('b')];
    say(founder, [admit('b'), { path: 'intent/x', value: 1 }]);
    hear(b, founder);
    say(founder, [{ path: 'intent/x', value: null }], NOW + 1);
    for (let count = 0; count < 1_000; count += 1) commit(founder.nextGeneration(NOW + 2));
    const lacking = founder.framesAfter(b.heads(), 1e9);
    assert.equal(lacking.length, 1);
    b.receiveAll(lacking, NOW + 10);
    assert.deepEqual(picture(b), picture(founder));
    assert.equal(b.winner('intent/x')?.value, null);
    assert.equal(b.heads()[0]?.generation, 1_000);
  });
});
