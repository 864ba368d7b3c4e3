/**
 * Rule: swarm contract — what every Swarm promises, run on the Linux edge and on the simulator's.
 *
 * The suite asks the world for hosts, opens nodes on them and watches from outside. It never
 * sleeps: what takes time is awaited through `eventually`, and a wait for an answer ends by the
 * port's own timeouts, so the world's clock must go by itself.
 */
import type { PeerKey } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Endpoint, Standing, SwarmNode } from '../ports.ts';
import type { Suite } from './contract.ts';
import { isCutOff } from './rules/gated.ts';
import { testMessages } from './swarm-contract-messages.ts';
import { testGossip, testInvites, testRequests } from './swarm-contract-traffic.ts';
import {
  areApart,
  areConnected,
  bytesOf,
  type Context,
  createStage,
  dial,
  echo,
  faultOf,
  isConnected,
  OPEN,
  OVERLAY,
  PATIENCE_MS,
  reaches,
  type Stage,
  type Subject,
  type SwarmWorld,
  seedOf,
  textOf,
} from './swarm-stage.ts';

/** Registers the suite. */
export function testSwarmContract(suite: Suite, open: () => SwarmWorld): void {
  const { assert } = suite;
  const test = (name: string, body: (stage: Stage) => Promise<void>): void =>
    suite.test(`swarm: ${name}`, async () => {
      const opened: SwarmNode[] = [];
      try {
        await body(createStage(open(), opened));
      } finally {
        await Promise.all(opened.map((node) => node.stop()));
      }
    });
  const context = { test, assert };
  testConnections(context);
  testRefusals(context);
  testRequests(context);
  testMessages(context);
  testGossip(context);
  testInvites(context);
  testEnds(context);
}

const testConnections = ({ test, assert }: Context): void => {
  test('a dial connects two members, and both say so once', async ({ world, add }) => {
    // Goal: the plain case, with its negative twin. Method: not connected before, connected after,
    // both told.
    const [a, b] = [await add(1), await add(2)];
    assert.deepEqual([a.node.self, b.node.self], [world.keyOf(seedOf(1)), world.keyOf(seedOf(2))]);
    assert.deepEqual([a.node.connections(), b.node.connections()], [[], []]);
    await dial(a, b);
    assert.equal(isConnected(a, b), true);
    await areConnected(world, a, b);
    assert.deepEqual(
      [a.node.connections()[0]?.direction, b.node.connections()[0]?.direction],
      ['outbound', 'inbound'],
    );
    assert.deepEqual(a.node.connections()[0]?.remote, b.endpoint);
    assert.deepEqual([a.changes, b.changes], [[b.node.self], [a.node.self]]);
    await world.eventually('a round trip is measured', () => {
      const rttMs = a.node.connections()[0]?.rttMs ?? null;
      return rttMs !== null && rttMs >= 0;
    });
  });

  test('a dial to who is connected resolves and changes nothing', async ({ world, add }) => {
    // Goal: dialling twice is harmless. Method: again with no endpoint at all, and from the other
    // side.
    const [a, b] = [await add(1), await add(2)];
    await dial(a, b);
    await areConnected(world, a, b);
    await a.node.dial(b.node.self, [], PATIENCE_MS);
    await dial(b, a);
    assert.deepEqual([a.node.connections().length, b.node.connections().length], [1, 1]);
  });

  test('two that dial each other at once see one connection each', async ({ world, add }) => {
    // Goal: no duplicate, no flapping. Method: both dial; nobody is ever told of a peer that is not
    // there.
    const [a, b] = [await add(1), await add(2)];
    const gone: PeerKey[] = [];
    a.node.onConnectionChange(() => void (isConnected(a, b) || gone.push(b.node.self)));
    b.node.onConnectionChange(() => void (isConnected(b, a) || gone.push(a.node.self)));
    await Promise.all([dial(a, b), dial(b, a)]);
    await areConnected(world, a, b);
    b.node.handle('echo', OPEN, echo);
    a.node.handle('echo', OPEN, echo);
    const answers = await Promise.all([
      a.node.request(b.node.self, 'echo', bytesOf('one'), PATIENCE_MS),
      b.node.request(a.node.self, 'echo', bytesOf('two'), PATIENCE_MS),
    ]);
    assert.deepEqual(answers.map(textOf), ['one', 'two']);
    assert.deepEqual([a.node.connections().length, b.node.connections().length], [1, 1]);
    assert.deepEqual(gone, []);
  });

  test('connections are sorted by peer', async ({ world, add }) => {
    // Goal: one order on every host. Method: a node that three others dial.
    const hub = await add(1);
    const others = [await add(2), await add(3), await add(4)];
    for (const other of others) await dial(other, hub);
    await world.eventually('three', () => hub.node.connections().length === 3);
    const peers = hub.node.connections().map(({ peer }) => peer);
    assert.deepEqual(peers, peers.toSorted());
  });

  test('endpoints are tried in order until one answers', async ({ world, add }) => {
    // Goal: a wrong address does not hide a right one. Method: one inside the overlay, one dead,
    // then the right one.
    const [a, b] = [await add(1), await add(2)];
    const dead = (await world.host()).endpoint;
    const inside = { host: OVERLAY, port: b.endpoint.port };
    await a.node.dial(b.node.self, [inside, dead, b.endpoint], PATIENCE_MS);
    assert.equal(isConnected(a, b), true);
  });
};

