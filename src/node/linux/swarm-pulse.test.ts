import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type PeerKey, peerKeyOf } from '../../crdt/ids.ts';
import type { SwarmConfig, SwarmNode } from '../../ports.ts';
import { openCrypto } from './crypto.ts';
import { openSwarm } from './swarm.ts';
import { freePort } from './test-ports.ts';
import { eventually, silentLog } from './test-swarm-loopback.ts';

const MESH = 'm'.repeat(52);
const HOST = '127.0.0.1';
const keyOf = (n: number): PeerKey => peerKeyOf(openCrypto().publicKey(new Uint8Array(32).fill(n)));

const config = (n: number, port: number | null): SwarmConfig => ({
  seed: new Uint8Array(32).fill(n),
  psk: new Uint8Array(32).fill(77),
  port,
  meshId: MESH,
  standing: () => 'member',
  isOverlay: () => false,
  judge: () => 'accept',
});

const openNode = async (t: TestContext, n: number, port: number | null): Promise<SwarmNode> => {
  const node = await openSwarm(silentLog).open(config(n, port));
  t.after(() => node.stop());
  return node;
};

/** A node in a process of its own, which listens and has run `then`; it can be frozen. */
const openElsewhere = async (
  t: TestContext,
  n: number,
  port: number,
  then = '',
): Promise<ChildProcess> => {
  const script = `
    import { openSwarm } from ${JSON.stringify(new URL('./swarm.ts', import.meta.url).href)};
    const log = { info() {}, warn() {}, error() {} };
    const node = await openSwarm(log).open({
      seed: new Uint8Array(32).fill(${n}), psk: new Uint8Array(32).fill(77), port: ${port},
      meshId: ${JSON.stringify(MESH)}, standing: () => 'member', isOverlay: () => false,
      judge: () => 'accept',
    });
    ${then}
    process.stdout.write('open');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
};

test('a peer that falls silent is noticed within 10 s, a lively one stays', async (t) => {
  // Goal: a power cut sends no FIN, whoever dialled. Method: two nodes in processes of their own,
  // one that dialled us and one that we dialled, are frozen by SIGSTOP; a third stays connected.
  const [port, farPort, otherPort] = [await freePort(), await freePort(), await freePort()];
  const node = await openNode(t, 1, port);
  const lively = await openNode(t, 2, null);
  const at = [{ host: HOST, port }];
  await lively.dial(node.self, at, 5_000);
  const dials = `await node.dial(${JSON.stringify(node.self)}, ${JSON.stringify(at)}, 10_000);`;
  const opening = [openElsewhere(t, 5, otherPort, dials), openElsewhere(t, 6, farPort)];
  const children = await Promise.all(opening);
  const isThere = (n: number): boolean => node.connections().some(({ peer }) => peer === keyOf(n));
  await eventually('the one has dialled', () => isThere(5));
  await node.dial(keyOf(6), [{ host: HOST, port: farPort }], 5_000);
  for (const child of children) child.kill('SIGSTOP');
  const startMs = performance.now();
  for (const n of [5, 6]) {
    await eventually('noticed', () => !isThere(n));
    const noticedMs = performance.now() - startMs;
    t.diagnostic(`noticed after ${Math.round(noticedMs)} ms`);
    assert.ok(noticedMs > 2_000 && noticedMs < 10_000, `${noticedMs}`);
  }
  assert.equal(isThere(2), true);
});

/** A relay to a port, which counts what each side says in how many pieces. */
const openRelay = async (t: TestContext, to: number) => {
  const pieces = { there: 0, back: 0 };
  const pass = (from: Socket, into: Socket, side: keyof typeof pieces): void => {
    from.on('data', () => {
      pieces[side] += 1;
    });
    from.pipe(into);
    from.on('error', () => into.destroy());
  };
  const port = await freePort();
  const server = createServer((socket) => {
    const far = connect(to, HOST);
    pass(socket, far, 'there');
    pass(far, socket, 'back');
  });
  await new Promise<void>((resolve) => server.listen(port, HOST, resolve));
  t.after(() => server.close());
  return { port, pieces };
};

test('of a quiet connection one side asks, and both know the round trip', async (t) => {
  // Goal: idle traffic is half of what both asking would make. Method: a relay counts pieces once
  // gossip has said what it says first. Asked by both, two answers of ours would come with two
  // questions; by one, whoever was dialled says little but answers.
  const port = await freePort();
  const dialled = await openNode(t, 1, port);
  const dialler = await openNode(t, 2, null);
  const relay = await openRelay(t, port);
  await dialler.dial(dialled.self, [{ host: HOST, port: relay.port }], 5_000);
  const rttOf = (node: SwarmNode): number | null => node.connections()[0]?.rttMs ?? null;
  await eventually('both know', () => rttOf(dialled) !== null && rttOf(dialler) !== null);
  let [last, quietMs] = [-1, performance.now()];
  await eventually('quiet for a second', () => {
    const now = relay.pieces.there + relay.pieces.back;
    if (now !== last) [last, quietMs] = [now, performance.now()];
    return performance.now() - quietMs > 1_000;
  });
  const before = { ...relay.pieces };
  const startMs = performance.now();
  await eventually('two questions', () => relay.pieces.there - before.there >= 2);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs > 2_000, `the dialler said two things within ${tookMs} ms`);
  assert.ok(relay.pieces.back - before.back <= 3, `${relay.pieces.back - before.back} answers`);
  assert.equal(dialler.connections().length, 1);
});
