import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { EventAnswer } from './events.ts';
import type { Status } from './rules/answers.ts';
import { openApi, SELF, STRANGER } from './test-api.ts';

const INVITE = { ttlMs: 60_000, uses: 1, labels: [] };

test('api: an unknown path or method is a usage fault that names it', async () => {
  // Goal: no request ends in silence or in another route. Method: near misses of real routes.
  const { refusal } = await openApi();
  for (const [method, path] of [
    ['GET', '/v1/nothing'],
    ['GET', '/'],
    ['GET', '/v1/status/'],
    ['GET', '/v1'],
    ['POST', '/v1/status'],
    ['PUT', '/v1/invites'],
    ['DELETE', '/v1/invites'],
    ['DELETE', '/v1/invites/a/b'],
    ['DELETE', '/v1/invites/%E0%A4%A'],
    ['GET', '/v1/invites/a'],
  ] as const) {
    const line = await refusal(method, path);
    assert.match(line, /^usage path: /, `${method} ${path}`);
    assert.ok(line.includes(`${method} ${path}`), line);
    assert.match(line, /cnsmo restart; else see cnsmo --help$/); // What exists, and helps.
  }
});

test('api: reading', async () => {
  // Goal: what every member may ask. Method: each route of GET, for a node as well.
  for (const as of [SELF, STRANGER]) {
    const { ask } = await openApi(as);
    const status = (await ask('GET', '/v1/status')).body as Status;
    assert.equal(status.mesh.name, 'shop');
    assert.equal(status.self.id, as);
    assert.equal(((await ask('GET', '/v1/members')).body as unknown[]).length, 1);
    assert.deepEqual((await ask('GET', '/v1/invites')).body, []);
    assert.deepEqual((await ask('GET', '/v1/consent')).body, {
      services: ['vpn'],
      allowRun: false,
      eligible: true,
    });
  }
});

/** What only an operator may do. */
const OPERATOR_ROUTES = [
  ['POST', '/v1/invites', INVITE],
  ['DELETE', '/v1/invites/:id', null],
  ['POST', '/v1/operators', { member: 'vm1' }],
  ['DELETE', '/v1/operators/:member', null],
  ['PUT', '/v1/members/:member/name', { name: 'db' }],
  ['PUT', '/v1/members/:member/labels', { changes: ['role=db'] }],
  ['GET', '/v1/evictions/:member', null],
  ['POST', '/v1/evictions', { member: 'vm1' }],
  ['PUT', '/v1/core/epoch', { epochMs: 60_000 }],
  ['PUT', '/v1/links/degree', { degree: 10 }],
  ['POST', '/v1/conflicts/take', { path: 'intent/x' }],
  ['POST', '/v1/services/:service/:verb', { arguments: { thing: 'ball' } }],
  ['POST', '/v1/services/:service/:verb/:part', { arguments: { thing: 'ball' } }],
] as const;

/** What stands for each part of a path. */
const PARTS = {
  ':id': 'aaaaaaaaaa',
  ':member': 'vm1',
  ':service': 'toy',
  ':verb/:part': 'things/put',
  ':verb': 'put',
};

/** What a VM decides about itself, and what needs the recovery code. */
const OWN_ROUTES = [
  'POST /v1/recovery-codes',
  'POST /v1/operators/recover',
  'POST /v1/recover',
  'PUT /v1/audit/limits',
  'PUT /v1/consent',
  'POST /v1/core/step-down',
  'PUT /v1/drain',
  'POST /v1/links/at',
  'POST /v1/leave',
  'POST /v1/stop',
];

test('api: what only an operator may do is forbidden to a node; nothing is written', async () => {
  // Goal: 403 for each. Method: the routes that write; twin: the founder is not forbidden.
  const node = await openApi(STRANGER);
  const founder = await openApi();
  const before = JSON.stringify(node.replica.heads());
  for (const [method, route, body] of OPERATOR_ROUTES) {
    const path = Object.entries(PARTS).reduce((at, part) => at.replace(...part), route as string);
    const line = await node.refusal(method, path, body);
    assert.match(line, /^forbidden role: node: only an operator may [^;]+; run it on an operator/);
    assert.doesNotMatch(await founder.refusal(method, path, body), /^forbidden/);
  }
  assert.equal(JSON.stringify(node.replica.heads()), before);
});

test('api: no route that writes is in neither list', async () => {
  // Goal: a new route cannot forget the role. Method: the routes as the source lists them.
  const listed = [
    ...OPERATOR_ROUTES.map(([method, path]) => `${method} ${path}`),
    ...OWN_ROUTES,
  ].filter((route) => !route.startsWith('GET '));
  const files = ['./api.ts', './history-routes.ts', './member-routes.ts', './naming-routes.ts'];
  const texts = files.map((file) => readFile(new URL(file, import.meta.url), 'utf8'));
  const source = (await Promise.all(texts)).join('');
  const found = [...source.matchAll(/method: '([A-Z]+)',\s+path: '([^']+)'/g)]
    .map(([, method, path]) => `${method} ${path}`)
    .filter((route) => !route.startsWith('GET '));
  assert.deepEqual(found.toSorted(), listed.toSorted());
});

