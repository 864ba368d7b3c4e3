import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import type { MultiaddrConnection } from '@libp2p/interface';
import { openSwarm } from './swarm.ts';
import { createKnocks } from './swarm-knocks.ts';
import { freePort } from './test-ports.ts';
import { eventually, silentLog } from './test-swarm-loopback.ts';

/** More than there is room for. */
const SILENT = 300;
test('one more than there is room for ends the one that waits longest, and no other', () => {
  // Goal: invariant 1. Method: room for two; one is through and one is gone before others come.
  const ended: string[] = [];
  const made = (name: string) => {
    const events = new EventTarget();
    const abort = () => void ended.push(name);
    return Object.assign(events, { abort }) as unknown as MultiaddrConnection;
  };
  const knocks = createKnocks(2);
  const [a, b, c, d, e, f] = ['a', 'b', 'c', 'd', 'e', 'f'].map(made);
  assert.ok(a && b && c && d && e && f);
  for (const each of [a, b]) knocks.begin(each);
  knocks.end(a);
  knocks.begin(c);
  (b as unknown as EventTarget).dispatchEvent(new Event('close'));
  knocks.begin(d);
  assert.deepEqual(ended, []);
  for (const each of [e, f]) knocks.begin(each);
  assert.deepEqual(ended, ['c', 'd']);
});

test('a stranger who opens connections and says nothing keeps nobody out', async (t) => {
  // Goal: without any key nobody holds the door. Method: a host opens as many as it gets, says
  // nothing, and opens another for each that ends; a member comes in each time, from elsewhere.
  const openNode = async (n: number) => {
    const port = await freePort();
    const node = await openSwarm(silentLog).open({
      seed: new Uint8Array(32).fill(n),
      psk: new Uint8Array(32).fill(77),
      port,
      meshId: 'm'.repeat(52),
      standing: () => 'member',
      isOverlay: () => false,
      judge: () => 'accept',
    });
    t.after(() => node.stop());
    return { node, port };
  };
  const { node, port } = await openNode(1);
  const { node: member } = await openNode(2);
  const dial = () => member.dial(node.self, [{ host: '127.0.0.1', port }], 5_000);
  const silent = new Set<Socket>();
  let isOver = false;
  let came = 0;
  const knock = (): void => {
    if (isOver) return;
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    silent.add(socket);
    socket.on('error', () => undefined).resume();
    socket.once('connect', () => void came++);
    socket.once('close', () => {
      silent.delete(socket);
      setTimeout(knock, 50);
    });
  };
  t.after(() => {
    isOver = true;
    for (const socket of silent) socket.destroy();
  });
  for (let count = 0; count < SILENT; count += 1) knock();
  for (let round = 1; round <= 3; round += 1) {
    const before = came;
    await eventually('many more came', () => came > before + SILENT);
    await dial().catch(dial); // A handshake of over 2 s, on a full machine, is tried once more.
    await eventually('the member is in', () => node.connections().length === 1);
    await member.hangUp(node.self);
    await eventually('and out', () => node.connections().length === 0);
  }
});
