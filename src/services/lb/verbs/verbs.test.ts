import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finish, UNMETERED } from '../../../crdt/meter.ts';
import { sceneOf, type Typed } from '../../test-ask.ts';
import { idOf } from '../../test-view.ts';
import { balancersOf } from '../balancers.ts';
import { after, ask, fourMembers, MEMBERS, refusalOf } from './test-ask.ts';
import { lbVerbs } from './verbs.ts';

const view = fourMembers();
const WEB: Typed = { name: 'web', listen: '80', to: ['role=web:8080'] };
const made = after(view, ['create', WEB]);

/** What stands of a balancer, without what the view adds. */
const recordOf = (seen: typeof view, name = 'web') => {
  const found = balancersOf(seen).balancers.find((each) => each.name === name);
  assert.ok(found !== undefined);
  const { path: _path, claim: _claim, addresses: _addresses, ...record } = found;
  return record;
};

test('create: the least that can be typed, and all of it', () => {
  // Goal: what was typed is what stands. Method: the issue's own lines, by what they become.
  assert.deepEqual(recordOf(made), {
    name: 'web',
    listen: { protocol: 'tcp', ports: [80, 80] },
    to: [{ kind: 'labels', labels: { role: 'web' } }],
    port: 8080,
    mode: 'roundrobin',
    check: { kind: 'tcp' },
    drainMs: 30_000,
    engine: 'auto',
  });
  const all = after(view, [
    'create',
    {
      ...{ name: 'api', listen: '8000-8010', to: ['vm2:9000-9010', 'role=web:9000'] },
      ...{ mode: 'source', weight: ['vm2=3', 'role=web=2'], on: ['vm1'], engine: 'nft' },
      ...{ check: 'exec:/usr/lib/ok --fast a=b', sticky: 600_000, drain: 0, comment: 'for Jörg' },
      'include-self': true,
    },
  ]);
  assert.deepEqual(recordOf(all, 'api'), {
    name: 'api',
    listen: { protocol: 'tcp', ports: [8000, 8010] },
    to: [
      { kind: 'labels', labels: { role: 'web' } },
      { kind: 'member', id: idOf(2) },
    ],
    port: 9000,
    mode: 'source',
    weights: [
      { of: { kind: 'member', id: idOf(2) }, weight: 3 },
      { of: { kind: 'labels', labels: { role: 'web' } }, weight: 2 },
    ],
    on: [{ kind: 'member', id: idOf(1) }],
    check: { kind: 'exec', argv: ['/usr/lib/ok', '--fast', 'a=b'] },
    stickyMs: 600_000,
    drainMs: 0,
    engine: 'nft',
    includesSelf: true,
    comment: 'for Jörg',
  });
});

test('create: where it listens, and to whom and which port, in all their spellings', () => {
  // Goal: each form means one thing. Method: a table of forms and what they become.
  const table: readonly (readonly [typed: Typed, listen: string, port: number])[] = [
    [{ listen: '53/udp', to: ['vm2'] }, 'udp 53-53', 53],
    [{ listen: 'udp/53', to: ['vm2:5353'] }, 'udp 53-53', 5353],
    [{ listen: '53', protocol: 'udp', to: ['vm2'] }, 'udp 53-53', 53],
    [{ listen: '53/udp', protocol: 'udp', to: ['vm2'] }, 'udp 53-53', 53],
    [{ listen: '8000-8010', to: ['mesh:9000'] }, 'tcp 8000-8010', 9000],
    [{ listen: '443', to: ['mesh'] }, 'tcp 443-443', 443],
  ];
  for (const [typed, listen, port] of table) {
    const record = recordOf(after(view, ['create', { name: 'web', ...typed }]));
    const { protocol, ports } = record.listen;
    assert.deepEqual([`${protocol} ${ports.join('-')}`, record.port], [listen, port]);
    assert.equal(record.check.kind, protocol === 'udp' ? 'none' : 'tcp');
  }
});

