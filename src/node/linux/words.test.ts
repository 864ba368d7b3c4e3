import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, seedOf, world } from '../../crdt/test-world.ts';
import type { SwarmNode } from '../../ports.ts';
import { createStage, dial } from '../swarm-stage.ts';
import { createWords } from '../words.ts';
import { openClock } from './clock.ts';
import { openCrypto } from './crypto.ts';
import { openRandom } from './random.ts';
import { openLoopback, silentLog } from './test-swarm-loopback.ts';

const SERVICE = 'lb';
const NAMES = ['founder', 'vm2', 'vm3'];

test('words travel over real connections, the longest too, and to who connects later', async () => {
  // Goal: words on the real swarm. Method: three nodes in a row on loopback; the first says
  // something, then the longest word; the third connects after that, and hears it by comparison.
  const view = world()
    .invites('door', { uses: 2 })
    .admits('vm2', 'door')
    .admits('vm3', 'door')
    .view();
  const loopback = openLoopback();
  const opened: SwarmNode[] = [];
  const stage = createStage(loopback, opened);
  const stop = new AbortController();
  const actors = await Promise.all(
    NAMES.map(async (name, n) => {
      const subject = await stage.add(n, { seed: seedOf(name) });
      const ports = {
        clock: openClock(),
        random: openRandom(),
        crypto: openCrypto(),
        log: silentLog,
      };
      const speaker = { self: idOf(name), seed: seedOf(name), meshId: view.mesh.id };
      const words = createWords(ports, { ...speaker, life: 1, view: () => view });
      return { subject, words, done: words.run(subject.node, stop.signal) };
    }),
  );
  const [first, second, third] = actors;
  assert.ok(first && second && third);
  const hears = (by: typeof first, text: string) =>
    loopback.eventually('it is heard', () => by.words.of(SERVICE).get(idOf('founder')) === text);
  try {
    await dial(first.subject, second.subject);
    first.words.say(SERVICE, 'up');
    await hears(second, 'up');
    const long = 'x'.repeat(16_384);
    first.words.say(SERVICE, long);
    await hears(second, long);
    await dial(third.subject, second.subject);
    await hears(third, long);
    first.words.say(SERVICE, 'down');
    await hears(third, 'down');
  } finally {
    stop.abort();
    await Promise.all(actors.map(({ done }) => done));
    await Promise.all(opened.map((node) => node.stop()));
  }
});
