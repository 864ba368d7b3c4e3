import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host, OwnAddress, SwarmNode } from '../ports.ts';
import { createFacts } from './facts.ts';
import { openCrypto } from './linux/crypto.ts';
import { adoptionOf, createDisk, idOf, open } from './test-replica.ts';
import { createTime, settle } from './test-time.ts';

const self = idOf(7);
const swarm = { connections: () => [] } as unknown as SwarmNode;
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const config = {
  ...{ name: 'vm1', port: 7300, interface: 'cnsmo0', advertised: null, observed: null },
  ...{ services: [], allowRun: false, entries: [] },
};

/** The loop of the founder, on a host with the addresses that `host.has` says; null: it fails. */
async function openLoop() {
  const replica = await open(createDisk().disk);
  await replica.write([adoptionOf(7)]);
  const { clock, pass } = createTime();
  const host = { has: ['192.0.2.1'] as readonly string[] | null, looks: 0 };
  const addresses: Host['addresses'] = async () => {
    host.looks += 1;
    if (host.has === null) throw new Error('no descriptors left');
    return host.has.map((name): OwnAddress => ({ interface: 'eth0', host: name, isUplink: true }));
  };
  const ports = { clock, crypto: openCrypto(), host: { addresses } as unknown as Host, log };
  const version = { version: '0.1.0', commit: 'abc' };
  const facts = createFacts(ports, replica, () => ({ self, config, version }));
  const end = new AbortController();
  const said = (): readonly string[] | undefined =>
    replica.view().members.find(({ id }) => id === self)?.endpoints?.local;
  const begin = async (): Promise<void> => {
    void facts.run(swarm, end.signal);
    await rest();
  };
  return { facts, host, said, begin, pass, end: () => end.abort() };
}

/** What is written takes turns of the event loop, and more than one. */
const rest = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) {
    await settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
};

test('a change of the mesh is no reason to look at the host', async () => {
  // Goal: a rename costs no reading. Method: the looks counted over marks, 30 s in which marks
  // come, and a word that the host may have changed; each look tells what the host has then.
  const { facts, host, said, begin, pass, end } = await openLoop();
  await begin();
  assert.deepEqual([host.looks, said()], [1, ['192.0.2.1']]);
  host.has = ['192.0.2.2'];
  for (let second = 0; second < 29; second += 1) {
    facts.mark();
    await pass(1_000);
  }
  await rest();
  assert.deepEqual([host.looks, said()], [1, ['192.0.2.1']]);
  await pass(1_000);
  await rest();
  assert.deepEqual([host.looks, said()], [2, ['192.0.2.2']]);
  host.has = ['192.0.2.3'];
  facts.markHost();
  await rest();
  assert.deepEqual([host.looks, said()], [3, ['192.0.2.3']]);
  end();
});

test('a host that cannot be looked at has nothing to tell, and keeps what it told', async () => {
  // Goal: a failure is no news. Method: looks that fail before the first word, at a mark, and after
  // one that succeeded.
  const { facts, host, said, begin, pass, end } = await openLoop();
  host.has = null;
  await begin();
  facts.mark();
  await rest();
  assert.deepEqual([host.looks, said()], [2, undefined]);
  host.has = ['192.0.2.1'];
  await pass(30_000);
  await rest();
  assert.deepEqual([host.looks, said()], [3, ['192.0.2.1']]);
  host.has = null;
  facts.markHost();
  await rest();
  facts.mark();
  await rest();
  assert.deepEqual([host.looks, said()], [4, ['192.0.2.1']]);
  end();
});