test('create: it says where it is reached and by whom it is served, and what is amiss', () => {
  // Goal: the next step is told. Method: a whole one, one that means nobody, one whose backend
  // lets nothing check it from inside; the same again is no news and keeps its addresses.
  const { body, shown } = ask({ view }, 'create', WEB);
  const { addresses } = body as { readonly addresses: readonly string[] };
  assert.equal(addresses.length, 2);
  assert.deepEqual(shown.lines, [
    'Balancer web is made.',
    `Every member reaches it at ${addresses.join(' and ')}, tcp/80.`,
    'Backends: role=web:8080 (vm2, vm3).',
    'How it does: cnsmo lb show web',
  ]);
  const again = ask({ view: made }, 'create', WEB);
  assert.deepEqual(again.edits, []);
  assert.equal(again.shown.lines?.[0], 'Balancer web was there already.');
  const notes = (typed: Typed): string =>
    (ask({ view }, 'create', { ...WEB, ...typed }).shown.lines ?? [])
      .filter((line) => line.startsWith('Note'))
      .join('\n');
  assert.equal(notes({}), '');
  assert.match(notes({ to: ['role=x:1'] }), /No member is meant now: connections are refused/);
  assert.match(notes({ to: ['vm1:1'] }), /vm1 itself is refused: it is the only backend; --incl/);
  assert.equal(notes({ to: ['vm1:1'], 'include-self': true }), '');
  assert.match(notes({ on: ['role=x'] }), /--on means no member now/);
  assert.match(notes({ weight: ['vm1=2'] }), /No backend has the weight of vm1/);
  assert.match(notes({ to: ['vm4:1', 'vm2:1'] }), /vm4: lb does not run there/);
});

test('edit: it changes what is given, and nothing else', () => {
  // Goal: no field comes back to its default. Method: one with all of them; each change by itself,
  // the rest compared; --clear; the same again is no news.
  const all = after(view, [
    'create',
    {
      ...{ ...WEB, mode: 'source', weight: ['vm2=3'], on: ['vm1'], check: 'http:/ok' },
      ...{ sticky: 60_000, drain: 5_000, comment: 'why', engine: 'nft', 'include-self': true },
    },
  ]);
  const base = recordOf(all);
  const changed = (typed: Typed) => recordOf(after(all, ['edit', { name: 'web', ...typed }]));
  assert.deepEqual(changed({ mode: 'random' }), { ...base, mode: 'random' });
  assert.deepEqual(changed({ drain: 0 }), { ...base, drainMs: 0 });
  assert.deepEqual(changed({ to: ['vm2'] }), {
    ...base,
    to: [{ kind: 'member', id: idOf(2) }],
  });
  assert.deepEqual(changed({ listen: '81' }), {
    ...base,
    listen: { protocol: 'tcp', ports: [81, 81] },
  });
  const clear = ['weight', 'on', 'sticky', 'include-self', 'comment'];
  const { weights: _w, on: _o, stickyMs: _s, includesSelf: _i, comment: _c, ...rest } = base;
  assert.deepEqual(changed({ clear }), rest);
  const same = ask({ view: all }, 'edit', { name: 'web', mode: 'source' });
  assert.deepEqual(same.edits, []);
  assert.equal(same.shown.lines?.[0], 'Balancer web is so already.');
  const before = balancersOf(all).balancers[0]?.addresses;
  const after1 = after(all, ['edit', { name: 'web', listen: '81' }]);
  assert.deepEqual(balancersOf(after1).balancers[0]?.addresses, before);
});

test('edit: what stands amiss keeps nobody from changing the rest', () => {
  // Goal: at night a weight can be changed whatever came since. Method: a backend came where no
  // program may run; its twin, a change that asks for that check again, is refused.
  const [one, two, three] = MEMBERS;
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  const exec = after(fourMembers([one, two]), ['create', { ...WEB, check: 'exec:/bin/true' }]);
  const later = { ...exec, members: [one, two, { ...three, allowsRun: false }] };
  assert.equal(refusalOf({ view: later }, 'edit', { name: 'web', weight: ['vm2=3'] }), 'done');
  const other = { name: 'web', check: 'exec:/bin/false' };
  assert.match(refusalOf({ view: later }, 'edit', other), /^check: vm3: lets no program/);
});

test('drain: one backend takes nothing new, and serves again; the last is kept', () => {
  // Goal: rolling a service over. Method: drain one of two, then the other without and with
  // --force, then both back.
  const one = ask({ view: made }, 'drain', { name: 'web', members: ['vm2'] });
  assert.deepEqual(one.shown.lines, [
    'No new connections of web to vm2; what they have is ended in 30s.',
    'To take it back: cnsmo lb undrain web vm2',
    'New connections go to vm3.',
  ]);
  assert.deepEqual([...balancersOf(one.view).drains], [[idOf(2), new Map([['web', 1_000_000]])]]);
  const rest = { name: 'web', members: ['vm3'] };
  assert.match(refusalOf({ view: one.view }, 'drain', rest), /^members: vm3: nobody is left/);
  const both = ask({ view: one.view }, 'drain', { ...rest, force: true });
  assert.match(both.shown.lines?.at(-1) ?? '', /nobody is left: new connections to web are ref/);
  const again = ask({ view: both.view }, 'drain', { ...rest, force: true });
  assert.deepEqual(again.edits, []);
  const back = ask({ view: both.view }, 'undrain', { name: 'web', members: ['vm2', 'vm3'] });
  assert.equal(balancersOf(back.view).drains.size, 0);
  assert.deepEqual(back.shown.lines, [
    'vm2, vm3: serves web again.',
    'New connections go to vm2, vm3.',
  ]);
  const gone = after(both.view, ['delete', { names: ['web'] }]);
  assert.deepEqual([gone.intent.length, balancersOf(gone).drains.size], [0, 0]);
});

