import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, type World, world } from '../../crdt/test-world.ts';
import { type Picture, pictureOf, type Surroundings } from './event-picture.ts';
import { eventsBetween } from './events.ts';
import { eventOfLog } from './log-events.ts';
import type { Life } from './swim-sighting.ts';
import { around, picture, story, toldOf } from './test-picture.ts';

const linesOf = (before: Picture, after: Picture) =>
  toldOf(before, after)
    .map(({ kind, member, text }) => `${kind} ${member ?? '-'}: ${text}`)
    .toSorted();

test('events: connections with others than neighbours come and go unsaid', () => {
  // Goal: in a large mesh nobody is told of a loss that is none. Method: one that is asked
  // something and let go, and one of whom another told that it lives.
  const of = (changed: Partial<Surroundings>) =>
    pictureOf(story().view(), around({ isNeighbour: () => false, ...changed }));
  const met = of({ connected: new Map([[idOf('a'), 'inbound']]) });
  assert.deepEqual(linesOf(of({}), met), []);
  assert.deepEqual(linesOf(met, of({})), []);
  assert.deepEqual(linesOf(of({ state: () => null }), of({})), []);
  const dead = of({ state: () => 'dead' });
  assert.equal(linesOf(of({ state: () => null }), dead).includes('state a: is dead'), true);
});

test('events: nothing happened, nothing is told', () => {
  // Goal: invariant 1. Method: the same picture twice.
  assert.deepEqual(linesOf(picture(story(), ['a']), picture(story(), ['a'])), []);
});

test('events: members come, go, and are evicted', () => {
  // Goal: each change of who is in the mesh. Method: a story and its next step.
  const before = picture(story());
  const table: readonly (readonly [World, readonly string[]])[] = [
    [story().admits('c', 'i'), ['joined c: joined as 10.10.0.4']],
    [story().as('a').says('member/left', { left: true }), ['left a: left the mesh']],
    [story().evicts('a'), ['evicted a: was evicted']],
    [story().grants('a'), ['role a: is an operator']],
  ];
  for (const [after, lines] of table) assert.deepEqual(linesOf(before, picture(after)), lines);
  assert.deepEqual(linesOf(picture(story().grants('a')), before), [
    'role a: is no operator any more',
  ]);
});

test('events: names and addresses that change', () => {
  // Goal: whoever looks for the old name finds it. Method: a name given; a tie of addresses.
  const before = picture(story());
  const renamed = story().says(`trust/name/${idOf('a')}`, { name: 'db' });
  assert.deepEqual(linesOf(before, picture(renamed)), ['renamed db: was a']);
  const moved = story().adopts('a', { ipv4: '10.10.0.99' });
  assert.deepEqual(linesOf(before, picture(moved)), ['address a: has 10.10.0.99, had 10.10.0.2']);
});

test('events: connections of members, and of nobody else', () => {
  // Goal: who can be talked to. Method: up, down, an invite’s holder, one who left meanwhile.
  const none = picture(story());
  assert.deepEqual(linesOf(none, picture(story(), ['a', 'x'])), ['connected a: connected']);
  assert.deepEqual(linesOf(picture(story(), ['a']), none), ['disconnected a: connection lost']);
  const gone = story().as('a').says('member/left', { left: true });
  assert.deepEqual(linesOf(picture(story(), ['a']), picture(gone, ['a'])), [
    'disconnected a: connection lost',
    'left a: left the mesh',
  ]);
});

test('events: an alarm once, when it comes', () => {
  // Goal: it is told and not repeated. Method: an invite that is used too often.
  const quiet = picture(world().invites('i', { uses: 1 }).admits('a', 'i'));
  const loud = picture(world().invites('i', { uses: 1 }).admits('a', 'i').admits('b', 'i'));
  const lines = linesOf(quiet, loud);
  assert.equal(lines.filter((line) => line.startsWith('alarm -: over-use: ')).length, 1);
  assert.deepEqual(linesOf(loud, loud), []);
});

