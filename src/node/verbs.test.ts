import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRecord } from '../crdt/entry.ts';
import type { Decision } from '../services/verb.ts';
import { openApi, SELF, STRANGER } from './test-api.ts';
import { runVerb, type VerbContext } from './verbs.ts';

const PUT = '/v1/services/toy/put';
const CALLER = {
  remote: { host: '192.0.2.7', port: 50_000 },
  local: { host: '192.0.2.1', port: 22 },
};

test('verbs: edits are one frame, and the answer is the verb’s', async () => {
  // Goal: everything typed reaches the document. Method: every kind of value; read back whole.
  const { ask, replica } = await openApi();
  const sequence = () => replica.heads()[0]?.sequence ?? 0;
  const before = sequence();
  const given = {
    thing: 'ball',
    places: ['a', 'b'],
    near: ['tree'],
    'how-many': 3,
    for: 5_000,
    gently: true,
    note: 'line 1\nline 2',
  };
  const { body } = await ask('POST', PUT, { arguments: given, caller: CALLER });
  assert.deepEqual(body, { put: 'ball', from: '192.0.2.7', nonce: '01'.repeat(16) });
  assert.equal(sequence(), before + 1);
  const value = replica.view().intent[0]?.value;
  assert.ok(value !== undefined && isRecord(value));
  assert.deepEqual(
    { ...value },
    {
      places: ['a', 'b'],
      near: ['tree'],
      count: 3,
      forMs: 5_000,
      isGentle: true,
      note: 'line 1\nline 2',
    },
  );
  const listed = (await ask('POST', '/v1/services/toy/things/list')).body;
  assert.deepEqual(listed, [{ name: 'ball', asked: 1 }]);
});

test('verbs: what is decided in pieces rests on what is true in the end', async () => {
  // Goal: what others say meanwhile is judged, too, and nobody waits for it in one piece. Method: a
  // decision that takes two rests, in which the state changes: once; each time, elsewhere; each
  // time where it is about to write, for a while and without end.
  for (const [changes, isSame, seen] of [
    [0, false, [0, 0]],
    [1, false, [0, 0, 1, 1]],
    [99, false, [0, 0, 2, 2, 4, 4]],
    [8, true, [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]],
    [99, true, null],
  ] as const) {
    const said: number[] = [];
    let now = 0;
    let intent: readonly unknown[] = [];
    const verb = {
      ...{ name: 'put', inputs: [], needs: 'anybody' },
      *decideInPieces(): Generator<void, Decision<unknown>> {
        const count = now;
        said.push(count);
        yield;
        said.push(count);
        return { edits: [{ path: 'intent/toy/thing/ball', value: 1 }], body: count };
      },
    };
    const sleep = async (): Promise<void> => {
      if (now >= changes) return;
      now += 1;
      const path = `intent/toy/thing/${isSame ? 'ball' : 'other'}`;
      intent = [{ path, author: SELF, hlc: [now, 0] }];
    };
    const clock = { sleep, wallMs: () => 0, monotonicMs: () => 0 };
    const context = {
      ports: { clock, random: { bytes: () => new Uint8Array(16) } },
      replica: { view: () => ({ intent }) },
      services: [{ name: 'toy', verbs: { verbs: [verb] } }],
      skewsMs: () => new Map(),
      ...{ local: { config: { port: 1, interface: 'x' } }, openingsAt: () => [] },
    } as unknown as VerbContext;
    const deciding = runVerb(context, 'toy', 'put', null);
    if (seen === null) await assert.rejects(deciding, /others change the same again and again/);
    else assert.deepEqual([said, await deciding], [[...seen], seen.at(-1)]);
  }
});

test('verbs: who loses the role while a change is decided writes nothing', async () => {
  // Goal: nobody is told that a change holds which all others ignore. Method: a decision that takes
  // a rest, in which the member becomes a node; its twin stays an operator.
  for (const isTaken of [true, false]) {
    let [operators, written] = [[{ member: SELF }], 0];
    const verb = {
      ...{ name: 'put', inputs: [], needs: 'operator' },
      *decideInPieces(): Generator<void, Decision<unknown>> {
        yield;
        return { edits: [{ path: 'intent/toy/thing/ball', value: 1 }], body: 'done' };
      },
    };
    const sleep = async (): Promise<void> => {
      if (isTaken) operators = [];
    };
    const clock = { sleep, wallMs: () => 0, monotonicMs: () => 0 };
    const intent: readonly unknown[] = [];
    const view = () => ({ intent, members: [], operators });
    const write = async () => {
      written += 1;
    };
    const context = {
      ports: { clock, random: { bytes: () => new Uint8Array(16) } },
      ...{ self: SELF, replica: { view, write }, connected: () => [] },
      services: [{ name: 'toy', verbs: { verbs: [verb] } }],
      ...{ skewsMs: () => new Map(), inOrder: (_: string, task: () => unknown) => task() },
      ...{ local: { config: { port: 1, interface: 'x' } }, openingsAt: () => [] },
    } as unknown as VerbContext;
    const deciding = runVerb(context, 'toy', 'put', null);
    if (isTaken) await assert.rejects(deciding, /use toy put/);
    else assert.equal(await deciding, 'done');
    assert.equal(written, isTaken ? 0 : 1);
  }
});

