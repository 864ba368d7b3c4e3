import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentsOf, sceneOf, type Typed } from '../../test-ask.ts';
import { memberOf } from '../../test-view.ts';
import { balancersOf } from '../balancers.ts';
import { importVerb } from './import.ts';
import { after, ask, fourMembers, refusalOf } from './test-ask.ts';

const view = fourMembers([
  memberOf(1),
  memberOf(2, { node: 'Web_1' }),
  memberOf(3, { node: 'Web_1' }),
]);
const refused = (file: unknown, typed: Typed = {}): string =>
  refusalOf({ view }, 'import', { file: JSON.stringify(file), ...typed });
const GOOD = { 'lb.port': '8080', 'lb.mode': 'roundrobin', 'lb.node': 'Web_1' };

test('import: the original’s parameters become a balancer, once', () => {
  // Goal: what the original was deployed with works unchanged. Method: its three parameters, with
  // the VM that had it as the frontend; the same again is no news.
  const typed = { file: JSON.stringify(GOOD), on: ['vm1'] };
  const { view: made, shown } = ask({ view }, 'import', typed);
  assert.equal(shown.lines?.[0], 'Imported: import-8080.');
  const [balancer] = balancersOf(made).balancers;
  assert.ok(balancer !== undefined);
  const { listen, to, port, mode, on, includesSelf } = balancer;
  assert.deepEqual(listen, { protocol: 'tcp', ports: [8080, 8080] });
  assert.deepEqual(to, [{ kind: 'labels', labels: { node: 'Web_1' } }]);
  assert.deepEqual([port, mode, on?.length, includesSelf], [8080, 'roundrobin', 1, undefined]);
  const again = ask({ view: made }, 'import', typed);
  assert.deepEqual([again.edits.length, again.shown.lines?.[0]], [0, 'Nothing new.']);
});

test('import: whom lb.node means', () => {
  // Goal: a node of the original was a name of several VMs. Method: a label, a member, a selector
  // as typed, and --to instead of it.
  const toOf = (file: object, typed: Typed = {}) => {
    const made = after(view, ['import', { file: JSON.stringify(file), ...typed }]);
    return balancersOf(made).balancers[0]?.to[0]?.kind;
  };
  assert.equal(toOf(GOOD), 'labels');
  assert.equal(toOf({ ...GOOD, 'lb.node': 'vm2' }), 'member');
  assert.equal(toOf({ ...GOOD, 'lb.node': 'node=later' }), 'labels');
  assert.equal(toOf({ ...GOOD, 'lb.node': 'unknown' }, { to: ['vm3'] }), 'member');
  assert.equal(toOf({ 'lb.port': 8080, 'lb.mode': 'source' }, { to: ['vm3'] }), 'member');
});