const testRefusals = ({ test, assert }: Context): void => {
  const refuses = async (
    from: Subject,
    to: Subject,
    at: Endpoint,
    { byItself } = { byItself: false },
  ): Promise<void> => {
    const failure = await from.node.dial(to.node.self, [at], PATIENCE_MS).then(
      () => null,
      (error: unknown) => error,
    );
    assert.equal(failure instanceof Fault ? failure.code : failure, 'refused');
    assert.equal(isCutOff(failure), byItself, String(failure));
    assert.deepEqual([from.node.connections(), to.node.connections()], [[], []]);
    assert.deepEqual([from.changes, to.changes], [[], []]);
  };

  test('a stranger is refused, whoever thinks so', async ({ world, add }) => {
    // Goal: the gate, both ways; who cuts is told apart. Method: b takes a for a
    // stranger; twin: c dials d, whom it takes for one itself.
    const strangerIs = (n: number) => (peer: PeerKey) =>
      peer === world.keyOf(seedOf(n)) ? 'stranger' : 'member';
    const [a, b] = [await add(1), await add(2, { standing: strangerIs(1) })];
    await refuses(a, b, b.endpoint, { byItself: true });
    const [c, d] = [await add(3, { standing: strangerIs(4) }), await add(4)];
    await refuses(c, d, d.endpoint);
    await dial(a, d);
    assert.equal(isConnected(a, d), true);
  });

  test('another pre-shared key is refused', async ({ add }) => {
    // Goal: a foreign mesh is not entered. Method: one byte of difference.
    const [a, b] = [await add(1), await add(2, { psk: seedOf(98) })];
    await refuses(a, b, b.endpoint);
  });

  test('somebody else at the endpoint is refused', async ({ add }) => {
    // Goal: the identity is pinned. Method: the key of b at the address of c.
    const [a, b, c] = [await add(1), await add(2), await add(3)];
    await refuses(a, b, c.endpoint);
    assert.deepEqual(c.node.connections(), []);
  });

  test('an address inside the overlay is never dialled', async ({ add }) => {
    // Goal: the swarm does not run over the VPN. Method: such an address alone.
    const [a, b] = [await add(1), await add(2)];
    await refuses(a, b, { host: OVERLAY, port: b.endpoint.port });
  });

  test('where nobody answers, the dial times out', async ({ world, add }) => {
    // Goal: an absent host is told from a refusal. Method: a free endpoint, and none at all.
    const a = await add(1);
    const { endpoint } = await world.host();
    const key = world.keyOf(seedOf(2));
    assert.equal((await faultOf(() => a.node.dial(key, [endpoint], 500))).code, 'timeout');
    assert.equal((await faultOf(() => a.node.dial(key, [], 500))).code, 'timeout');
  });

  test('a taken port is refused by name', async ({ world, addOn }) => {
    // Goal: the fault that `init` shows. Method: two nodes on one port; a third without a port is
    // fine.
    const host = await world.host();
    await addOn(host, 1);
    assert.deepEqual(await faultOf(() => addOn(host, 2)), { code: 'refused', field: 'port' });
    await addOn(host, 3, { port: null });
  });
};

const testEnds = ({ test, assert }: Context): void => {
  test('hanging up closes for both, and a changed standing keeps them apart', async (stage) => {
    // Goal: an eviction. Method: hang up and redial (works), then hang up with the standing changed
    // (does not).
    const { world, add } = stage;
    let hers: Standing = 'member';
    const [a, b] = [await add(1), await add(2, { standing: () => hers })];
    await b.node.hangUp(a.node.self);
    await dial(a, b);
    await areConnected(world, a, b);
    await b.node.hangUp(a.node.self);
    await areApart(world, a, b);
    await dial(a, b);
    await areConnected(world, a, b);
    await reaches(world, a, b);
    hers = 'stranger';
    await b.node.hangUp(a.node.self);
    await areApart(world, a, b);
    assert.equal((await faultOf(() => dial(a, b))).code, 'refused');
    assert.deepEqual(b.node.connections(), []);
    assert.equal(b.changes.length, 4);
  });

  test('a stopped node is gone for the others and frees its port', async ({
    world,
    add,
    addOn,
  }) => {
    // Goal: a restart. Method: stop one, open it again on the same port, dial again, and gossip
    // flows again.
    const [a, host] = [await add(1), await world.host()];
    const b = await addOn(host, 2);
    await dial(a, b);
    await areConnected(world, a, b);
    await b.node.stop();
    await b.node.stop();
    await areApart(world, a, b);
    const again = await addOn(host, 2);
    await dial(a, again);
    await areConnected(world, a, again);
    await reaches(world, a, again);
    await reaches(world, again, a);
  });

  test('an ended subscription is silent', async ({ world, add }) => {
    // Goal: Unsubscribe. Method: two listeners, one of them ended, twice.
    const [a, b] = [await add(1), await add(2)];
    let told = 0;
    const end = a.node.onConnectionChange(() => {
      told += 1;
    });
    end();
    end();
    await dial(b, a);
    await world.eventually('the other listener is told', () => a.changes.length === 1);
    assert.equal(told, 0);
  });
};