test('events: of the log what its table takes, in words', () => {
  // Goal: services, repairs, refusals. Method: lines as the loops write them, and others.
  const table = [
    ['agent', { service: 'vpn', state: 'ready', problems: [] }, 'service', 'vpn is ready'],
    [
      'agent',
      { service: 'vpn', state: 'failed', problems: ['no ip', 'no wg'] },
      'service',
      'vpn is failed',
    ],
    [
      'drift-repaired',
      { service: 'vpn', found: ['peer vm2 was missing', 'b', 'c', 'd', 'e'] },
      'drift',
      'vpn repaired: peer vm2 was missing; b; c; and 2 more',
    ],
    [
      'agent',
      { service: 'vpn', state: 'stopping', problems: ['of before'] },
      'service',
      'vpn is stopping',
    ],
    [
      'drift-repaired',
      { service: 'vpn', found: ['x'.repeat(101)] },
      'drift',
      `vpn repaired: ${'x'.repeat(99)}…`,
    ],
    [
      'join-refused',
      { invite: 'abcdefghijklmnopqrst', why: 'used-up' },
      'refused',
      'a join by invite abcdefghijkl',
    ],
  ] as const;
  for (const [line, facts, kind, text] of table) {
    const told = eventOfLog(line, facts, null);
    assert.deepEqual([told?.kind, told?.member, told?.text], [kind, null, text]);
  }
  for (const line of ['host-changed', 'toString', '__proto__', '']) {
    assert.equal(eventOfLog(line, {}, null), null, line);
  }
  assert.equal(eventOfLog('key-used-elsewhere', {}, null)?.kind, 'alarm');
});

test('events: what a line is about and why it happened stand beside its text', () => {
  // Goal: time, member, cause of refused frames, conflicts, repairs and joins that were refused.
  // Method: lines as the loops write them, of a member that is known and of one that is not.
  const known = picture(story());
  const causeOf = (line: string, facts: object) => {
    const { member, cause } = eventOfLog(line, { ...facts }, known) ?? {};
    return `${member}: ${cause}`;
  };
  const refused = { why: 'signature', detail: 'the author did not sign it' };
  const table: readonly (readonly [string, object, string])[] = [
    ['frame-refused', { from: idOf('a'), ...refused }, 'a: signature: the author did not sign it'],
    [
      'frame-refused',
      { from: 'x'.repeat(30), ...refused },
      `${'x'.repeat(12)}: signature: the author did not sign it`,
    ],
    ['frame-refused', refused, 'null: signature: the author did not sign it'],
    [
      'peer-muted',
      { peer: idOf('a'), seconds: 120 },
      'a: it sent frames that are bad for everybody',
    ],
    [
      'conflict',
      { path: 'intent/lb/service/web', loser: 'a', winner: 'b' },
      'a: b said otherwise at the same time',
    ],
    ['drift-repaired', { found: ['x'] }, 'null: something else than cnsmo had changed it'],
    ['join-refused', { invite: 'i', why: 'used-up' }, 'null: used-up'],
    [
      'version-mismatch',
      { peer: idOf('b'), wire: 2, document: 3 },
      'b: it speaks another version: wire 2, document 3; run the same on both',
    ],
  ];
  for (const [line, facts, said] of table) assert.equal(causeOf(line, facts), said);
});

test('events: members come, go, die and come back for a cause', () => {
  // Goal: time, member, cause. Method: one step after the other, with their causes.
  const causes = (before: Picture, after: Picture) =>
    toldOf(before, after).map(({ kind, member, cause }) => `${kind} ${member}: ${cause}`);
  const invite =
    story()
      .view()
      .enrolments.find(({ id }) => id === idOf('a'))?.invite ?? '';
  assert.deepEqual(causes(picture(story()), picture(story().admits('c', 'i'))), [
    `joined c: by invite ${invite.slice(0, 12)} of founder`,
  ]);
  const left = story().as('a').says('member/left', { left: true });
  assert.deepEqual(causes(picture(story()), picture(left)), ['left a: it said so']);
  const of = (state: 'alive' | 'dead', why: string) =>
    pictureOf(
      story().view(),
      around({ state: (id) => (id === idOf('a') ? state : 'alive'), why: () => why }),
    );
  const dead = of('dead', 'no answer, directly or through others');
  assert.deepEqual(causes(of('alive', ''), dead), [
    'state a: no answer, directly or through others',
  ]);
  assert.deepEqual(causes(dead, of('alive', 'it answers')), [
    'state a: it answers',
    'healed null: a is back',
  ]);
  assert.deepEqual(causes(dead, picture(story().evicts('a'))), [
    'evicted a: by founder: test',
    'healed null: a is no member any more',
  ]);
});

