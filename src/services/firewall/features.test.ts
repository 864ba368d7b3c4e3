import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostResult } from '../../ports.ts';
import type { Results, Self } from '../service.ts';
import { idOf, memberOf, type Objects } from '../test-view.ts';
import { diff } from './diff.ts';
import { firewall } from './firewall.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { summary } from './report.ts';
import { openMember, RULE } from './test-member.ts';
import { ruleOf, siteOf, viewOf } from './test-policy.ts';

const GOOD: HostResult = { status: 0, stdout: '', stderr: '' };
const MISSING: HostResult = { ...GOOD, status: 1, stderr: 'Error: No such file or directory' };

/** Looks at a host without a table, on which nft refuses what has this word. */
const lookAt = (objects: Objects, refused: string | null) => {
  const view = viewOf([memberOf(1)], objects);
  const own = {
    id: idOf(1),
    seen: new Map(),
    skewsMs: new Map(),
    facts: { tools: { nft: true } },
    port: 7300,
  };
  const self = { ...siteOf(view), ...own } as unknown as Self;
  const results: Record<string, HostResult> = {};
  const ran: string[] = [];
  for (;;) {
    const next = probes(self, view, results as Results).filter(({ name }) => !(name in results));
    if (next.length === 0) break;
    for (const probe of next) {
      if (!('argv' in probe)) {
        results[probe.name] = GOOD;
        continue;
      }
      const isRefused = refused !== null && probe.stdin?.includes(refused) === true;
      const isList = probe.stdin === undefined;
      results[probe.name] = isList ? MISSING : isRefused ? { ...MISSING, stderr: 'no!' } : GOOD;
      if (!isList) ran.push(probe.name);
    }
  }
  const { state } = read(results, self, null);
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

/** Rules that ask for more than others, by a word of what they are made of. */
const SPECIALS = [
  ['ct count', { connections: 5 }, 'limits of connections'],
  ['"inv":true', { rate: { count: 5, per: 'second', burst: 5 } }, 'limits of a rate'],
] as const;
const PORT = { protocol: 'tcp', ports: [[80, 80]] } as const;

test('what one rule asks for is tried where that rule is to come, and nowhere else', () => {
  // Goal: `--connections` and `--rate` are probed too, and cost who has no such rule nothing.
  // Method: each kind of rule, and one without; a table that is there, with the rule and without.
  for (const [word, fields] of SPECIALS) {
    const rule = ruleOf({ ...PORT, ...fields });
    assert.deepEqual(lookAt(RULE, word).planned.problems, [], 'nobody asks for it');
    assert.equal(lookAt({ 'rule/limited': rule }, null).ran, 1, 'one process for all');
    const member = openMember();
    member.pass();
    assert.deepEqual(member.tried(), [], 'nothing to try in a table that is there');
    member.world.objects = { ...RULE, 'rule/limited': rule };
    assert.deepEqual(member.tried(), ['features']);
    member.pass();
    assert.deepEqual(member.tried(), [], 'it is there now');
  }
});

test('a rule that is called as a feature is none of it', () => {
  // Goal: what lacks is noticed whatever rules are called. Method: a rule named reject that logs,
  // so that its name stands in a log line; then one that refuses, which is tried first.
  const member = openMember();
  const named = { 'rule/reject': ruleOf({ action: 'deny', protocol: 'udp', log: true }) };
  member.world.objects = named;
  member.pass();
  member.world.objects = { ...named, 'rule/refused': ruleOf({ ...PORT, action: 'reject' }) };
  assert.deepEqual(member.tried(), ['features']);
  member.pass();
  assert.deepEqual(member.tried(), [], 'it is there now');
});

test('a rule that this host cannot have is set aside alone, with why, until it can', () => {
  // Goal: a host that lacks a feature enforces all other rules. Method: each kind of rule comes
  // with a plain one, on a host that cannot the first; a table that is there, one that is new, and
  // a trial; then the host can.
  for (const [word, fields, what] of SPECIALS) {
    const objects = {
      ...RULE,
      'rule/limited': ruleOf({ ...PORT, ...fields }),
      'rule/plain': ruleOf({ action: 'deny', protocol: 'udp' }),
    };
    for (const isNew of [true, false]) {
      const member = openMember();
      if (!isNew) member.pass();
      member.world.objects = objects;
      member.world.refused = word;
      assert.equal(member.pass(), 1);
      assert.ok(!member.chains().includes('now/mesh-in/rule/limited'));
      const comments = member.rules('now/mesh-in').map(({ comment }) => comment);
      assert.ok(comments.includes('plain'), 'the rest is in force');
      assert.deepEqual(member.applied().toSorted(), [
        'intent/firewall/rule/plain',
        'intent/firewall/rule/web',
      ]);
      const why = new RegExp(`^set aside here, as if it were not there: this host lacks ${what} `);
      assert.deepEqual(Object.keys(member.withheld()), ['intent/firewall/rule/limited']);
      assert.match(String(Object.values(member.withheld())), why);
      assert.match(String(member.problems()), new RegExp(`^rule/limited: .* lacks ${what} .*load`));
      assert.ok((member.recheckMs() ?? Infinity) <= 30_000, 'it is tried again soon');
      member.world.refused = null;
      assert.equal(member.pass(), 1);
      assert.ok(member.chains().includes('now/mesh-in/rule/limited'));
      assert.deepEqual([member.problems(), member.withheld()], [[], {}]);
      assert.ok(member.tellsWithheld(), 'also that nothing is, or what was told before stands');
    }
    const member = openMember();
    member.pass();
    member.world.refused = word;
    const value = ruleOf({ ...PORT, ...fields });
    const trial = { seconds: 60, changes: [{ kind: 'rule', name: 'limited', value }] } as const;
    member.world.objects = { ...RULE, 'trial/t1': trial };
    member.world.trial = trial;
    member.pass();
    assert.ok(member.isTried(), 'the rest of a trial runs');
    assert.deepEqual(Object.keys(member.withheld()), ['intent/firewall/rule/limited']);
  }
});

test('what forbids goes on to forbid where it cannot log or say so', () => {
  // Goal: no hole is opened by what a host lacks. Method: a denial and a default that log, a
  // refusal, an audit, on hosts that can neither; what is in their tables, and what is told.
  const objects = {
    'default/wan-in': { action: 'reject' },
    'rule/logged': ruleOf({ action: 'deny', protocol: 'udp', log: true }),
    'rule/noted': ruleOf({ action: 'deny', protocol: 'icmp', audit: true }),
    'rule/refused': ruleOf({ ...PORT, action: 'reject' }),
  };
  const refusing = (refused: string) => {
    const member = openMember();
    Object.assign(member.world, { objects, refused });
    member.pass();
    return member;
  };
  const told = ({ withheld }: typeof mute) =>
    Object.keys(withheld())
      .map((path) => path.split('/').at(-1))
      .toSorted();
  const mute = refusing('"log"');
  const dropped = ({ words }: { readonly words: string }) => /\bdrop\b/.test(words);
  const inMesh = () => mute.rules('now/mesh-in').filter(({ comment }) => comment === 'logged');
  assert.deepEqual(inMesh().map(dropped), [true]);
  assert.ok(!mute.rules('now/mesh-in').some(({ comment }) => comment === 'noted'));
  assert.deepEqual(
    mute.rules('now/wan-in').filter(({ comment }) => comment === 'default').length,
    1,
    'it refuses, and logs nothing',
  );
  assert.deepEqual(told(mute), ['logged', 'noted', 'wan-in']);
  const curt = refusing('"reject"');
  assert.deepEqual(told(curt), ['refused', 'wan-in']);
  assert.ok(!curt.chains().includes('now/reject'));
  const last = curt.rules('now/wan-in').at(-1);
  assert.ok(last !== undefined && dropped(last), 'the default drops');
});

test('a tool that is installed later is noticed', () => {
  // Goal: no restart is needed. Method: without nft, the sign that is looked at every few seconds;
  // what is probed once it says that nft is there.
  const view = viewOf([memberOf(1)], RULE);
  const own = {
    id: idOf(1),
    seen: new Map(),
    skewsMs: new Map(),
    facts: { tools: {} },
    port: 7300,
  };
  const self = { ...siteOf(view), ...own } as unknown as Self;
  const [probe, ...more] = probes(self, view, {});
  assert.deepEqual([probe?.name, more], ['tool', []]);
  const missing = { tool: { ...GOOD, stdout: 'missing' } };
  const { state } = read(missing, self, null);
  const planned = plan(view, self, state);
  assert.match(String(planned.problems), /^tool: nft: not found/);
  const sign = { kind: 'tool', name: 'nft' };
  assert.deepEqual(firewall.signs(planned.state, state, view, self), [
    { sign, expected: 'missing' },
  ]);
  const found = { tool: { ...GOOD, stdout: 'found' } };
  assert.deepEqual(
    probes(self, view, found).map(({ name }) => name),
    ['table', 'chains', 'legacy'],
  );
  const idle = viewOf([memberOf(1)], {});
  assert.deepEqual(firewall.signs(plan(idle, self, state).state, state, idle, self), []);
});