test('api: a wrong body names the field, its value and the remedy', async () => {
  // Goal: "field: value: why; remedy" for each. Method: each field missing, mistyped, out of range.
  const { refusal } = await openApi();
  const invites = (changed: object) => refusal('POST', '/v1/invites', { ...INVITE, ...changed });
  const ttl = 'not from 1000 (1 s) to 604800000 (7 d); see the --help of the command';
  const uses = 'not a whole number from 1 to 1000; see the --help of the command';
  assert.equal(await invites({ ttlMs: 999 }), `refused ttlMs: 999: ${ttl}`);
  assert.equal(await invites({ ttlMs: 604_800_001 }), `refused ttlMs: 604800001: ${ttl}`);
  assert.equal(await invites({ ttlMs: 'soon' }), `refused ttlMs: (string): ${ttl}`);
  assert.equal(await invites({ ttlMs: undefined }), `refused ttlMs: (none): ${ttl}`);
  assert.equal(await invites({ uses: 0 }), `refused uses: 0: ${uses}`);
  assert.equal(await invites({ uses: 1.5 }), `refused uses: 1.5: ${uses}`);
  assert.equal(await invites({ uses: 1_001 }), `refused uses: 1001: ${uses}`);
  assert.match(await invites({ labels: 'role=web' }), /^refused labels: \(string\): not a list/);
  assert.match(await invites({ labels: ['role'] }), /^refused label: role: a label is written/);
  assert.match(await invites({ labels: Array(17).fill('a=b') }), /^refused labels: .*more than 16/);
  for (const body of [null, 'text', [], 7]) {
    assert.match(await refusal('POST', '/v1/invites', body), /^refused (body|ttlMs): /);
    assert.match(await refusal('POST', '/v1/operators', body), /^refused (body|member): /);
    assert.match(await refusal('POST', '/v1/operators/recover', body), /^refused (body|code): /);
  }
  assert.match(await refusal('POST', '/v1/operators', {}), /^refused member: \(none\): not a text/);
  assert.match(await refusal('PUT', '/v1/consent', { allowRun: 'yes' }), /^refused allowRun: /);
  assert.match(
    await refusal('PUT', '/v1/consent', { services: 'web' }),
    /^refused services: web: /,
  );
});

test('api: a recovery code never comes back in a fault', async () => {
  // Goal: secrets never stand in errors. Method: codes that are wrong in each way.
  const { refusal, ask } = await openApi();
  const { code } = (await ask('POST', '/v1/recovery-codes')).body as { code: string };
  for (const [path, body] of [
    ['/v1/operators/recover', { code, nextCode: code }],
    ['/v1/operators/recover', { code: `${code}X`, nextCode: code }],
    ['/v1/operators/recover', { code: [code], nextCode: code }],
    ['/v1/recovery-codes', { code }],
    ['/v1/recovery-codes', { code: `${code}X` }],
  ] as const) {
    const line = await refusal('POST', path, body);
    assert.match(line, /^refused code: \((hidden|object)\): /);
    assert.ok(!line.includes(code.slice(0, 8)), line);
  }
});

test('api: an invite is made, listed, revoked', async () => {
  // Goal: the routes reach their acts. Method: the whole life of one invite.
  const { ask, refusal } = await openApi();
  const made = (await ask('POST', '/v1/invites', { ttlMs: 60_000, uses: 2, labels: ['role=web'] }))
    .body as { id: string; token: string };
  assert.match(made.token, /^cnsmo1_/);
  const listed = (await ask('GET', '/v1/invites')).body as readonly Record<string, unknown>[];
  assert.deepEqual(
    listed.map(({ id, state, uses, labels }) => [id, state, uses, labels]),
    [[made.id, 'open', 2, { role: 'web' }]],
  );
  assert.deepEqual(await ask('DELETE', `/v1/invites/${made.id.slice(0, 10)}`), {
    status: 200,
    body: {},
  });
  const after = (await ask('GET', '/v1/invites')).body as readonly Record<string, unknown>[];
  assert.equal(after[0]?.state, 'revoked');
  assert.match(await refusal('DELETE', '/v1/invites/a%20b%20c%20d'), /^refused invite: a b c d: /);
});

