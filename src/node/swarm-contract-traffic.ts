/**
 * Rule: swarm contract, traffic — what every Swarm promises of requests, gossip and the connections
 * of invite holders.
 */
import type { PeerKey } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { GossipVerdict, Standing } from '../ports.ts';
import {
  areConnected,
  bytesOf,
  type Context,
  dial,
  echo,
  faultOf,
  isConnected,
  OPEN,
  PATIENCE_MS,
  reaches,
  type Subject,
  seedOf,
  textOf,
} from './swarm-stage.ts';

/** Registers the tests of requests. */
export const testRequests = ({ test, assert }: Context): void => {
  test('a request is answered, and the handler knows who asks', async ({ world, add }) => {
    // Goal: the plain case, over one connection in both directions. Method: an echo that notes who
    // asked.
    const [a, b] = [await add(1), await add(2)];
    const asked: unknown[] = [];
    const noting = async (from: { readonly peer: PeerKey; readonly standing: Standing }) => {
      asked.push([from.peer, from.standing]);
      return bytesOf('yes');
    };
    a.node.handle('q', OPEN, noting);
    b.node.handle('q', OPEN, noting);
    await dial(a, b);
    await areConnected(world, a, b);
    await a.node.request(b.node.self, 'q', bytesOf('?'), PATIENCE_MS);
    const answer = await b.node.request(a.node.self, 'q', bytesOf(''), PATIENCE_MS);
    assert.equal(textOf(answer), 'yes');
    assert.deepEqual(asked, [
      [a.node.self, 'member'],
      [b.node.self, 'member'],
    ]);
  });

  test('many requests at once are all answered, each with its own', async ({ add }) => {
    // Goal: streams do not mix. Method: ten at once, a megabyte each.
    const [a, b] = [await add(1), await add(2)];
    const bytesMax = 1_048_576;
    b.node.handle('big', { bytesMax, inviteMayUse: false }, echo);
    await dial(a, b);
    const bodies = Array.from({ length: 10 }, (_, n) => new Uint8Array(bytesMax).fill(n));
    const ask = (body: Uint8Array) => a.node.request(b.node.self, 'big', body, 4 * PATIENCE_MS);
    const answers = await Promise.all(bodies.map(ask));
    assert.equal(
      answers.every((answer, n) => answer.every((byte) => byte === n)),
      true,
    );
    assert.deepEqual([...new Set(answers.map(({ byteLength }) => byteLength))], [bytesMax]);
  });

  test('no connection, no such protocol, and an ended handler are refused', async ({ add }) => {
    // Goal: each way of not being served. Method: before the dial, an unknown name, after the end
    // of the handler.
    const [a, b] = [await add(1), await add(2)];
    const ask = (name: string) => () =>
      a.node.request(b.node.self, name, bytesOf('x'), PATIENCE_MS);
    const end = b.node.handle('echo', OPEN, echo);
    assert.equal((await faultOf(ask('echo'))).code, 'refused');
    await dial(a, b);
    assert.equal((await faultOf(ask('other'))).code, 'refused');
    assert.equal(textOf(await ask('echo')()), 'x');
    end();
    end();
    assert.equal((await faultOf(ask('echo'))).code, 'refused');
    b.node.handle('echo', OPEN, echo);
    assert.equal(textOf(await ask('echo')()), 'x');
  });

  test('a handler that throws a Fault closes without an answer', async ({ add }) => {
    // Goal: no half answer, and the connection stays. Method: the first request fails, the second
    // does not.
    const [a, b] = [await add(1), await add(2)];
    b.node.handle('q', OPEN, async (_from, request) => {
      if (request.byteLength > 0) return request;
      throw new Fault('refused', { field: 'x', value: 'x', why: 'x', remedy: 'x' });
    });
    await dial(a, b);
    const ask = (text: string) => () =>
      a.node.request(b.node.self, 'q', bytesOf(text), PATIENCE_MS);
    assert.equal((await faultOf(ask(''))).code, 'refused');
    assert.equal(textOf(await ask('fine')()), 'fine');
  });

  test('a handler that is too slow is a time-out', async ({ add }) => {
    // Goal: nobody waits for ever. Method: a handler that never answers.
    const [a, b] = [await add(1), await add(2)];
    b.node.handle('q', OPEN, () => new Promise(() => {}));
    await dial(a, b);
    const ask = () => a.node.request(b.node.self, 'q', bytesOf('x'), 300);
    assert.equal((await faultOf(ask)).code, 'timeout');
    assert.equal(isConnected(a, b), true);
  });

  test('what is longer than bytesMax is refused, both ways', async ({ add }) => {
    // Goal: memory is bounded. Method: 64 bytes pass, 65 do not, as a request and as an answer.
    const [a, b] = [await add(1), await add(2)];
    let served = 0;
    b.node.handle('echo', OPEN, async (_from, request) => {
      served += 1;
      return request;
    });
    b.node.handle('grow', OPEN, async (_from, request) => new Uint8Array(request.byteLength + 1));
    await dial(a, b);
    const ask = (name: string, length: number) => () =>
      a.node.request(b.node.self, name, new Uint8Array(length), PATIENCE_MS);
    assert.equal((await ask('echo', 64)()).byteLength, 64);
    assert.equal((await faultOf(ask('echo', 65))).code, 'refused');
    assert.equal(served, 1);
    assert.equal((await ask('grow', 63)()).byteLength, 64);
    assert.equal((await faultOf(ask('grow', 64))).code, 'refused');
  });
};