test('import: what does not fit is named as the file names it', () => {
  // Goal: field, value, remedy. Method: one wrong thing each, alone and in a list.
  const table: readonly (readonly [file: unknown, expected: RegExp])[] = [
    [{ ...GOOD, 'lb.port': '0' }, /^lb\.port: 0: is no port; choose from 1 to 65535$/],
    [{ ...GOOD, 'lb.port': '70000' }, /^lb\.port: 70000: is no port/],
    [{ ...GOOD, 'lb.port': '80-90' }, /^lb\.port: 80-90: is no port/],
    [{ ...GOOD, 'lb.port': [80] }, /^lb\.port: \[80\]: not a text/],
    [{ 'lb.mode': 'source', 'lb.node': 'vm2' }, /^lb\.port: \(empty\): missing/],
    [{ ...GOOD, 'lb.mode': 'random' }, /^lb\.mode: random: not known; choose of leastconn, round/],
    [{ 'lb.port': '80', 'lb.mode': 'source' }, /^lb\.node: \(empty\): missing; give it, or say/],
    [{ ...GOOD, 'lb.node': 'nobody' }, /^lb\.node: nobody: no group, no label node=… and no mem/],
    [{ ...GOOD, 'lb.node': '$(reboot)=a' }, /^lb\.node: \$\(reboot\)=a: a key has/],
    [{ ...GOOD, 'lb.colour': 'red' }, /^lb\.colour: \(given\): no field of a balancer/],
    [[GOOD, { ...GOOD, 'lb.port': '0' }], /^\[1\]\.lb\.port: 0: is no port/],
    [[GOOD, GOOD], /^\[1\]\.name: import-8080: stands twice in the file/],
    [[7], /^\[0\]\.balancer: 7: is no balancer/],
    [{ listen: '80' }, /^name: \(empty\): missing; give each balancer a name/],
    [{ name: 'a', listen: '0', to: ['vm2'] }, /^listen: 0: 0 is no port/],
    [{ name: 'a', listen: '80', to: 'vm2' }, /^to: vm2: not a list of texts/],
    [{ name: 'a', listen: '80', to: ['vm2'], weights: ['vm2=0'] }, /^weights: vm2=0: would send/],
    [{ name: 'a', listen: '80', to: ['vm2'], stickyMs: 1 }, /^stickyMs: 1ms: shorter than 1s; /],
    [{ name: 'a', listen: '80', to: ['vm2'], colour: 1 }, /^colour: \(given\): no field of a bal/],
    [{ name: 'A', listen: '80', to: ['vm2'] }, /^name: A: is no name/],
    [
      ['a', 'b'].map((name) => ({ name, listen: '80', to: ['vm2:1'], on: ['vm1'] })),
      /^\[1\]\.listen: tcp\/80: balancer a has tcp\/80 of vm1/,
    ],
    [Array.from({ length: 4_001 }, () => GOOD), /^file: 4001 balancers: more than 4000/],
  ];
  for (const [file, expected] of table) assert.match(refused(file), expected);
  assert.match(refusalOf({ view }, 'import', { file: '{' }), /^file: \{: is no JSON/);
  assert.match(refused(GOOD, { on: ['vm9'] }), /^on: vm9: no member/);
  const own = refused({ ...GOOD, 'lb.node': 'vm1' }, { on: ['vm1'] });
  assert.match(own, /^on: vm1: is the only backend, and listens itself/);
  assert.equal(refused(GOOD, { on: ['vm1'] }), 'done');
  assert.equal(refused([]), 'done');
});

test('import: the original’s mode is leastconn where none is said', () => {
  // Goal: nobody gets another mode unasked. Method: without lb.mode, and with one.
  const { 'lb.mode': _, ...rest } = GOOD;
  const modeOf = (file: object) =>
    balancersOf(after(view, ['import', { file: JSON.stringify(file) }])).balancers[0]?.mode;
  assert.equal(modeOf(rest), 'leastconn');
  assert.equal(modeOf(GOOD), 'roundrobin');
});

test('import: what list tells is taken back as it was', () => {
  // Goal: balancers move to another mesh by two commands. Method: all that can be typed, listed
  // with what it tells of health, deleted, imported; addresses come back as well.
  const made = after(
    view,
    [
      'create',
      {
        ...{ name: 'api', listen: '8000-8010', to: ['vm2:9000', 'node=Web_1:9000'], drain: 0 },
        ...{ mode: 'source', weight: ['vm2=3', 'node=Web_1=2'], on: ['vm1'], sticky: 60_000 },
        ...{ check: 'exec:/bin/ok a b', comment: 'why', engine: 'nft', 'include-self': true },
      },
    ],
    ['create', { name: 'dns', listen: '53/udp', to: ['vm3:5353'] }],
  );
  const strip = (seen: typeof view) =>
    balancersOf(seen).balancers.map(({ claim: _claim, ...rest }) => rest);
  const file = JSON.stringify(ask({ view: made }, 'list', {}).body);
  assert.deepEqual(ask({ view: made }, 'import', { file }).edits, []);
  const gone = after(made, ['delete', { names: ['api', 'dns'] }]);
  assert.deepEqual(strip(gone), []);
  assert.deepEqual(strip(after(gone, ['import', { file }])), strip(made));
  const other = after(gone, ['create', { name: 'dns', listen: '54/udp', to: ['vm3'] }]);
  assert.match(
    refusalOf({ view: other }, 'import', { file }),
    /^\[1\]\.name: dns: another balancer has that name; delete it first/,
  );
});

test('import: hundreds at once have addresses of their own, and are taken in pieces', () => {
  // Goal: the event loop is never held up. Method: 300 balancers; how often it gives way.
  const many = Array.from({ length: 300 }, (_, n) => ({
    ...{ name: `b${n}`, listen: `${1_000 + n}`, to: ['vm2:80'] },
  }));
  const given = argumentsOf({ file: JSON.stringify(many) });
  let pauses = 0;
  const pieces = importVerb.decideInPieces?.(sceneOf({ view }), given, {
    isDue: () => true,
  });
  assert.ok(pieces !== undefined);
  let step = pieces.next();
  for (; step.done !== true; step = pieces.next()) pauses += 1;
  const { edits } = step.value;
  assert.ok(pauses >= 300);
  const addresses = edits.map(({ value }) => JSON.stringify((value as Typed).addresses));
  assert.equal(new Set(addresses).size, 300);
});