test('drain: of two balancers only the one that is named', () => {
  // Goal: a drain is of one balancer. Method: two over the same members; one is deleted later.
  const two = after(
    made,
    ['create', { name: 'api', listen: '81', to: ['role=web'] }],
    ['drain', { name: 'web', members: ['vm2'] }],
    ['drain', { name: 'api', members: ['vm2'] }],
    ['undrain', { name: 'web', members: ['vm2'] }],
  );
  assert.deepEqual([...(balancersOf(two).drains.get(idOf(2))?.keys() ?? [])], ['api']);
  const alone = after(
    two,
    ['drain', { name: 'web', members: ['vm2'] }],
    ['delete', { names: ['api'] }],
  );
  assert.deepEqual([...(balancersOf(alone).drains.get(idOf(2))?.keys() ?? [])], ['web']);
});

test('plan: what comes and goes on each host, and nowhere else', () => {
  // Goal: the effect before the change. Method: a balancer with a frontend; a backend does not get
  // itself, whoever does not balance gets nothing; then a weight, and a drain.
  const effectsOf = (before: typeof view, name: string, typed: Typed) => {
    const verb = lbVerbs.verbs.find((each) => each.name === name);
    assert.equal(verb?.canPlan, true, name);
    const then = after(before, [name, typed]);
    return finish(lbVerbs.effects(before, then, sceneOf({ view: before }), UNMETERED));
  };
  const create = effectsOf(view, 'create', { ...WEB, on: ['vm1'] });
  assert.deepEqual(
    create.map(({ member, comes, goes }) => [member, comes.length, goes.length]),
    [
      ['vm1', 4, 0],
      ['vm2', 2, 0],
      ['vm3', 2, 0],
    ],
  );
  assert.match(create[0]?.comes[0] ?? '', /^web: tcp\/80 at 10\.10\.\S+ and fd00:1:\S+ \(roundr/);
  assert.deepEqual(create[0]?.comes.slice(1), [
    "web: tcp/80 at this VM's other addresses",
    'web: to vm2 at 10.10.0.2 port 8080, weight 1',
    'web: to vm3 at 10.10.0.3 port 8080, weight 1',
  ]);
  assert.deepEqual(effectsOf(made, 'edit', { name: 'web', weight: ['vm2=3'] }), [
    ...['vm1', 'vm3'].map((member) => ({
      member,
      comes: ['web: to vm2 at 10.10.0.2 port 8080, weight 3'],
      goes: ['web: to vm2 at 10.10.0.2 port 8080, weight 1'],
    })),
  ]);
  const [first] = effectsOf(made, 'drain', { name: 'web', members: ['vm2'] });
  assert.deepEqual(first?.comes, ['web: to vm2 at 10.10.0.2 port 8080, nothing new']);
  assert.deepEqual(effectsOf(made, 'create', WEB), []);
});

test('labels: the last backend of a balancer goes only by force, and that is said', () => {
  // Goal: a relabelling at night takes no service away unseen. Method: one of two loses its label,
  // then both; with force; and a balancer that never had any.
  const empty = after(made, ['create', { name: 'dns', listen: '53', to: ['role=dns'] }]);
  const without = (...names: readonly string[]) => ({
    ...empty,
    members: empty.members.map((each) =>
      names.includes(each.name) ? { ...each, labels: {} } : each,
    ),
  });
  const upheld = (then: typeof view, isForced = false) => {
    const work = lbVerbs.mustUphold?.(sceneOf({ view: empty }), then, isForced, UNMETERED);
    assert.ok(work !== undefined);
    return finish(work);
  };
  assert.deepEqual(upheld(without('vm2')), []);
  assert.throws(() => upheld(without('vm2', 'vm3')), /balancer: web: would have no backend left/);
  assert.deepEqual(upheld(without('vm2', 'vm3'), true), [
    'Note: balancer web has no backend now: it refuses connections.',
  ]);
});

test('verbs: each has an example that it takes, but for files', () => {
  // Goal: the help does not lie. Method: words and flags of each example against the declaration.
  for (const { name, example, inputs } of lbVerbs.verbs) {
    const flags = example.split(' ').filter((word) => word.startsWith('--'));
    for (const each of flags) {
      const input = inputs.find((one) => one.as === 'flag' && `--${one.name}` === each);
      assert.ok(input !== undefined, `${name} has no ${each}`);
    }
  }
});