/** Registers the tests of gossip. */
export const testGossip = ({ test, assert }: Context): void => {
  test('frames reach the others, with two members and with three', async ({ world, add }) => {
    // Goal: gossip below its degree. Method: two, both ways; then a third that only the second is
    // connected to.
    const [a, b] = [await add(1), await add(2)];
    await dial(a, b);
    await reaches(world, a, b);
    await reaches(world, b, a);
    const c = await add(3);
    await dial(c, b);
    await reaches(world, a, c);
    await reaches(world, c, a);
    assert.equal(isConnected(a, c), false);
    assert.equal(
      b.judged.every(({ from }) => from === a.node.self || from === c.node.self),
      true,
    );
  });

  test('only what the judge accepts is passed on', async ({ world, add }) => {
    // Goal: the judge is the gate. Method: a line of three whose middle ignores one frame and
    // rejects one; a third passes.
    const verdict = (text: string): GossipVerdict =>
      text === 'ignore' ? 'ignore' : text === 'reject' ? 'reject' : 'accept';
    const [a, b, c] = [await add(1), await add(2, { verdict }), await add(3)];
    await dial(a, b);
    await dial(c, b);
    await reaches(world, a, c);
    for (const text of ['ignore', 'reject']) void a.node.publish(bytesOf(text));
    void a.node.publish(bytesOf('after'));
    await world.eventually('the last one is there', () =>
      c.judged.some(({ text }) => text === 'after'),
    );
    const texts = (subject: Subject) => new Set(subject.judged.map(({ text }) => text));
    assert.deepEqual([texts(b).has('ignore'), texts(b).has('reject')], [true, true]);
    assert.deepEqual([texts(c).has('ignore'), texts(c).has('reject')], [false, false]);
  });

  test('publishing to nobody is harmless', async ({ add }) => {
    // Goal: best effort. Method: a node alone, a frame that is too large for gossip, and one after
    // the end.
    const a = await add(1);
    assert.deepEqual(await a.node.publish(bytesOf('x')), []);
    assert.deepEqual(await a.node.publish(new Uint8Array(2_000_000)), []);
    await a.node.stop();
    assert.deepEqual(await a.node.publish(bytesOf('y')), []);
    assert.deepEqual(a.judged, []);
  });

  test('publishing tells to whom a frame went, which is nobody the next time', async (stage) => {
    // Goal: who publishes can do otherwise for those whom gossip does not serve. Method: one that
    // hears gossip; a frame that is published again, and one that it sent itself.
    const { world, add } = stage;
    const [a, b] = [await add(1), await add(2)];
    await dial(a, b);
    await reaches(world, b, a);
    await reaches(world, a, b);
    assert.deepEqual(await a.node.publish(bytesOf('once')), [b.node.self]);
    assert.deepEqual(await a.node.publish(bytesOf('once')), []);
    const heard = a.judged.at(-1)?.text ?? '';
    assert.deepEqual(await a.node.publish(bytesOf(heard)), []);
  });
};

/** Registers the tests of invites. */
export const testInvites = ({ test, assert }: Context): void => {
  test('the holder of an invite may do what invites may, and nothing else', async (stage) => {
    // Goal: a limited connection. Method: join is served, sync is not, no frame passes either way,
    // and a member that does the same things may do them.
    const { world, add } = stage;
    const standing = (peer: PeerKey): Standing =>
      peer === world.keyOf(seedOf(7)) ? 'invite' : 'member';
    const [a, b] = [await add(1, { standing }), await add(2, { standing })];
    const joiner = await add(7, { standing, port: null });
    const seen: Standing[] = [];
    a.node.handle('join', { bytesMax: 64, inviteMayUse: true }, async (from, request) => {
      seen.push(from.standing);
      return request;
    });
    a.node.handle('sync', OPEN, echo);
    joiner.node.handle('sync', OPEN, echo);
    await dial(joiner, a);
    await dial(b, a);
    await areConnected(world, joiner, a);
    const ask = (from: Subject, name: string, to: Subject) => () =>
      from.node.request(to.node.self, name, bytesOf('x'), PATIENCE_MS);
    assert.equal(textOf(await ask(joiner, 'join', a)()), 'x');
    assert.equal((await faultOf(ask(joiner, 'sync', a))).code, 'refused');
    assert.equal((await faultOf(ask(a, 'sync', joiner))).code, 'refused');
    assert.equal(textOf(await ask(b, 'sync', a)()), 'x');
    await ask(b, 'join', a)();
    assert.deepEqual(seen, ['invite', 'member']);
    await reaches(world, a, b);
    void joiner.node.publish(bytesOf('from outside'));
    await reaches(world, b, a);
    assert.deepEqual(joiner.judged, []);
    assert.equal(
      a.judged.some(({ from }) => from === joiner.node.self),
      false,
    );
  });
};