test('events: the core role moves once for each term, however often it is seen', () => {
  // Goal: core moves with their cause. Method: nobody, a term, the same again, the next one.
  const core = (name: string, term: number) => ({ name, term, epoch: 7, why: 'its turn' });
  const of = (now: ReturnType<typeof core> | null) =>
    pictureOf(world().view(), around({ core: now }));
  const first = of(core('a', 0));
  assert.deepEqual(eventsBetween(of(null), first), [
    { kind: 'core', member: 'a', text: 'has the core role, term 7.0', cause: 'its turn' },
  ]);
  assert.deepEqual(eventsBetween(first, of(core('a', 0))), []);
  assert.equal(eventsBetween(first, of(core('b', 1)))[0]?.member, 'b');
  assert.deepEqual(eventsBetween(first, of(null)), []);
});

test('events: each transition of a member, and the end of a partition', () => {
  // Goal: who is lost and when all are back. Method: one step after the other; who is met for the
  // first time is no news twice.
  const of = (state: ReturnType<Surroundings['state']>) =>
    pictureOf(story().view(), around({ state: (id) => (id === idOf('a') ? state : 'alive') }));
  const steps = ['alive', 'suspect', 'degraded', 'dead', 'alive', 'suspect', 'alive'] as const;
  const told = steps.slice(1).map((state, at) => linesOf(of(steps[at] ?? 'alive'), of(state)));
  assert.deepEqual(told, [
    ['state a: is suspect'],
    ['state a: is degraded'],
    ['state a: is dead'],
    ['healed -: all 3 members can be reached again', 'state a: is alive again'],
    ['state a: is suspect'],
    ['state a: is alive again'],
  ]);
  const fresh = pictureOf(story().view(), around({ state: () => 'suspect' }));
  const met = picture(story(), ['a', 'b']);
  assert.deepEqual(linesOf(fresh, met), ['connected a: connected', 'connected b: connected']);
});

/** Member a in a life, if it is in one that is known. */
const inLife = (life: Life | null, state: 'alive' | 'dead' = 'alive'): Picture =>
  pictureOf(
    story().view(),
    around({
      state: (id) => (id === idOf('a') ? state : 'alive'),
      life: (id) => (id === idOf('a') ? life : null),
    }),
  );
const lifeFrom = (number: number, beganMs: number): Life => ({
  ...{ number, beganMs },
  ...{ heardMs: 1_000_000, isSure: false },
});

test('events: a daemon that started again is told, whether it was missed or not', () => {
  // Goal: a crash that nobody noticed is seen by all. Method: the life of a member between two
  // looks: not known, known, the next, the same; and the next of one that was dead meanwhile.
  const [first, second] = [lifeFrom(1, 400_000), lifeFrom(2, 2_000_000)];
  const again = {
    kind: 'started',
    member: 'a',
    text: 'its daemon started again',
    cause: 'it said so',
  };
  assert.deepEqual(eventsBetween(inLife(null), inLife(first)), []);
  assert.deepEqual(eventsBetween(inLife(first), inLife(second)), [again]);
  assert.deepEqual(eventsBetween(inLife(second), inLife(second)), []);
  assert.deepEqual(
    toldOf(inLife(first, 'dead'), inLife(second)).map(({ kind, text }) => [kind, text]),
    [
      ['started', 'its daemon started again'],
      ['state', 'is alive again'],
      ['healed', 'all 3 members can be reached again'],
    ],
  );
});

test('events: an old word that is told again is no start of a daemon', () => {
  // Goal: liars, however many, make no event of a word that was true long ago. Method: a look after
  // they told an old life, and one after the true one came, which began before that; then its next;
  // and a member with a slow clock, that had told its life itself.
  const [old, known, next] = [lifeFrom(1, 400_000), lifeFrom(9, 900_000), lifeFrom(10, 1_500_000)];
  const starts = (before: Life, now: Life): number =>
    eventsBetween(inLife(before), inLife(now)).filter(({ kind }) => kind === 'started').length;
  assert.equal(starts(old, known), 0);
  assert.equal(starts(old, { ...known, isSure: true }), 0);
  assert.equal(starts(known, next), 1);
  assert.equal(starts({ ...old, isSure: true }, known), 1);
});
