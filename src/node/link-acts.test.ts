import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainHost } from '../crdt/endpoints.ts';
import { idOf, world } from '../crdt/test-world.ts';
import { Fault } from '../fault.ts';
import { findAt, type LinkActsContext, setDegree, showLinks } from './link-acts.ts';
import { DEGREE } from './rules/neighbours.ts';
import { readEndpoint } from './rules/settings.ts';
import { createTime, settle } from './test-time.ts';

/** The founder, connected with vm3; its neighbours are vm2 and vm4. */
function stage(at = '192.0.2.3') {
  const story = world().invites('door').admits('vm2', 'door').admits('vm3', 'door');
  const view = story.admits('vm4', 'door').view();
  const written: unknown[] = [];
  const context = {
    self: idOf('founder'),
    replica: {
      view: () => view,
      write: async (edits: unknown) => void written.push(edits),
    },
    connected: () => [],
    connections: () => [
      {
        ...{ peer: idOf('vm3'), remote: { host: at, port: 7300 } },
        ...{ direction: 'outbound', rttMs: 1.5 },
      },
    ],
    neighbours: () => new Set([idOf('vm2'), idOf('vm4')]),
  } as unknown as LinkActsContext;
  return { context, written };
}

test('links: what is there, and what is missing', () => {
  // Goal: a person sees with whom a VM keeps connections. Method: one spare, two neighbours absent.
  const { context } = stage();
  const { degree, links } = showLinks(context);
  assert.equal(degree, DEGREE);
  assert.deepEqual(
    links.map(({ id, neighbour, connected, remote }) => [id, neighbour, connected, remote]).length,
    3,
  );
  const spare = links.find(({ id }) => id === idOf('vm3'));
  assert.deepEqual([spare?.neighbour, spare?.remote], [false, '192.0.2.3:7300']);
  const missing = links.filter(({ connected }) => !connected);
  assert.deepEqual(missing.map(({ id }) => id).toSorted(), [idOf('vm2'), idOf('vm4')].toSorted());
});

test('links: where a member is, as links --at takes it', () => {
  // Goal: what is shown can be typed. Method: an address of each family, and one as sockets of both
  // name it, read back.
  const cases = [
    ['192.0.2.3', '192.0.2.3:7300'],
    ['2001:db8::5', '[2001:db8::5]:7300'],
    ['::ffff:192.0.2.3', '192.0.2.3:7300'],
  ] as const;
  for (const [host, text] of cases) {
    const spare = showLinks(stage(host).context).links.find(({ id }) => id === idOf('vm3'));
    assert.equal(spare?.remote, text);
    assert.deepEqual(readEndpoint('at', text, 1), { host: plainHost(host), port: 7300 });
  }
});

test('links: a degree is an even number from 6 to 12, and operators set it', async () => {
  // Goal: nothing else is written. Method: each side of the borders, then one without the role.
  const { context, written } = stage();
  for (const degree of [-2, 0, 4, 7, 14, 1e9]) {
    const failure = await setDegree(context, degree).catch((error: unknown) => error);
    assert.ok(failure instanceof Fault, `${degree}`);
    assert.match(failure.message, /degree: -?\d+: not an even number from 6 to 12/);
  }
  const node = { ...context, self: idOf('vm2') };
  await assert.rejects(setDegree(node, 8), /only an operator may/);
  assert.deepEqual(written, []);
  assert.deepEqual(await setDegree(context, 12), { degree: 12 });
  assert.deepEqual(written, [[{ path: 'intent/swarm/settings/degree', value: { count: 12 } }]]);
});

test('links: a member is looked for where a person says that it is', async () => {
  // Goal: who all moved meet again. Method: a place with its port and without, at which one answers
  // soon; one at which nobody does; what is no place for a member.
  const { context } = stage();
  const { clock, pass } = createTime();
  const sought: unknown[] = [];
  const seeking = {
    ...context,
    local: { config: { port: 7300 } } as LinkActsContext['local'],
    seek: (place: unknown) => void sought.push(place),
  };
  const vm3 = context.replica.view().members.find(({ id }) => id === idOf('vm3'));
  assert.deepEqual(await findAt({ clock }, seeking, '192.0.2.3'), { member: vm3?.name });
  const late = findAt({ clock }, seeking, '[2001:db8::7]:7301').catch((error: unknown) => error);
  await settle();
  for (let ms = 0; ms < 16_000; ms += 200) await pass(200);
  assert.match(String(await late), /no member of this mesh answers there/);
  assert.deepEqual(sought[0], { host: '192.0.2.3', port: 7300 });
  // Again and again: a dial that was under way looked elsewhere.
  assert.ok(sought.length > 10, `${sought.length}`);
  for (const place of sought.slice(1)) assert.deepEqual(place, { host: '2001:db8::7', port: 7301 });
  const count = sought.length;
  for (const place of ['nowhere', '127.0.0.1', '192.0.2.3:0', '10.10.0.7']) {
    await assert.rejects(findAt({ clock }, seeking, place), /: .*; /, place);
  }
  assert.equal(sought.length, count);
});
