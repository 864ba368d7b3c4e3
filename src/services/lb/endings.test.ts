import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { idOf, memberOf, viewWith } from '../test-view.ts';
import { SERVICE } from './balancers.ts';
import { LEFT, openEndings } from './endings.ts';
import { WEB } from './test-balancers.ts';
import { wayName } from './ways.ts';

/** How long one that is none any more is remembered after its time. Unit: ms. */
const LEFT_MS = 3_600_000;

/** How a backend stands: also as a whole VM, or by the balancer's word of a time. */
const STANDINGS = ['serves', 'drains', 'drains again', 'vm drains', 'gone'] as const;
type Standing = (typeof STANDINGS)[number];

const isDrain = (standing: Standing): boolean => standing.startsWith('drains');
const NAMES = [2, 3].map((n) => wayName(WEB.addresses, { ...WEB } as never, memberOf(n)));

const viewFor = (standings: readonly Standing[], drainMs: number) => {
  const members = standings.flatMap((standing, at) => {
    const member = memberOf(at + 2, standing === 'gone' ? {} : { role: 'web' });
    return { ...member, isDraining: standing === 'vm drains' };
  });
  const drains = standings.flatMap((standing, at) =>
    isDrain(standing)
      ? [[`drain/${idOf(at + 2)}`, { balancers: { web: { sinceMs: standing.length } } }] as const]
      : [],
  );
  const web = { 'balancer/web': { ...WEB, drainMs } };
  return viewWith(SERVICE, [memberOf(1), ...members], { ...web, ...Object.fromEntries(drains) });
};

test('endings: a time is over when it is, counted from what began it, and not before', () => {
  // Goal: a drain that is kept to, by no clock but one's own. Method: two backends that drain,
  // go and come in any order, at any times; the same told by a few lines of a model.
  const standing = fc.constantFrom(...STANDINGS);
  const step = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.tuple(standing, standing));
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat(60), (steps, drainMs) => {
      const endings = openEndings(idOf(1));
      const since: (number | null)[] = [null, null];
      const words: (Standing | null)[] = [null, null];
      let before: readonly Standing[] = ['gone', 'gone'];
      let nowMs = 0;
      for (const [index, [waitMs, standings]] of steps.entries()) {
        nowMs += waitMs;
        endings.look(viewFor(standings, drainMs), nowMs);
        for (const [at, now] of standings.entries()) {
          const last = before[at] ?? 'gone';
          if (now === 'serves' || (index === 0 && now === 'gone')) since[at] = null;
          else if (isAnew(last, now, words[at] ?? now)) since[at] = nowMs;
          if (isDrain(now)) words[at] = now;
          else if (now !== 'vm drains') words[at] = null;
        }
        before = standings;
        for (const laterMs of [nowMs, nowMs + 20]) {
          const over = NAMES.filter((_, at) => (since[at] ?? Infinity) + drainMs <= laterMs);
          const isLeft = since.some((ms, at) => ms !== null && standings[at] === 'gone');
          const shown = [...over, ...(isLeft ? [LEFT] : [])];
          assert.deepEqual([...endings.sights(laterMs).keys()].toSorted(), shown.toSorted());
          const ends = since.flatMap((ms, at) => {
            if (ms === null) return [];
            const endMs = ms + drainMs - laterMs;
            return standings[at] === 'gone' ? [endMs, endMs + LEFT_MS] : [endMs];
          });
          const next = Math.min(...ends.filter((ms) => ms > 0));
          assert.equal(endings.restMs(laterMs), next === Infinity ? null : next);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test('endings: where a backend served stays open until shortly after its time is over', () => {
  // Goal: no running connection is cut by a firewall that denies what is not open. Method: vm2 as
  // it sees itself: it serves, its label goes, and it comes back and goes again; then the balancer
  // goes. Twin: vm3 has it open as well, and vm1, which never served, nothing.
  const drainMs = 10_000;
  const OPEN = 'open tcp 8080 8080';
  const seen = [1, 2, 3].map((n) => openEndings(idOf(n)));
  const at = (nowMs: number, ...standings: readonly Standing[]) => {
    const view = standings.length === 0 ? viewWith(SERVICE, [], {}) : viewFor(standings, drainMs);
    return seen.map((endings) => {
      endings.look(view, nowMs);
      return endings.sights(nowMs).has(OPEN);
    });
  };
  assert.deepEqual(at(0, 'serves', 'serves'), [false, true, true]);
  assert.deepEqual(at(99_000, 'drains', 'serves'), [false, true, true]);
  assert.deepEqual(at(200_000, 'serves', 'serves'), [false, true, true]);
  assert.deepEqual(at(300_000, 'gone', 'serves'), [false, true, true]);
  assert.deepEqual(at(311_999, 'gone', 'serves'), [false, true, true]);
  assert.deepEqual(at(312_000, 'gone', 'serves'), [false, false, true]);
  assert.deepEqual(at(400_000, 'serves', 'serves'), [false, true, true]);
  assert.deepEqual(at(500_000, 'serves'), [false, true, true]);
  assert.deepEqual(at(501_000), [false, true, true]);
  assert.deepEqual(at(512_000), [false, true, false]);
  assert.equal(seen[1]?.restMs(512_000), 1_000);
  assert.deepEqual(at(513_000), [false, false, false]);
});

/** Whether this begins a time: an operator's other word does, another reason for one does not. */
const isAnew = (last: Standing, now: Standing, word: Standing): boolean => {
  if (last === 'serves') return true;
  if (now === 'gone') return false;
  return last === 'gone' || (isDrain(now) && word !== now);
};
