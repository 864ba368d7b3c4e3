import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostResult } from '../../ports.ts';
import type { Sights } from '../loop.ts';
import type { Probe, Results } from '../service.ts';
import { idOf } from '../test-view.ts';
import { targetKey } from './checks.ts';
import { diff } from './diff.ts';
import { LEFT } from './endings.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { selfOf, viewOf, WEB } from './test-balancers.ts';

const DNS = {
  ...{ ...WEB, port: 53, check: { kind: 'none' } },
  listen: { protocol: 'udp', ports: [53, 53] },
  addresses: { ipv4: '10.10.7.8', ipv6: 'fd00:1::778' },
} as const;
const VIEW = viewOf({ 'balancer/dns': DNS, 'balancer/web': WEB });
/** A backend of each hangs. */
const ENDING: Sights = new Map([
  [targetKey(idOf(2), WEB as never), 'down does not answer'],
  [targetKey(idOf(3), DNS as never), 'down its VM does not answer'],
]);

const DONE = { status: 0, stdout: '', stderr: '' };
const refused = (stderr: string): HostResult => ({ status: 1, stdout: '', stderr });

/** A look at a host whose kernel refuses what `lacks` finds in a text; and what comes of it. */
const lookAt = (
  table: HostResult,
  lacks: RegExp | null,
  sights: Sights = new Map(),
  view = VIEW,
) => {
  const self = { ...selfOf(1), sights };
  const results: Record<string, HostResult> = {};
  const runs: string[] = [];
  for (;;) {
    const next = probes(self, view, results as Results).find(({ name }) => !(name in results));
    if (next === undefined) break;
    runs.push(next.name);
    const isLacking = lacks?.test(stdinOf(next)) === true;
    results[next.name] = next.name === 'table' ? table : isLacking ? refused('no!\n') : DONE;
  }
  const observed = read(results, self, null).state;
  const { state, problems, notes = [] } = plan(view, self, observed);
  const commands = diff(state, observed);
  const text = commands.map((each) => ('stdin' in each ? JSON.stringify(each.stdin) : '')).join('');
  return { runs, problems, notes, text };
};

const stdinOf = (probe: Probe): string => ('stdin' in probe ? (probe.stdin ?? '') : '');

const NONE = refused('Error: No such file or directory');
const listing = (...objects: readonly object[]): HostResult => ({
  ...DONE,
  stdout: JSON.stringify({ nftables: objects }),
});

const MARKS = {
  forget: /ct timeout/,
  move: /delete @moved|zone set/,
  front: /flags interval/,
  end: /ct original/,
} as const;

test('features: where a kernel lacks a part, all else is balanced and the part is named', () => {
  // Goal: no part of the table stops all of it. Method: a host that refuses each part while a
  // backend of tcp and one of udp hang; what is written then; twin: one that can all.
  const all = lookAt(NONE, null, ENDING);
  for (const mark of Object.values(MARKS)) assert.match(all.text, mark);
  assert.deepEqual([all.notes, all.runs], [[], ['table', 'features']]);
  for (const [name, mark] of Object.entries(MARKS)) {
    const { text, notes, problems } = lookAt(NONE, mark, ENDING);
    assert.doesNotMatch(text, mark, name);
    assert.match(text, /dnat ip to/);
    assert.match(String(notes), /this host lacks .* \(nft says: no!\), so .*tried again/, name);
    assert.deepEqual(problems, []);
    for (const [other, kept] of Object.entries(MARKS)) {
      if (name !== 'end' && other !== name) assert.match(text, kept, `${name}: ${other}`);
    }
  }
});

test('features: what is not asked for, or is there, is not tried', () => {
  // Goal: no look costs more than it has to. Method: what is run where nobody is to be ended, and
  // where the table has it; twin: where somebody is to be ended and the table has nothing of it.
  assert.doesNotMatch(lookAt(NONE, MARKS.move).text, /lacks/);
  assert.deepEqual(lookAt(NONE, MARKS.move).notes, []);
  const chain = { family: 'inet', table: 'cnsmo_lb', name: 'nat/postrouting' };
  const rule = { ...chain, chain: chain.name, expr: [{ 'ct timeout': 'forgetting' }] };
  const there = listing({ chain }, { rule });
  assert.deepEqual(lookAt(there, null).runs, ['table']);
  assert.deepEqual(lookAt(there, null, ENDING).runs, ['table', 'features']);
  const without = lookAt(listing({ chain }), MARKS.forget);
  assert.deepEqual(without.runs, ['table', 'features', 'feature forget']);
  assert.equal(without.notes.length, 1);
  assert.doesNotMatch(without.text, MARKS.forget);
  const last = lookAt(listing({ chain }), MARKS.forget, new Map([[LEFT, '']]), viewOf({}));
  assert.match(last.text, /set inet cnsmo_lb virtual4/, 'it stays without the last balancer');
  assert.doesNotMatch(last.text, MARKS.forget);
  assert.deepEqual(lookAt(NONE, null, new Map(), viewOf({})).runs, ['table']);
});