test('api: a member is renamed and labelled', async () => {
  // Goal: the answer and the view say the same. Method: good changes, then each bad one.
  const { ask, refusal, replica } = await openApi();
  const put = async (path: string, body: unknown) => (await ask('PUT', path, body)).body;
  assert.deepEqual(await put('/v1/members/vm1/name', { name: 'db' }), {
    id: SELF,
    name: 'db',
    labels: {},
  });
  const labels = { role: 'db', zone: 'a' };
  const changes = ['zone=a', 'role=web', 'role=db', 'gone-'];
  assert.deepEqual(await put('/v1/members/db/labels', { changes }), {
    id: SELF,
    name: 'db',
    labels,
    notes: [],
  });
  const shown = replica.view().members.map(({ name, labels: all }) => ({ name, labels: all }));
  assert.deepEqual(shown, [{ name: 'db', labels }]);
  const heads = JSON.stringify(replica.heads());
  await put('/v1/members/db/labels', { changes });
  await put('/v1/members/db/name', { name: 'db' });
  assert.equal(JSON.stringify(replica.heads()), heads);
  const table = [
    ['/v1/members/db/name', { name: 'Big' }, /^refused name: Big: a name has /],
    ['/v1/members/vm1/name', { name: 'x' }, /^refused member: vm1: no such member/],
    ['/v1/members/db/name', {}, /^refused name: \(none\): not a text/],
    ['/v1/members/db/labels', { changes: [] }, /^refused changes: /],
    ['/v1/members/db/labels', { changes: ['role'] }, /^refused label: role: a label is /],
  ] as const;
  for (const [path, body, line] of table) assert.match(await refusal('PUT', path, body), line);
  assert.equal(JSON.stringify(replica.heads()), heads);
});

test('api: a label that a service cannot bear is refused, unless by force', async () => {
  // Goal: who is covered is a change of the policy too. Method: a label that the toy forbids; who
  // asked reaches it; nothing was written; by force, and one that it does not mind.
  const { ask, refusal, replica } = await openApi();
  const heads = JSON.stringify(replica.heads());
  const caller = { remote: { host: '192.0.2.7', port: 1 }, local: { host: '192.0.2.1', port: 22 } };
  const path = '/v1/members/vm1/labels';
  const body = { changes: ['taboo=yes'], caller };
  assert.match(await refusal('PUT', path, body), /^refused taboo: vm1 from 192.0.2.7: is held/);
  assert.match(await refusal('PUT', path, { ...body, force: 1 }), /^refused force: 1: neither/);
  assert.equal(JSON.stringify(replica.heads()), heads);
  await ask('PUT', path, { changes: ['taboo=no'] });
  const { body: forced } = await ask('PUT', path, { ...body, force: true });
  assert.deepEqual((forced as { notes: unknown }).notes, ['taboo is held no more by vm1']);
  assert.deepEqual(replica.view().members[0]?.labels, { taboo: 'yes' });
});

test('api: consent changes only what is named', async () => {
  // Goal: half a wish leaves the rest. Method: one field at a time.
  const { ask, refusal, context } = await openApi();
  const put = async (body: unknown) => (await ask('PUT', '/v1/consent', body)).body;
  const eligible = true;
  assert.deepEqual(await put({ allowRun: true }), { services: ['vpn'], allowRun: true, eligible });
  assert.deepEqual(await put({ services: 'vpn,lb' }), {
    services: ['vpn', 'lb'],
    allowRun: true,
    eligible,
  });
  const rest = { services: ['vpn', 'lb'], allowRun: true };
  assert.deepEqual(await put({}), { ...rest, eligible });
  assert.deepEqual(await put({ eligible: false }), { ...rest, eligible: false });
  // No service that does not exist; what stands from an earlier version is kept until it is left
  // out.
  const dns = { services: 'vpn,dns' };
  const none = 'refused services: dns: no such service; choose from vpn,firewall,lb';
  assert.equal(await refusal('PUT', '/v1/consent', dns), none);
  await context.setConsent({ services: ['vpn', 'dns'], allowRun: true, eligible });
  assert.deepEqual(await put({ allowRun: false }), {
    services: ['vpn', 'dns'],
    allowRun: false,
    eligible,
  });
  assert.deepEqual(await put(dns), {
    services: ['vpn', 'dns'],
    allowRun: false,
    eligible,
  });
  await put({ services: 'vpn' });
  assert.equal(await refusal('PUT', '/v1/consent', dns), none);
});

test('api: what is asked of the events', async () => {
  // Goal: the query reaches the loop, a wrong one is named. Method: all, none, and a bad one.
  const { ask } = await openApi();
  const asked = async (query: Readonly<Record<string, string>>) => {
    const { body } = await ask('GET', '/v1/events', null, query);
    return JSON.parse((body as EventAnswer).events[0]?.text ?? '');
  };
  assert.deepEqual(await asked({}), { after: null, ageMsMax: null, countMax: null, waitMs: 0 });
  assert.deepEqual(await asked({ after: '1-2', ageMsMax: '5', waitMs: '99999999' }), {
    after: '1-2',
    ageMsMax: 5,
    countMax: null,
    waitMs: 60_000,
  });
  await assert.rejects(asked({ waitMs: 'long' }), /^Fault: waitMs: long: not a number; /);
});

test('api: leave and stop reach the node', async () => {
  // Goal: the two ends. Method: what was called.
  const { ask, done } = await openApi();
  await ask('POST', '/v1/stop');
  await ask('POST', '/v1/leave');
  assert.deepEqual(done, ['stop', 'leave']);
});
