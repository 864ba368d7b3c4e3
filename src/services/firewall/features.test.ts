import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostResult } from '../../ports.ts';
import type { Results, Self } from '../service.ts';
import { diff } from './diff.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { summary } from './report.ts';
import { RULE } from './test-member.ts';
import { idOf, memberOf, type Objects, siteOf, viewOf } from './test-policy.ts';

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
      'update nftables and the kernel, or load the module, then: cnsmo restart',
  ]);
  const idle = lookAt({}, '"timeout":60');
  assert.equal(idle.ran, 0);
  assert.deepEqual(idle.planned.problems, []);
});
