import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMeter, UNMETERED } from '../../crdt/meter.ts';
import type { View } from '../../crdt/view.ts';
import type { HostResult } from '../../ports.ts';
import { listed } from '../nft/listing.ts';
import type { Results, Self } from '../service.ts';
import { idOf, memberOf, type Objects } from '../test-view.ts';
import { diff } from './diff.ts';
import { digest } from './digest.ts';
import { plan } from './plan.ts';
import { read } from './read.ts';
import { summary } from './report.ts';
import { ruleOf, siteOf, viewOf } from './test-policy.ts';

const RULES = 2_000;

const selfOf = (view: View): Self =>
  ({
    ...{ ...siteOf(view), id: idOf(1), port: 7300, facts: { tools: { nft: true } } },
    seen: new Map(),
    skewsMs: new Map(),
  }) as unknown as Self;

/** A long policy; each time of new objects, of which nothing is remembered. */
const longView = (): View => {
  const from = (n: number) => [{ kind: 'cidr', cidr: `10.${n >> 8}.${n & 255}.0/24` }];
  const objects = Array.from({ length: RULES }, (_, n) => [
    `rule/r${n}`,
    ruleOf({ protocol: 'tcp', ports: [[1 + n, 1 + n]], from: from(n) }),
  ]);
  return viewOf([memberOf(1), memberOf(2)], Object.fromEntries(objects) as Objects);
};

/** Does all of it; how many times others had their turn. */
function digestAll(view: View, results: Results): number {
  const work = digest(view, selfOf(view), { results, before: null }, openMeter());
  let turns = 0;
  while (work.next().done !== true) turns += 1;
  return turns;
}

/** What a look comes to. */
function outcomeOf(view: View, results: Results) {
  const seen = read(results, selfOf(view), null);
  const planned = plan(view, selfOf(view), seen.state);
  const commands = diff(planned.state, seen.state);
  return { seen, planned, commands, summary: summary(seen.state, view, selfOf(view)) };
}

/** What nft would list after the commands of a table that was missing. */
function listingAfter({ commands }: ReturnType<typeof outcomeOf>): HostResult {
  const [command] = commands;
  if (command?.kind !== 'run' || command.stdin === undefined || !('text' in command.stdin)) {
    throw new Error('no table is made');
  }
  const objects = [...listed(command.stdin.text, UNMETERED)].flatMap((each) => {
    const { add } = each as { readonly add?: object };
    return add === undefined || 'element' in add ? [] : [add];
  });
  return { status: 0, stdout: JSON.stringify({ nftables: objects }), stderr: '' };
}

test('a long policy is digested in many pieces, and all is as it is without', () => {
  // Goal: it saves time and decides nothing. Method: one view digested and one not, without a table
  // and with one; a second digest finds nothing left to do.
  const missing = { table: { status: 1, stdout: '', stderr: 'No such file or directory' } };
  const [view, other] = [longView(), longView()];
  assert.ok(digestAll(view, missing) > 10);
  assert.equal(digestAll(view, missing), 0);
  const made = outcomeOf(view, missing);
  assert.deepEqual(made, outcomeOf(other, missing));
  const listing = { table: listingAfter(made) };
  assert.ok(digestAll(view, listing) > 10);
  assert.equal(digestAll(view, listing), 0);
  assert.deepEqual(
    outcomeOf(view, listing),
    outcomeOf(longView(), { table: { ...listing.table } }),
  );
});

test('what many rules of others come to is found in many pieces, and is as it is without', () => {
  // Goal: a neighbour of thousands stands in nobody's way. Method: a table of 4,000 drops by port
  // and as many by address, and one of the old iptables; the same read at once; then news of a
  // policy that makes all of it count, by what is known of the host.
  const drop = { drop: null };
  const match = (protocol: string, field: string, right: unknown) => ({
    match: { op: '==', left: { payload: { protocol, field } }, right },
  });
  const base = { family: 'inet', table: 'theirs', name: 'in', type: 'filter', hook: 'input' };
  const rules = Array.from({ length: 4_000 }, (_, n) => [
    { ...base, chain: 'in', expr: [match('tcp', 'dport', 10_000 + n), drop] },
    { ...base, chain: 'in', expr: [match('ip', 'saddr', `203.0.${n >> 8}.${n & 255}`), drop] },
  ]).flat();
  const old = Array.from({ length: 4_000 }, (_, n) => `-A INPUT -p udp --dport ${n + 1} -j DROP`);
  const said = (objects: readonly object[]): HostResult => ({
    ...{ status: 0, stderr: '' },
    stdout: JSON.stringify({ nftables: objects }),
  });
  const chain = { chain: { ...base, prio: 0, policy: 'accept' } };
  const others = (): Results => ({
    table: { status: 1, stdout: '', stderr: 'No such file or directory' },
    chains: said([chain]),
    'table inet theirs': said([chain, ...rules.map((rule) => ({ rule }))]),
    legacy: { status: 0, stdout: 'ip_tables_names:filter', stderr: '' },
    'legacy ip': { status: 0, stdout: `:INPUT ACCEPT [0:0]\n${old.join('\n')}\n`, stderr: '' },
  });
  const view = viewOf([memberOf(1)], {
    'rule/a': ruleOf({ zone: 'wan', protocol: 'tcp', ports: [[10_001, 10_001]] }),
  });
  const results = others();
  assert.ok(digestAll(view, results) > 20);
  assert.equal(digestAll(view, results), 0);
  const made = outcomeOf(view, results);
  assert.match(made.planned.notes?.join() ?? '', /theirs in: drops tcp\/10001 \(wan in\)/);
  assert.deepEqual(made.planned.notes, outcomeOf(view, others()).planned.notes);
  const ports = (n: number) => ruleOf({ zone: 'wan', protocol: 'tcp', ports: [[n, n]] });
  const objects = Array.from({ length: 200 }, (_, n) => [`rule/p${n}`, ports(n + 1)] as const);
  const news = viewOf([memberOf(1)], Object.fromEntries(objects));
  const before = made.seen.state;
  const work = digest(news, selfOf(news), { results: {}, before }, openMeter());
  let turns = 0;
  while (work.next().done !== true) turns += 1;
  assert.ok(turns > 10, String(turns));
});
