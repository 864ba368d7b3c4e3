import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { SwarmConfig } from '../../ports.ts';
import { openSwarm } from './swarm.ts';
import { type PacedConnection, pace } from './swarm-pace.ts';
import { freePort } from './test-ports.ts';
import { silentLog } from './test-swarm-loopback.ts';

const BODY_BYTES = 2_097_152;
/** At once; and how often. More at once would be held against the peer. */
const BODIES = 4;
const TIMES = 2;
/** One read was heard, one was under way, one is kept by the socket, and one goes on. */
const TURN_BYTES_MAX = 5 * 65_536;

const config = (n: number, port: number | null): SwarmConfig => ({
  seed: new Uint8Array(32).fill(n),
  psk: new Uint8Array(32).fill(77),
  port,
  meshId: 'm'.repeat(52),
  standing: () => 'member',
  isOverlay: () => false,
  judge: () => 'accept',
});

/** A peer in a process of its own, which sends bodies as fast as they go. Gives its status. */
const sendElsewhere = async (t: TestContext, port: number, self: string): Promise<unknown> => {
  const script = `
    import { openSwarm } from ${JSON.stringify(new URL('./swarm.ts', import.meta.url).href)};
    const log = { info() {}, warn() {}, error() {} };
    const node = await openSwarm(log).open({
      seed: new Uint8Array(32).fill(2), psk: new Uint8Array(32).fill(77), port: null,
      meshId: ${JSON.stringify(config(2, null).meshId)}, standing: () => 'member',
      isOverlay: () => false, judge: () => 'accept',
    });
    await node.dial('${self}', [{ host: '127.0.0.1', port: ${port} }], 10_000);
    const body = new Uint8Array(${BODY_BYTES});
    const bodies = Array.from({ length: ${BODIES} }, () => body);
    for (let time = 0; time < ${TIMES}; time += 1) {
      await Promise.all(bodies.map((one) => node.request('${self}', 'sync', one, 30_000)));
    }
    process.exit(0);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [status] = await once(child, 'exit');
  return status;
};

test('of who sends as fast as it goes little is read in a turn, and all in the end', async (t) => {
  // Goal: a flood leaves others their turns. Method: a peer in a process of its own sends 16 MiB;
  // what the socket gave is read off it in each turn.
  const sockets: Socket[] = [];
  const keep = (message: unknown): void => {
    sockets.push((message as { readonly socket: Socket }).socket);
  };
  subscribe('net.server.socket', keep);
  t.after(() => unsubscribe('net.server.socket', keep));
  const port = await freePort();
  const node = await openSwarm(silentLog).open(config(1, port));
  t.after(() => node.stop());
  let whole = 0;
  node.handle('sync', { bytesMax: 2 * BODY_BYTES, inviteMayUse: false }, async (_from, body) => {
    whole += body.byteLength === BODY_BYTES ? 1 : 0;
    return new Uint8Array(1);
  });
  let [before, most] = [0, 0];
  let looking: NodeJS.Immediate;
  const look = (): void => {
    const readBytes = sockets.reduce((sum, socket) => sum + socket.bytesRead, 0);
    most = Math.max(most, readBytes - before);
    before = readBytes;
    looking = setImmediate(look);
  };
  look();
  t.after(() => clearImmediate(looking));
  assert.equal(await sendElsewhere(t, port, node.self), 0);
  assert.equal(whole, BODIES * TIMES);
  assert.ok(before > whole * BODY_BYTES);
  assert.ok(most <= TURN_BYTES_MAX, `${most} bytes in one turn`);
});

/** A connection that hands on at once, or when it is resumed, as libp2p's does. */
const madeUp = () => {
  const held: Uint8Array[] = [];
  const told: number[] = [];
  let listener = (_event: { readonly data: Uint8Array }): void => undefined;
  let next = (): void => undefined;
  let status = 'open';
  let isPaused = false;
  const hear = (data: Uint8Array): void => {
    if (isPaused) held.push(data);
    else {
      told.push(data.byteLength);
      listener({ data });
      next();
    }
  };
  const connection = {
    get status() {
      return status;
    },
    addEventListener: (_name: string, hears: typeof listener) => {
      listener = hears;
    },
    pause: () => {
      assert.equal(status, 'open');
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      for (const data of held.splice(0)) hear(data);
      if (status !== 'open') throw new Error('Cannot resume a stream that is closed');
    },
  };
  const close = (): void => {
    status = 'closed';
  };
  const onNext = (act: () => void): void => {
    next = act;
  };
  return { connection: connection as unknown as PacedConnection, hear, told, close, onNext };
};

test('who has been heard enough goes on in a later turn, however it ends', () => {
  // Goal: pauses that end, and no throw when what was held back closes it. Method: made-up
  // connections; turns are given by hand.
  const turns: (() => void)[] = [];
  const piece = new Uint8Array(32_768);
  const lively = madeUp();
  pace(lively.connection, (goOn) => turns.push(goOn));
  for (let n = 0; n < 5; n += 1) lively.hear(piece);
  assert.deepEqual([lively.told.length, turns.length], [2, 1]);
  turns.shift()?.();
  assert.deepEqual([lively.told.length, turns.length], [5, 1]);
  lively.hear(piece);
  assert.equal(lively.told.length, 5);
  lively.close();
  turns.shift()?.();
  assert.equal(turns.length, 0);
  const spoilt = madeUp();
  pace(spoilt.connection, (goOn) => turns.push(goOn));
  for (let n = 0; n < 3; n += 1) spoilt.hear(piece);
  spoilt.onNext(spoilt.close);
  turns.shift()?.();
  assert.deepEqual([spoilt.told.length, turns.length], [3, 0]);
  const broken = madeUp();
  pace(broken.connection, (goOn) => turns.push(goOn));
  for (let n = 0; n < 3; n += 1) broken.hear(piece);
  broken.onNext(() => {
    throw new Error('a bug');
  });
  assert.throws(turns[0] ?? assert.fail, /a bug/);
});
