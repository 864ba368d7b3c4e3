import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, memberOf } from '../test-view.ts';
import { compile } from './compile.ts';
import { GOLDEN } from './golden.table.ts';
import { lanesOf } from './lane.ts';
import { replaceTable } from './own-table.ts';
import { ruleOf, siteOf, viewOf } from './test-policy.ts';

const web = [{ kind: 'labels', labels: { role: 'web' } }];
const tcp = { protocol: 'tcp' };

test('a policy of every kind is compiled into exactly this', () => {
  // Goal: no change of what reaches the kernel goes unseen. Method: one policy, all commands.
  const management = [{ address: '203.0.113.9', port: 22 }];
  const view = viewOf([memberOf(1), memberOf(2, { role: 'web' })], {
    'default/wan-in': { action: 'deny', management },
    'rule/web': ruleOf({ ...tcp, ports: [[443, 443]], from: web }),
    'rule/range': ruleOf({
      ...tcp,
      action: 'deny',
      priority: 50,
      ports: [[8000, 9000]],
      from: web,
    }),
    'rule/any': ruleOf({ zone: 'wan', ...tcp, ports: [[80, 80]], log: true }),
    'rule/ping': ruleOf({ zone: 'wan', action: 'reject', protocol: 'icmp', types: [8] }),
    'rule/one': ruleOf({ on: [{ kind: 'member', id: idOf(2) }] }),
  });
  const lanes = lanesOf(siteOf(view));
  const trial = { id: 't1', lanes: [], seconds: 60, generation: 2 };
  const table = compile('cnsmo0', { lanes, generation: 1 }, trial, [
    { id: 't1', why: null, kept: [] },
  ]);
  const times = new Map([['trial-input', { timeout: 60 }]]);
  const lines = replaceTable(table, times).map((command) => JSON.stringify(command));
  assert.equal(lines.join('\n'), GOLDEN.trim());
});
