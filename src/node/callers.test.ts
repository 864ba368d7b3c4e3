import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '../crdt/codec.ts';
import { type MemberId, memberIdOf } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Net, RequestHandler, SwarmNode } from '../ports.ts';
import type { Sign } from '../sign.ts';
import { askCallers, serveCallers } from './callers.ts';

const BYTES_MAX = 256;
const idOf = (n: number): MemberId => memberIdOf(new Uint8Array(32).fill(n));
const REMOTE = { host: '192.0.2.7', port: 40_000 };

/** A member that serves, on made-up ports. `reached`: what comes of its connections, by host. */
function openServer(reached: Readonly<Record<string, string>>) {
  const state = { nowMs: 0, tried: [] as Sign[] };
  let handler: RequestHandler | null = null;
  const swarm: Pick<SwarmNode, 'handle'> = {
    handle: (_protocol, _options, given) => {
      handler = given;
      return () => undefined;
    },
  };
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => state.nowMs,
    sleep: () => Promise.resolve(),
  };
  const net: Pick<Net, 'glance'> = {
    glance: async (sign) => {
      state.tried.push(sign);
      return sign.kind === 'reach' ? (reached[sign.host] ?? 'silent') : '';
    },
  };
  const members = [{ id: idOf(2), hasLeft: false, ipv4: '10.10.0.2', ipv6: 'fd00::2' }];
  const view = () => ({ members }) as unknown as View;
  serveCallers({ clock, net }, { view, ports: () => [22, 2222] }, swarm);
  const ask = async (wish: unknown, peer: MemberId = idOf(2), standing = 'member') => {
    if (handler === null) throw new Error('nobody serves');
    const from = { peer, standing, remote: REMOTE } as Parameters<RequestHandler>[0];
    const read = decode(await handler(from, encode(wish as never)), BYTES_MAX);
    return read.ok ? { ...Object(read.value) } : null;
  };
  return { state, ask };
}

const WISH = { v: 1, port: 22, ways: ['outside', 'inside'] };

test('callers: a member is called where its connection comes from, and in the mesh', async () => {
  // Goal: both ways. Method: one of them answers; the ways that are asked for, and no other.
  const { state, ask } = openServer({ '192.0.2.7': 'answered', '10.10.0.2': 'refused' });
  assert.deepEqual(await ask(WISH), { v: 1, outside: 'answered', inside: 'refused' });
  assert.deepEqual(await ask({ ...WISH, ways: ['inside'] }), { v: 1, inside: 'refused' });
  assert.deepEqual(
    state.tried.map((sign) => (sign.kind === 'reach' ? `${sign.host} ${sign.port}` : '')),
    ['192.0.2.7 22', '10.10.0.2 22', '10.10.0.2 22'],
  );
});

test('callers: nobody scans by way of a member', async () => {
  // Goal: the bounds. Method: other ports, other forms, a host of its own choice, strangers, and
  // more questions than the burst; each is refused, and nothing was opened; after a while again.
  const { state, ask } = openServer({});
  const wishes: readonly (readonly [unknown, MemberId?, string?])[] = [
    [{ ...WISH, port: 23 }],
    [{ ...WISH, port: 0 }],
    [{ ...WISH, ways: ['beside'] }],
    [{ ...WISH, ways: ['inside', 'inside', 'inside'] }],
    [{ ...WISH, v: 2 }],
    ['x'],
    [WISH, idOf(3)],
    [WISH, idOf(2), 'stranger'],
    [WISH, idOf(2), 'invite'],
  ];
  for (const [wish, peer, standing] of wishes) {
    await assert.rejects(ask(wish, peer, standing), Fault, JSON.stringify(wish));
  }
  assert.deepEqual(state.tried, []);
  await ask({ ...WISH, ways: ['outside'], host: '203.0.113.1' });
  assert.deepEqual(state.tried, [{ kind: 'reach', host: '192.0.2.7', port: 22 }]);
  // A wrong port counts as well.
  for (let count = 0; count < 6; count += 1) await ask(WISH);
  await assert.rejects(ask(WISH), /too often/);
  state.nowMs = 1_500;
  await ask(WISH);
});

/** Members of whom each answers in its own way, and how often they were asked. */
function openSwarm(answers: Readonly<Record<MemberId, readonly unknown[]>>, away: MemberId[] = []) {
  const asked: MemberId[] = [];
  const connections = Object.keys(answers)
    .filter((id) => !away.includes(id as MemberId))
    .map((peer) => ({ peer, remote: REMOTE, direction: 'outbound', rttMs: 1 }));
  const request = async (peer: string): Promise<Uint8Array> => {
    const id = peer as MemberId;
    const turn = asked.filter((each) => each === id).length;
    asked.push(id);
    const answer = answers[id]?.[turn];
    if (answer instanceof Uint8Array) return answer;
    if (answer !== undefined) return encode(answer as never);
    const facts = { field: 'peer', value: id, why: 'does not know the protocol', remedy: '' };
    throw new Fault('refused', facts);
  };
  const swarm = { connections: () => connections, request };
  return { swarm: swarm as unknown as Pick<SwarmNode, 'connections' | 'request'>, asked };
}

