import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { run } from './test-local.ts';

/** What only an operator may do: the command line, and the one request that it makes. */
const VERBS: readonly (readonly [line: string, request: string])[] = [
  ['invite', 'POST /v1/invites'],
  ['invite revoke 4vq7zk2m', 'DELETE /v1/invites/4vq7zk2m'],
  ['operator add vm2', 'POST /v1/operators'],
  ['operator remove vm2', 'DELETE /v1/operators/vm2'],
  ['evict vm2 --dry-run', 'GET /v1/evictions/vm2'],
  ['evict vm2', 'GET /v1/evictions/vm2'],
  ['member rename vm2 db', 'PUT /v1/members/vm2/name'],
  ['member label vm2 role=db', 'PUT /v1/members/vm2/labels'],
  ['conflicts take intent/x', 'POST /v1/conflicts/take'],
  ['links --degree 10', 'PUT /v1/links/degree'],
  ['core --epoch 5m', 'PUT /v1/core/epoch'],
  ['firewall allow tcp/80 --to vm2', 'POST /v1/services/firewall/allow'],
  ['firewall default in deny', 'POST /v1/services/firewall/default'],
  ['firewall plan allow tcp/80', 'POST /v1/services/firewall/allow'],
  ['logs --on vm2', 'GET /v1/members/vm2/log'],
  ['events --on vm2', 'GET /v1/events'],
];

test('role: each verb of an operator ends with status 3 on a node, in one line', async () => {
  // Goal: "the CLI says so before trying". Method: the daemon's refusal for each verb; nothing else
  // is asked of it, and nothing is printed as if it had been done.
  for (const [line, request] of VERBS) {
    const refusal = new Fault('forbidden', {
      field: 'role',
      value: 'node',
      why: 'only an operator may do that',
      remedy: 'run it on an operator',
    });
    const { status, out, err, requests } = await run(line.split(' '), {
      answers: { [request]: refusal },
    });
    assert.equal(err, 'role: node: only an operator may do that; run it on an operator\n', line);
    assert.equal(status, 3, line);
    assert.equal(out, '', line);
    assert.deepEqual(
      requests.map(({ method, path }) => `${method} ${path}`),
      [request],
    );
  }
});
