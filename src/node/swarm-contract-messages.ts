/**
 * Rule: swarm contract, messages — what every Swarm promises of messages without an answer.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { Standing } from '../ports.ts';
import {
  areConnected,
  bytesOf,
  type Context,
  dial,
  type Subject,
  seedOf,
  textOf,
} from './swarm-stage.ts';

const BYTES_MAX = 64;

/** What a node hears on a channel, as `from:text`. */
const listen = (subject: Subject, channel: string): string[] => {
  const heard: string[] = [];
  subject.node.receive(channel, BYTES_MAX, (from, message) => {
    heard.push(`${from}:${textOf(message)}`);
  });
  return heard;
};

/** Registers the tests of messages. */
export const testMessages = ({ test, assert }: Context): void => {
  test('messages arrive in their order, both ways, and tell who sent them', async (stage) => {
    // Goal: the plain case. Method: ten each way over one connection, on one of two channels.
    const { world, add } = stage;
    const [a, b] = [await add(1), await add(2)];
    const [heardA, heardB, other] = [listen(a, 'm'), listen(b, 'm'), listen(b, 'n')];
    assert.equal(a.node.send(b.node.self, 'm', bytesOf('early')), false);
    await dial(a, b);
    await areConnected(world, a, b);
    const texts = Array.from({ length: 10 }, (_, n) => `m${n}`);
    for (const text of texts) {
      assert.equal(a.node.send(b.node.self, 'm', bytesOf(text)), true);
      b.node.send(a.node.self, 'm', bytesOf(text));
    }
    await world.eventually('all are there', () => heardA.length + heardB.length >= 20);
    assert.deepEqual(
      heardB,
      texts.map((text) => `${a.node.self}:${text}`),
    );
    assert.deepEqual(
      heardA,
      texts.map((text) => `${b.node.self}:${text}`),
    );
    assert.deepEqual(other, []);
  });

  test('what is too long or heard by nobody is dropped, later ones pass', async (stage) => {
    // Goal: a bound, and no harm. Method: a channel that nobody hears, and 65 bytes; then short
    // ones until one arrives.
    const { world, add } = stage;
    const [a, b] = [await add(1), await add(2)];
    await dial(a, b);
    await areConnected(world, a, b);
    a.node.send(b.node.self, 'nobody', bytesOf('to nobody'));
    const heard = listen(b, 'm');
    a.node.send(b.node.self, 'm', new Uint8Array(BYTES_MAX + 1));
    await world.eventually('a short one arrives', () => {
      a.node.send(b.node.self, 'm', bytesOf('short'));
      return heard.length > 0;
    });
    assert.deepEqual([...new Set(heard)], [`${a.node.self}:short`]);
  });

  test('of many at once the last arrive', async ({ world, add }) => {
    // Goal: old ones make room, and that is told. Method: five hundred before the stream is there;
    // the last must come, in order, and nothing blocks.
    const [a, b] = [await add(1), await add(2)];
    const heard = listen(b, 'm');
    await dial(a, b);
    await areConnected(world, a, b);
    const taken = Array.from({ length: 500 }, (_, n) =>
      a.node.send(b.node.self, 'm', bytesOf(String(n))),
    );
    assert.deepEqual([taken[0], taken[499]], [true, false]);
    await world.eventually('the last', () => heard.at(-1)?.endsWith(':499') === true);
    const numbers = heard.map((text) => Number(text.split(':')[1]));
    assert.deepEqual(
      numbers,
      numbers.toSorted((x, y) => x - y),
    );
    assert.equal(numbers.length < 500, true);
  });

  test('the holder of an invite neither sends messages nor gets any', async ({ world, add }) => {
    // Goal: a limited connection. Method: both ways, beside a member whose message passes.
    const standing = (peer: PeerKey): Standing =>
      peer === world.keyOf(seedOf(7)) ? 'invite' : 'member';
    const [a, b] = [await add(1, { standing }), await add(2, { standing })];
    const joiner = await add(7, { standing, port: null });
    const [heard, atJoiner] = [listen(a, 'm'), listen(joiner, 'm')];
    await dial(joiner, a);
    await dial(b, a);
    await areConnected(world, joiner, a);
    joiner.node.send(a.node.self, 'm', bytesOf('from outside'));
    assert.equal(a.node.send(joiner.node.self, 'm', bytesOf('to outside')), false);
    await world.eventually('a member is heard', () => {
      b.node.send(a.node.self, 'm', bytesOf('x'));
      return heard.length > 0;
    });
    assert.deepEqual([...new Set(heard)], [`${b.node.self}:x`]);
    assert.deepEqual(atJoiner, []);
  });
};
