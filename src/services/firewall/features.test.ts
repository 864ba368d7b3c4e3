import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostResult } from '../../ports.ts';
import type { Results, Self } from '../service.ts';
import { diff } from './diff.ts';
import { firewall } from './firewall.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { summary } from './report.ts';
import { openMember, RULE } from './test-member.ts';
import { idOf, memberOf, type Objects, ruleOf, siteOf, viewOf } from './test-policy.ts';

const GOOD: HostResult = { status: 0, stdout: '', stderr: '' };
const MISSING: HostResult = { ...GOOD, status: 1, stderr: 'Error: No such file or directory' };

/** Looks at a host without a table, on which nft refuses what has this word. */
const lookAt = (objects: Objects, refused: string | null) => {
  const view = viewOf([memberOf(1)], objects);
  const own = { id: idOf(1), seen: new Map(), facts: { tools: { nft: true } }, port: 7300 };
  const self = { ...siteOf(view), ...own } as unknown as Self;
  const results: Record<string, HostResult> = {};
  const ran: string[] = [];
  for (;;) {
    const next = probes(self, view, results as Results).filter(({ name }) => !(name in results));
    if (next.length === 0) break;
    for (const probe of next) {
      if ('sign' in probe) throw new Error('no sign is asked for');
      const isRefused = refused !== null && probe.stdin?.includes(refused) === true;
      const isList = probe.stdin === undefined;
      results[probe.name] = isList ? MISSING : isRefused ? { ...MISSING, stderr: 'no!' } : GOOD;
      if (!isList) ran.push(probe.name);
    }
  }
  const { state } = read(results, self);
  const planned = plan(view, self, state);
  const { applied } = summary(state, view, self);
  return { ran: ran.length, planned, commands: diff(planned.state, state), applied };
};

test('what the table needs is tried on the host before it is made, and what lacks is named', () => {
  // Goal: probed, not guessed. Method: a host that can all; one that cannot one thing; one of which
  // nothing is asked, which is left alone.
  const able = lookAt(RULE, null);
  assert.equal(able.ran, 1, 'one process');
  assert.equal(able.commands.length, 1);
  assert.deepEqual(able.planned.problems, []);
  const old = lookAt(RULE, '"timeout":60');
  assert.deepEqual(old.commands, [], 'nothing is tried in vain');
  assert.deepEqual(old.applied, {});
  assert.deepEqual(old.planned.problems, [
    'nft: this host lacks elements with a timeout (nft says: no!), so nothing is filtered here; ' +
      'update nftables and the kernel, or load the module: it is tried again by itself',
  ]);
  assert.ok((old.planned.recheckMs ?? Infinity) <= 30_000);
  const idle = lookAt({}, '"timeout":60');
  assert.equal(idle.ran, 0);
  assert.deepEqual(idle.planned.problems, []);
});

test('what one rule asks for is tried where that rule is to come, and named', () => {
  // Goal: `--connections` and `--rate` are probed too, and cost who has no such rule nothing.
  // Method: each kind of rule on a host that cannot it; a rule without; and a table that is there,
  // with the rule and without.
  const limited = { connections: 5 };
  const rated = { rate: { count: 5, per: 'second', burst: 5 } };
  for (const [fields, word, what] of [
    [limited, 'ct count', 'limits of connections'],
    [rated, '"inv":true', 'limits of a rate'],
  ] as const) {
    const rule = ruleOf({ protocol: 'tcp', ports: [[80, 80]], ...fields });
    const lacking = lookAt({ ...RULE, 'rule/limited': rule }, word);
    assert.match(String(lacking.planned.problems), new RegExp(`^nft: this host lacks ${what} `));
    assert.deepEqual(lookAt(RULE, word).planned.problems, [], 'nobody asks for it');
    assert.equal(lookAt({ 'rule/limited': rule }, null).ran, 1, 'one process for all');
    const member = openMember();
    member.pass();
    assert.deepEqual(member.tried(), [], 'nothing to try in a table that is there');
    member.world.objects = { ...RULE, 'rule/limited': rule };
    assert.deepEqual(member.tried(), ['features']);
    const { problems } = member.refusing(word);
    assert.match(String(problems), /this host lacks limits of .* what was before holds here/);
    member.pass();
    assert.deepEqual(member.tried(), [], 'it is there now');
    const logged = { protocol: 'tcp', ports: [[80, 80]], log: true } as const;
    member.world.objects = { ...RULE, 'rule/limited': ruleOf(logged) };
    member.pass();
    member.world.objects = { ...RULE, 'rule/limited': ruleOf({ ...logged, ...fields }) };
    assert.deepEqual(member.tried(), ['features'], 'its chain was there, for its log');
  }
});

test('a tool that is installed later is noticed', () => {
  // Goal: no restart is needed. Method: without nft, the sign that is looked at every few seconds;
  // what is probed once it says that nft is there.
  const view = viewOf([memberOf(1)], RULE);
  const own = { id: idOf(1), seen: new Map(), facts: { tools: {} }, port: 7300 };
  const self = { ...siteOf(view), ...own } as unknown as Self;
  const [probe, ...more] = probes(self, view, {});
  assert.deepEqual([probe?.name, more], ['tool', []]);
  const missing = { tool: { ...GOOD, stdout: 'missing' } };
  const { state } = read(missing, self);
  const planned = plan(view, self, state);
  assert.match(String(planned.problems), /^tool: nft: not found/);
  const sign = { kind: 'tool', name: 'nft' };
  assert.deepEqual(firewall.signs(planned.state, state, view, self), [
    { sign, expected: 'missing' },
  ]);
  const found = { tool: { ...GOOD, stdout: 'found' } };
  assert.deepEqual(
    probes(self, view, found).map(({ name }) => name),
    ['table', 'chains'],
  );
  const idle = viewOf([memberOf(1)], {});
  assert.deepEqual(firewall.signs(plan(idle, self, state).state, state, idle, self), []);
});
