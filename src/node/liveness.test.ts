import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../crdt/test-world.ts';
import { Fault } from '../fault.ts';
import type { Disk, SwarmNode } from '../ports.ts';
import { openCrypto } from './linux/crypto.ts';
import { openLiveness } from './liveness.ts';
import { abbreviate, createSwimSigner, decodeSwim, encodeSwim } from './rules/swim-message.ts';
import { LIFE } from './rules/swim-sighting.ts';
import { createTime } from './test-time.ts';

const crypto = openCrypto();
const silent = () => undefined;

/** A disk in memory; `isFull`: it takes nothing. */
const memoryDisk = () => {
  const files = new Map<string, Uint8Array>();
  const disk = {
    isFull: false,
    read: async (name: string) => files.get(name) ?? null,
    write: async (name: string, bytes: Uint8Array) => {
      const facts = { field: 'disk', value: name, why: 'full', remedy: 'make room' };
      if (disk.isFull) throw new Fault('refused', facts);
      files.set(name, bytes);
    },
  };
  return disk;
};

/** The loop of the founder, with one member that is connected and says what it is told to. */
async function stage(disk: ReturnType<typeof memoryDisk>) {
  const view = world().invites('door').admits('vm2', 'door').view();
  const { clock, pass } = createTime();
  const stop = new AbortController();
  const sent: Uint8Array[] = [];
  const path = { rttMs: 1 };
  const lines: unknown[] = [];
  let hear: Parameters<SwarmNode['receive']>[2] = silent;
  const swarm = {
    connections: () => [{ peer: idOf('vm2'), ...path }],
    onConnectionChange: () => silent,
    receive: (_channel: string, _bytesMax: number, listener: typeof hear) => {
      hear = listener;
      return silent;
    },
    send: (_peer: string, _channel: string, bytes: Uint8Array) => sent.push(bytes) > 0,
    hangUp: async () => undefined,
  } as unknown as SwarmNode;
  const info = (line: string, facts: unknown) => lines.push([line, facts]);
  const log = { info, warn: silent, error: silent };
  const random = { bytes: () => new Uint8Array(), fraction: () => 0.5 };
  const ports = { clock, random, crypto, log, disk: disk as unknown as Disk };
  const seed = new Uint8Array(32).fill(1);
  const self = idOf('founder');
  const neighbours = () => new Set([idOf('vm2')]);
  const mesh = { meshId: view.mesh.id, view: () => view };
  const known = { neighbours, neighboursOf: neighbours };
  const context = { self, seed, ...mesh, ...known, reach: silent };
  const liveness = await openLiveness(ports, context);
  const done = liveness.run(swarm, stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await pass(10);
    await done;
  };
  const say = (bytes: Uint8Array) => hear(idOf('vm2'), bytes);
  return {
    liveness,
    pass,
    say,
    sent,
    path,
    lines,
    end,
    signer: createSwimSigner(crypto, seed, view.mesh.id),
  };
}

/** The number of the life that a member tells of itself. */
const livesIn = (sent: readonly Uint8Array[]): readonly number[] =>
  sent.flatMap((bytes) =>
    (decodeSwim(bytes)?.rumours ?? []).flatMap((rumour) =>
      rumour.kind === 'alive' ? [rumour.incarnation] : [],
    ),
  );

test('liveness: the count of lives goes on over restarts, whatever the disk holds', async () => {
  // Goal: a restarted member refutes old doubts. Method: three runs on one disk, the second refutes
  // a doubt; then a file that does not read, and a disk that takes nothing.
  const disk = memoryDisk();
  const first = await stage(disk);
  await first.pass(100);
  assert.deepEqual([...new Set(livesIn(first.sent))], [LIFE]);
  await first.end();
  const second = await stage(disk);
  await second.pass(100);
  const about = abbreviate(idOf('founder'));
  second.say(
    encodeSwim({ act: 'news', rumours: [{ kind: 'dead', about, incarnation: 2 * LIFE }] }),
  );
  await second.pass(2_000);
  await second.end();
  const third = await stage(disk);
  await third.pass(100);
  assert.deepEqual([...new Set(livesIn(third.sent))], [3 * LIFE]);
  await third.end();
  await disk.write('incarnation', new TextEncoder().encode('garbage'));
  disk.isFull = true;
  const fourth = await stage(disk);
  await fourth.pass(100);
  assert.deepEqual([...new Set(livesIn(fourth.sent))], [LIFE]);
  await fourth.end();
});

test('liveness: a member that floods is answered so often, and garbage not at all', async () => {
  // Goal: bad input. Method: ten thousand questions at once, and bytes that are no message.
  const { pass, say, sent, end, liveness } = await stage(memoryDisk());
  await pass(100);
  const before = sent.length;
  for (let n = 0; n < 1_000; n += 1) say(new Uint8Array(n % 64).fill(n));
  assert.equal(sent.length, before);
  for (let sequence = 0; sequence < 10_000; sequence += 1) {
    say(encodeSwim({ act: 'ping', sequence, asker: null, rumours: [] }));
  }
  assert.ok(sent.length - before <= 200, `${sent.length - before} answers`);
  assert.equal(liveness.state(idOf('vm2')), 'alive');
  await end();
});

test('liveness: measured round trips choose how often members are probed', async () => {
  // Goal: the presets are chosen on a running loop. Method: round trips of 1, 300, 160 and 80 ms,
  // for 20 s each; how many questions the member is asked in the last 10, and what the log says.
  const { pass, say, sent, path, lines, end } = await stage(memoryDisk());
  const asked = async (forMs: number): Promise<number> => {
    let count = 0;
    for (let passedMs = 0; passedMs < forMs; passedMs += 50) {
      for (const message of sent.splice(0).map(decodeSwim)) {
        if (message?.act !== 'ping') continue;
        count += 1;
        const { sequence } = message;
        say(encodeSwim({ act: 'ack', sequence, signature: null, rumours: [] }));
      }
      await pass(50);
    }
    return count;
  };
  const counts: number[] = [];
  for (const rttMs of [1, 300, 160, 80]) {
    path.rttMs = rttMs;
    await asked(10_000);
    counts.push(await asked(10_000));
  }
  assert.deepEqual(counts, [10, 8, 8, 10]);
  const presets = lines.filter((line) => JSON.stringify(line).includes('liveness-preset'));
  assert.deepEqual(presets, [
    ['liveness-preset', { preset: 'wan' }],
    ['liveness-preset', { preset: 'lan' }],
  ]);
  await end();
});