const CLOCK = { monotonicMs: () => 0 };
const callers = (rounds: number) =>
  ({ from: [idOf(2), idOf(3)], ways: ['outside'], port: 22, rounds }) as const;
const ANSWER = { v: 1, outside: 'answered' };
const SILENT = { v: 1, outside: 'silent' };

test('callers: whoever tells is heard, and a lost packet is made good', async () => {
  // Goal: bounded rounds. Method: silence, then an answer of one; silence to the end; a reset,
  // which no loss makes; who knows no such question, is away, or talks nonsense tells nothing.
  const late = openSwarm({ [idOf(2)]: [SILENT, ANSWER], [idOf(3)]: [SILENT, SILENT] });
  const told = await askCallers(CLOCK, late.swarm, callers(3));
  const lines = [`${idOf(2)} outside answered`, `${idOf(3)} outside silent`].toSorted();
  assert.equal(told, lines.join('\n'));
  assert.equal(late.asked.length, 4);
  const never = openSwarm({ [idOf(2)]: [SILENT, SILENT, SILENT] });
  assert.equal(await askCallers(CLOCK, never.swarm, callers(3)), `${idOf(2)} outside silent`);
  assert.equal(never.asked.length, 3);
  const reset = openSwarm({ [idOf(2)]: [{ v: 1, outside: 'refused' }] });
  assert.equal(await askCallers(CLOCK, reset.swarm, callers(3)), `${idOf(2)} outside refused`);
  assert.equal(reset.asked.length, 1);
  const odd = openSwarm({ [idOf(2)]: [], [idOf(3)]: [new Uint8Array([1, 2])] });
  assert.equal(await askCallers(CLOCK, odd.swarm, callers(3)), '');
  const away = openSwarm({ [idOf(2)]: [ANSWER] }, [idOf(2)]);
  assert.equal(await askCallers(CLOCK, away.swarm, callers(3)), '');
  assert.deepEqual(away.asked, []);
});

test('callers: a packet that is lost later takes nothing back', async () => {
  // Goal: an open round counts. Method: one hears a reset and then nothing, as the other does
  // always; twins: nothing and then a reset; a reset and then an answer.
  const told = async (first: string, second: string): Promise<string> => {
    const answers = [first, second, second].map((outside) => ({ v: 1, outside }));
    const { swarm } = openSwarm({ [idOf(2)]: answers, [idOf(3)]: [SILENT, SILENT, SILENT] });
    const lines = (await askCallers(CLOCK, swarm, callers(3))).split('\n');
    return lines.find((line) => line.startsWith(idOf(2)))?.split(' ')[2] ?? '';
  };
  assert.equal(await told('refused', 'silent'), 'refused');
  assert.equal(await told('silent', 'refused'), 'refused');
  assert.equal(await told('refused', 'answered'), 'answered');
});

test('callers: one that never answers does not hold up the rounds', async () => {
  // Goal: a bound of all rounds. Method: a clock that goes on by what each question takes: until
  // its end, or half of that; how long each may take, in ms.
  for (const [part, waits] of [
    [1, [3_000, 2_000]],
    [0.5, [3_000, 3_000, 2_000]],
  ] as const) {
    const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
    const given: number[] = [];
    const { swarm } = openSwarm({ [idOf(2)]: [SILENT, SILENT, SILENT] });
    const request: typeof swarm.request = (peer, protocol, bytes, timeoutMs) => {
      given.push(timeoutMs);
      clock.nowMs += timeoutMs * part;
      return swarm.request(peer, protocol, bytes, timeoutMs);
    };
    const told = await askCallers(clock, { ...swarm, request }, callers(3));
    assert.equal(told, `${idOf(2)} outside silent`);
    assert.deepEqual(given, waits);
  }
});

test('callers: who gets an answer by all ways is enough amid a trial', async () => {
  // Goal: a daemon that stands still holds up no look. Method: one that answers and one that never
  // does. Twins: asked once, and with a way that was not answered, the other is waited for.
  for (const [rounds, answer, isOver] of [
    [3, ANSWER, true],
    [1, ANSWER, false],
    [3, { v: 1, outside: 'refused' }, false],
  ] as const) {
    const { swarm } = openSwarm({ [idOf(2)]: [answer], [idOf(3)]: [] });
    const held = Promise.withResolvers<Uint8Array>();
    const request: typeof swarm.request = (peer, ...rest) =>
      peer === idOf(3) ? held.promise : swarm.request(peer, ...rest);
    const asking = askCallers(CLOCK, { ...swarm, request }, callers(rounds));
    const first = await Promise.race([asking, nextTurn()]);
    assert.equal(first !== null, isOver, `${rounds} ${answer.outside}`);
    held.resolve(encode(ANSWER));
    assert.match(await asking, new RegExp(`${idOf(2)} outside ${answer.outside}`));
  }
});

/** When all that can go on has. */
const nextTurn = () => new Promise<null>((resolve) => setImmediate(resolve, null));
