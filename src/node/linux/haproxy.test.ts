import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import type { ProxyBackend } from '../../services/lb/haproxy-state.ts';
import {
  backend,
  balancer,
  call,
  crowd,
  endHaproxy,
  gone,
  idle,
  look,
  ONE,
  OWN,
  open,
  pairOfPorts,
  serve,
  settle,
  THREE,
  TWO,
  undo,
  who,
} from './test-haproxy.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for a user of its own';
after(endHaproxy);

test('a real haproxy carries, changes, and reloads without a loss', { skip }, async (t) => {
  // Goal: what is planned is what a real HAProxy does. Method: backends on loopback addresses, each
  // change made by our rules on our edges, and looked at by connections.
  const first = await serve(ONE);
  const { port } = first;
  const others = [await serve(TWO, port), await serve(THREE, port)];
  t.after(() => {
    for (const server of [first, ...others]) server.close();
  });
  const isReload = (line: string): boolean => line.startsWith('start') || line.endsWith('reload');

  const begun = await settle([balancer(port)]);
  assert.equal(begun.done.filter(isReload).length, 1);
  const local = begun.ports.get('web') ?? 0;

  await t.test('connections go to who has the fewest, by either family', async () => {
    // Goal: leastconn. Method: as many kept open as there are backends, time and again.
    for (const host of [OWN.ipv4, OWN.ipv6]) {
      await idle();
      const kept = [await call(local, host), await call(local, host)];
      assert.deepEqual(kept.map((each) => each.who).toSorted(), [ONE, TWO]);
      for (const { socket } of kept) socket.destroy();
    }
  });

  await t.test('backends come, go, drain and die without a reload', async () => {
    // Goal: the runtime API. Method: each change, who answers after it, and what was done for it.
    const states: readonly (readonly [readonly ProxyBackend[], readonly string[]])[] = [
      [
        [backend(ONE), backend(TWO), backend(THREE)],
        [ONE, TWO, THREE],
      ],
      [[backend(ONE), backend(TWO, { state: 'draining' })], [ONE]],
      [
        [backend(TWO), backend(THREE)],
        [TWO, THREE],
      ],
      [[backend(TWO, { state: 'out' }), backend(THREE)], [THREE]],
      [[], ['']],
      [
        [backend(ONE, { weight: 7 }), backend(TWO)],
        [ONE, TWO],
      ],
    ];
    for (const [backends, expected] of states) {
      const { done } = await settle([balancer(port, { backends })]);
      assert.deepEqual(done.filter(isReload), []);
      assert.ok(done.length > 0);
      assert.deepEqual(await crowd(local, 20), expected);
    }
  });

  await t.test('weights are shares of what is open', async () => {
    // Goal: weights with leastconn. Method: eight kept connections over weights of 3 and 1.
    const backends = [backend(ONE, { weight: 3 }), backend(TWO)];
    const { done } = await settle([balancer(port, { backends })]);
    assert.deepEqual(done.filter(isReload), []);
    await idle();
    const kept = [];
    for (let each = 0; each < 8; each += 1) kept.push(await call(local));
    assert.equal(kept.filter(({ who: name }) => name === ONE).length, 6);
    for (const { socket } of kept) socket.destroy();
  });

  await t.test('what drains keeps its connections, what hangs does not', async () => {
    // Goal: a drain loses nothing, a dead backend holds nobody. Method: a connection over both.
    await settle([balancer(port, { backends: [backend(ONE)] })]);
    const { socket } = await call(local);
    const closed = once(socket, 'close');
    await settle([balancer(port, { backends: [backend(ONE, { state: 'draining' })] })]);
    assert.equal(await who(local), '');
    const { observed } = await settle([balancer(port, { backends: [backend(TWO)] })]);
    assert.ok(observed.kind === 'running');
    const [slot] =
      observed.proxies.get('web')?.slots.filter(({ address }) => address === ONE) ?? [];
    assert.deepEqual([slot?.state, slot?.connections], ['out', 1]);
    const hung = backend(ONE, { state: 'out', isEnded: true });
    await settle([balancer(port, { backends: [hung, backend(TWO)] })]);
    await closed;
  });

  await t.test('a reload under load fails no connection', async () => {
    // Goal: hitless. Method: 8 callers without a pause while listeners and modes change 5 times.
    let isOver = false;
    const counts = { good: 0, bad: 0 };
    const callers = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        if ((await who(local)) === '') counts.bad += 1;
        else counts.good += 1;
      }
    });
    const kept = await call(local);
    const isCut = once(kept.socket, 'close').then(() => true);
    for (const mode of ['random', 'roundrobin', 'source', 'leastconn'] as const) {
      const { done, ports } = await settle([balancer(port, { mode })]);
      assert.equal(done.filter(isReload).length, 1);
      assert.equal(ports.get('web'), local);
    }
    await settle([balancer(port), balancer(port, { name: 'app' })]);
    isOver = true;
    await Promise.all(callers);
    assert.equal(counts.bad, 0);
    assert.ok(counts.good > 100, `${counts.good} calls`);
    assert.equal(await Promise.race([isCut, Promise.resolve(false)]), false);
    kept.socket.destroy();
  });

  await t.test('a backend that refuses is left out until it answers again', async () => {
    // Goal: passive health. Method: its server closes, and comes back.
    await settle([balancer(port, { mode: 'roundrobin' })]);
    first.close();
    assert.deepEqual(await crowd(local, 20), [TWO]);
    const observed = await look();
    assert.ok(observed.kind === 'running');
    const down = observed.proxies.get('web')?.slots.filter(({ isDown }) => isDown);
    assert.deepEqual(
      down?.map(({ address }) => address),
      [ONE],
    );
    const again = await serve(ONE, port);
    t.after(() => again.close());
    const deadlineMs = performance.now() + 20_000;
    while ((await crowd(local, 4)).length < 2) assert.ok(performance.now() < deadlineMs);
  });

  await t.test('clients stay over reloads, who has changed slots or not', async () => {
    // Goal: a sticky client is not moved by what does not concern it. Method: many clients, each at
    // an address of its own; reloads one upon the other, after a backend went and one came. The
    // twin: without stickiness they move.
    const clients = Array.from({ length: 12 }, (_, at) => `127.77.1.${at + 1}`);
    const all = async (): Promise<readonly string[]> => {
      const said: string[] = [];
      for (const from of clients) said.push(await who(local, OWN.ipv4, from));
      return said;
    };
    const sticky = { mode: 'random', stickyMs: 600_000 } as const;
    await settle([balancer(port, sticky)]);
    await settle([balancer(port, { ...sticky, backends: [backend(TWO)] })]);
    const backends = [backend(ONE), backend(TWO), backend(THREE)];
    await settle([balancer(port, { ...sticky, backends: [backend(TWO), backend(THREE)] })]);
    await settle([balancer(port, { ...sticky, backends })]);
    const before = await all();
    assert.equal(new Set(before).size, 3);
    for (let round = 0; round < 5; round += 1) {
      for (const mode of ['roundrobin', 'leastconn', 'random'] as const) {
        const { done } = await settle([balancer(port, { ...sticky, mode, backends })]);
        assert.equal(done.filter(isReload).length, 1);
      }
      assert.deepEqual(await all(), before);
    }
    await settle([balancer(port, { mode: 'random', backends })]);
    assert.notDeepEqual([...(await all()), ...(await all())], [...before, ...before]);
  });

  await t.test('nobody wants it: what is open ends by itself, and then it goes', async () => {
    // Goal: to delete a balancer cuts nobody. Method: a connection that is kept; new ones are
    // refused; it ends, and so does HAProxy. The twin: an undone ledger cuts.
    await settle([balancer(port)]);
    const { socket } = await call(local);
    const closed = once(socket, 'close').then(() => true);
    const { observed } = await settle([]);
    assert.ok(observed.kind === 'running' && observed.formerWorkers === 1);
    assert.equal(await who(local), '');
    assert.equal(await Promise.race([closed, Promise.resolve(false)]), false);
    socket.destroy();
    await gone();
    await settle([balancer(port)]);
    const other = await call(local);
    const isCut = once(other.socket, 'close');
    await settle([]);
    await undo();
    await isCut;
    assert.equal(await open().process.isRunning('haproxy'), false);
    await settle([balancer(port)]);
  });

  await t.test('over a range each port has its own', async () => {
    // Goal: ports keep their distance. Method: two ports below the local ones, at each a server of
    // its own.
    const low = await pairOfPorts();
    const two = [await serve(ONE, low), await serve(ONE, low + 1)];
    t.after(() => {
      for (const server of two) server.close();
    });
    const range = balancer(low, { ports: [8_000, 8_001], backends: [backend(ONE)] });
    const { ports } = await settle([{ ...range, name: 'range.a' }]);
    const at = ports.get('range.a') ?? 0;
    const { socket } = await call(at + 1);
    const peers = await new Promise((resolve) => {
      two[1]?.getConnections((_, count) => resolve(count));
    });
    assert.equal(peers, 1);
    socket.destroy();
    assert.equal(await who(at), ONE);
  });

  await t.test(
    'it outlives us, comes back when killed, and goes when nobody wants it',
    async () => {
      // Goal: a process of ours. Method: doors opened anew each time; kill it; want nothing.
      const { ports } = await settle([balancer(port)]);
      assert.deepEqual((await settle([balancer(port)])).done, []);
      assert.equal(await open().process.isRunning('haproxy'), true);
      await open().process.stop('haproxy');
      assert.equal(await who(ports.get('web') ?? 0), '');
      const { done, ports: later } = await settle([balancer(port)]);
      assert.equal(done.filter(isReload).length, 1);
      assert.deepEqual(await crowd(later.get('web') ?? 0, 20), [ONE, TWO]);
      await gone();
    },
  );
});
