import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kernel } from '../../../sim/kernel.ts';
import { runNft } from '../../../sim/nft-command.ts';
import type { Value } from '../../crdt/entry.ts';
import type { Hlc } from '../../crdt/hlc.ts';
import type { View } from '../../crdt/view.ts';
import type { HostResult } from '../../ports.ts';
import type { Self } from '../service.ts';
import { boot } from './boot.ts';
import { diff } from './diff.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { summary } from './report.ts';
import { idOf, memberOf, type Objects, ruleOf, siteOf, viewOf } from './test-policy.ts';

const START_MS = 1_000_000;
const DENY = { action: 'deny' };
const TRIAL = { seconds: 60, changes: [{ kind: 'default', name: 'wan-in', value: DENY }] };
const RULE = { 'rule/web': ruleOf({ protocol: 'tcp', ports: [[80, 80]] }) };

/** One member on a simulated kernel; `unreached`: what new connections find. */
function openMember() {
  const world = { nowMs: 0, wallMs: START_MS, unreached: '', objects: RULE as Objects };
  const kernel = {
    ...{ tables: new Map(), monitors: new Set(), nowMs: () => world.nowMs },
  } as unknown as Kernel;
  const view = (): View => {
    const base = viewOf([memberOf(1), memberOf(2), memberOf(3)], world.objects);
    const stamp = (value: Value): Hlc => [value === TRIAL ? START_MS : 1, 0];
    const intent = base.intent.map((each) => ({
      ...each,
      ...{ hlc: stamp(each.value), author: idOf(2) },
    }));
    return { ...base, intent };
  };
  const self = (): Self =>
    ({
      ...{ ...siteOf(view()), id: idOf(1), port: 7300, facts: { tools: { nft: true } } },
      ...{ seen: new Map([2, 3].map((n) => [idOf(n), {}])), wallMs: world.wallMs },
    }) as unknown as Self;
  const look = () => {
    const results: Record<string, HostResult> = {};
    for (const probe of probes(self(), view(), {})) run(probe);
    for (const probe of probes(self(), view(), results)) run(probe);
    function run(probe: ReturnType<typeof probes>[number]): void {
      results[probe.name] =
        'sign' in probe
          ? { status: 0, stdout: world.unreached, stderr: '' }
          : runNft(kernel, probe.argv.slice(1), '');
    }
    return read(results).state;
  };
  const wanted = () => {
    const observed = look();
    const planned = plan(view(), self(), observed);
    return { observed, planned, commands: diff(planned.state, observed) };
  };
  return {
    world,
    /** A pass; how many commands it took. */
    pass: (): number => {
      const { commands } = wanted();
      for (const command of commands) {
        if (command.kind !== 'run' || command.stdin === undefined) throw new Error('no command');
        if (!('text' in command.stdin)) throw new Error('a secret');
        runNft(kernel, command.argv.slice(1), command.stdin.text);
      }
      assert.deepEqual(wanted().commands, [], 'in step');
      return commands.length;
    },
    isTried: (): boolean => wanted().planned.state?.trial !== null,
    recheckMs: () => wanted().planned.recheckMs,
    boot: () => boot(wanted().planned.state) ?? '',
    applied: () => Object.keys(summary(look(), view(), self()).applied ?? {}),
    chains: () => {
      const observed = look();
      return observed.kind === 'present' ? [...observed.table.chains.keys()] : [];
    },
  };
}

test('a trial runs from its first application, ends in the kernel and never begins again', () => {
  // Goal: own monotonic clock, one time. Method: the virtual kernel's time; the wall clock jumps
  // back, as if the trial were young again; the daemon keeps nothing.
  const member = openMember();
  assert.equal(member.pass(), 1);
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  assert.equal(member.pass(), 1);
  assert.ok(member.isTried());
  assert.ok(member.applied().includes('intent/firewall/trial/t1'));
  assert.ok((member.recheckMs() ?? Number.POSITIVE_INFINITY) <= 2_000);
  member.world.nowMs = 30_000;
  assert.equal(member.pass(), 0, 'its time is not set again');
  member.world.nowMs = 60_001;
  member.world.wallMs = START_MS + 60_001;
  assert.equal(member.isTried(), false);
  assert.equal(member.pass(), 1);
  assert.ok(!member.applied().includes('intent/firewall/trial/t1'));
  member.world.wallMs = START_MS;
  assert.equal(member.isTried(), false);
  assert.equal(member.pass(), 0);
  assert.ok(!member.chains().some((name) => name.startsWith('trial/')));
});

test('who meets a trial after its time never begins it', () => {
  // Goal: a heal brings no old trial. Method: a second late; the twin: a second before.
  for (const [lateMs, isBegun] of [
    [60_000, false],
    [59_000, true],
  ] as const) {
    const member = openMember();
    member.world.objects = { ...RULE, 'trial/t1': TRIAL };
    member.world.wallMs = START_MS + lateMs;
    member.pass();
    assert.equal(member.isTried(), isBegun, `${lateMs} ms`);
  }
});

test('confirmed it lasts, also for who missed the confirmation', () => {
  // Goal: one transaction from trial to rule. Method: the objects change in one view; then the same
  // for a member at which the trial has ended meanwhile.
  for (const endedMs of [0, 60_001]) {
    const member = openMember();
    member.world.objects = { ...RULE, 'trial/t1': TRIAL };
    member.pass();
    member.world.nowMs = endedMs;
    if (endedMs > 0) member.pass();
    member.world.objects = { ...RULE, 'default/wan-in': DENY };
    assert.equal(member.pass(), 1);
    assert.ok(member.chains().includes('now/wan-in'));
    assert.ok(
      !member.chains().some((name) => name.startsWith('tr')),
      'nothing of the trial is left',
    );
  }
});

test('a member that the trial cuts off withdraws it at once', () => {
  // Goal: new connections tell. Method: no way to the author; to another alone, which is the twin.
  const member = openMember();
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  member.pass();
  member.world.unreached = '10.10.0.3';
  assert.equal(member.pass(), 0);
  assert.ok(member.isTried());
  member.world.unreached = '10.10.0.2';
  assert.equal(member.pass(), 1);
  member.world.unreached = '';
  assert.equal(member.isTried(), false);
});

test('a boot brings the old rules, and remembers that the trial was begun', () => {
  // Goal: what is loaded at boot. Method: the text kept while the trial runs.
  const member = openMember();
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  member.pass();
  const text = member.boot();
  assert.match(text, /"name":"tried\/t1"/);
  assert.doesNotMatch(text, /trial\/prerouting/);
});
