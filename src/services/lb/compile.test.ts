import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainTextOf } from '../nft/text.ts';
import { memberOf, type Objects } from '../test-view.ts';
import { compile } from './compile.ts';
import { dispatchesOf } from './dispatch.ts';
import { GOLDEN } from './golden.table.ts';
import { lb } from './lb.ts';
import { replaceTable } from './own-table.ts';
import { slotsOf } from './slots.ts';
import type { Own } from './state.ts';
import { EVERY, selfOf, viewOf, WEB } from './test-balancers.ts';

const OWN = { interface: 'cnsmo0', ipv4: '10.10.0.1', ipv6: 'fd00:1::1' };
const textOf = (objects: Objects, n = 1, own: Own = OWN): string => {
  const view = viewOf(objects, [memberOf(1), ...[2, 3].map((m) => memberOf(m, { role: 'web' }))]);
  const dispatches = dispatchesOf(view, selfOf(n)).map((each) => {
    return { ...each, isFrontend: ['dns', 'wide'].includes(each.balancer.name) };
  });
  const table = compile(own, dispatches, { left: [], isMoved: false });
  return plainTextOf(replaceTable(table, new Map()));
};

test('lb: balancers of every kind are compiled into exactly this', () => {
  // Goal: nothing of the table changes unseen. Method: its whole text, in nft's language.
  const text = textOf(EVERY);
  assert.deepEqual(text.split('\n'), GOLDEN.split('\n'));
});

test('lb: what is remembered of a table is for that VM and those balancers alone', () => {
  // Goal: no table has the chains of another. Method: tables of several VMs and kinds of balancers
  // differ from each other, and each says the same when it is made again amid the others.
  const owns: Own[] = [
    OWN,
    { ...OWN, interface: 'cnsmo1' },
    { ...OWN, ipv4: '10.10.0.9' },
    { ...OWN, ipv4: null },
    { ...OWN, ipv6: 'fd00:1::9' },
    { ...OWN, lacks: new Set(['forget']) },
  ];
  const kinds: Objects[] = [
    { 'balancer/web': WEB },
    { 'balancer/dns': WEB },
    { 'balancer/wide': { ...WEB, listen: { protocol: 'tcp', ports: [10_000, 19_999] } } },
  ];
  const textsOf = () => owns.flatMap((own) => kinds.map((kind) => textOf(kind, 1, own)));
  const texts = textsOf();
  assert.equal(new Set(texts).size, texts.length);
  assert.deepEqual(textsOf(), texts);
});

test('lb: a member that serves is not its own backend, unless that is wanted', () => {
  // Goal: a balancing VM does not answer alone. Method: where the chain of a balancer
  // leads on a serving member, both ways.
  const backendsAt = (objects: Objects, n: number): number => {
    const [, to = ''] =
      /^add rule inet cnsmo_lb b\/web .* dnat ip to (.*)$/m.exec(textOf(objects, n)) ?? [];
    return to.match(/10\.10\.0\.\d/g)?.length ?? 0;
  };
  assert.equal(backendsAt({ 'balancer/web': WEB }, 1), 2);
  assert.equal(backendsAt({ 'balancer/web': WEB }, 2), 1);
  assert.equal(backendsAt({ 'balancer/web': { ...WEB, includesSelf: true } }, 2), 2);
});

test('lb: in a round each backend has exactly its share, and no run of turns', () => {
  // Goal: spread and weights. Method: counts of rounds of weights of every kind, and their runs.
  for (const weights of [[1], [1, 1, 1], [5, 1, 1], [2, 4, 6], [256, 1], [7, 3, 2, 1]]) {
    const items = weights.map((weight, index) => ({ weight, index }));
    const slots = slotsOf(items);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const { weight, index } of items) {
      const turns = slots.filter((slot) => slot.index === index).length;
      assert.equal(turns / slots.length, weight / total);
    }
    // The rest is spread among the turns of the heaviest.
    const [most] = items.toSorted((a, b) => b.weight - a.weight);
    const others = slots.filter((slot) => slot.index !== most?.index).length;
    const marks = slots.map((slot) => (slot.index === most?.index ? 'x' : ' '));
    const runs = marks.join('').split(' ');
    const longest = Math.max(...runs.map((run) => run.length));
    const share = (slots.length - others) / Math.max(1, others);
    assert.ok(longest <= Math.ceil(share), `${weights.join()}: ${longest}`);
  }
});

test('lb: the firewall is asked to leave all ports open at which a backend serves', () => {
  // Goal: a wide range works whole. Method: what is asked of it on a member that serves; twin: on
  // one that does not.
  const listen = { protocol: 'tcp', ports: [10_000, 19_999] };
  const view = viewOf({ 'balancer/wide': { ...WEB, listen, port: 20_000 }, 'balancer/web': WEB });
  const askedAt = (n: number) => lb.openings(view, selfOf(n)).map(({ ports }) => ports);
  assert.deepEqual(askedAt(2), [
    [8_080, 8_080],
    [20_000, 29_999],
  ]);
  assert.deepEqual(askedAt(1), []);
});