test('verbs: a plan says what would change, and nothing changes', async () => {
  // Goal: dry run. Method: heads before and after; a verb that cannot be planned says so.
  for (const as of [SELF, STRANGER]) {
    const { ask, refusal, replica } = await openApi(as);
    const before = JSON.stringify(replica.heads());
    const { body } = await ask('POST', PUT, { arguments: { thing: 'ball' }, plan: true });
    assert.deepEqual(body, { effects: [{ member: 'vm1', comes: ['ball'], goes: [] }] });
    assert.match(
      await refusal('POST', '/v1/services/toy/things/list', { plan: true }),
      /^refused plan: toy things list: changes nothing/,
    );
    assert.equal(JSON.stringify(replica.heads()), before);
  }
});

test('verbs: the role is checked before anything is tried', async () => {
  // Goal: 403 for who is no operator, whatever else is wrong. Method: a bad request of a node; the
  // same of an operator is refused for what it is; what anybody may ask is answered.
  const node = await openApi(STRANGER);
  const founder = await openApi();
  const bad = { arguments: { thing: 'void' } };
  assert.match(await node.refusal('POST', PUT, bad), /^forbidden role: node: /);
  assert.match(await founder.refusal('POST', PUT, bad), /^refused thing: void: is none; try on$/);
  assert.deepEqual((await node.ask('POST', '/v1/services/toy/things/list')).body, []);
});

test('verbs: unknown ones are usage faults that name the others', async () => {
  // Goal: no silent route. Method: near misses.
  const { refusal } = await openApi();
  for (const path of ['toy/putt', 'toy/things', 'toy/things/lost', 'vpn/put', 'nothing/put']) {
    assert.match(await refusal('POST', `/v1/services/${path}`), /^usage verb: /, path);
  }
  assert.match(
    await refusal('POST', '/v1/services/toy/putt'),
    /choose of put, things put, things list$/,
  );
});

test('verbs: what does not fit is named with value and remedy; nothing is written', async () => {
  // Goal: hostile and wrong values stop before any service. Method: a table over every kind.
  const { refusal, replica } = await openApi();
  const before = JSON.stringify(replica.heads());
  const long = 'x'.repeat(1_025);
  const table: readonly (readonly [given: unknown, expected: RegExp])[] = [
    [{}, /^refused thing: \(none\): needed; give its name$/],
    ['text', /^refused arguments: string: not an object/],
    [[], /^refused arguments: object: not an object/],
    [{ thing: 7 }, /^refused thing: 7: not a text/],
    [{ thing: ['a'] }, /^refused thing: \["a"\]: not a text/],
    [{ thing: 'a\nb' }, /^refused thing: a\nb: has characters that cannot be seen/],
    [{ thing: 'a\0b' }, /^refused thing: .*cannot be seen/s],
    [{ thing: 'a\u202eb' }, /^refused thing: .*cannot be seen/],
    [{ thing: long }, /^refused thing: x{60}… \(1025\): longer than 1024 characters; shorten/],
    [{ thing: 'x'.repeat(900_000) }, /x{60}… \(900000\): longer/],
    [
      { thing: 'a', other: 1 },
      /^refused other: \(given\): not known here; choose of thing, places/,
    ],
    [{ thing: 'a', __proto__: null, constructor: 1 }, /^refused constructor: /],
    [{ thing: 'a', near: 'tree' }, /^refused near: tree: not a list/],
    [{ thing: 'a', near: ['b', 5] }, /^refused near: 5: not a text/],
    [{ thing: 'a', near: Array(10_000).fill('b') }, /^refused near: 10000 values: more than 256/],
    [{ thing: 'a', 'how-many': 0 }, /^refused how-many: 0: not a whole number from 1 to 9/],
    [{ thing: 'a', 'how-many': '3' }, /^refused how-many: 3: not a whole number/],
    [{ thing: 'a', 'how-many': 1.5 }, /^refused how-many: 1.5: /],
    [{ thing: 'a', for: 999 }, /^refused for: 999ms: shorter than 1s; choose from 1s to 1m$/],
    [{ thing: 'a', for: 0 }, /^refused for: 0s: shorter than 1s; /],
    [{ thing: 'a', for: 60_001 }, /^refused for: 60001ms: longer than 1m; /],
    [
      { thing: 'a', for: 1.5 },
      /^refused for: 1.5: not a whole number of ms; choose from 1s to 1m$/,
    ],
    [{ thing: 'a', for: '5s' }, /^refused for: 5s: not a whole number of ms; /],
    [{ thing: 'a', gently: 'yes' }, /^refused gently: yes: neither true nor false/],
    [{ thing: 'a', note: 7 }, /^refused note: 7: not a text/],
  ];
  for (const [given, expected] of table) {
    assert.match(await refusal('POST', PUT, { arguments: given }), expected);
  }
  assert.match(await refusal('POST', PUT, { caller: 'me' }), /^refused caller: /);
  assert.match(await refusal('POST', PUT, { plan: 1 }), /^refused plan: 1: neither/);
  assert.equal(JSON.stringify(replica.heads()), before);
});
