import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeGenesis } from '../crdt/genesis.ts';
import { memberIdOf } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Ports, SwarmNode } from '../ports.ts';
import { AUDIT_LIMITS } from './audit.ts';
import { openCrypto } from './linux/crypto.ts';
import { readLocalState, writeConfig, writeLocalState } from './local-state.ts';
import { type RunningNode, startNode } from './node.ts';
import type { Build } from './parts.ts';

const crypto = openCrypto();
const seed = new Uint8Array(32).fill(3);
/** A member that this one knows from its token. */
const PEER = memberIdOf(crypto.publicKey(new Uint8Array(32).fill(4)));
const build: Build = { version: '0.1.0', commit: 'test' };

const refused = (why: string): Fault =>
  new Fault('refused', { field: 'peer', value: PEER, why, remedy: 'try again' });

/** A clock that stands: sleeps end when they are aborted, those of `overMs` at once. */
const standing = (overMs: number): Ports['clock'] => ({
  wallMs: () => 1_800_000_000_000,
  monotonicMs: () => 0,
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (durationMs === overMs || signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    }),
});

/** A disk in memory, with a member on it. */
async function memberDisk(): Promise<Ports['disk']> {
  const files = new Map<string, Uint8Array>();
  const disk: Ports['disk'] = {
    read: async (name) => files.get(name) ?? null,
    write: async (name, content) => void files.set(name, content),
    append: async (name, content) =>
      void files.set(name, Uint8Array.from([...(files.get(name) ?? []), ...content])),
    remove: async (name) => void files.delete(name),
    list: async () => [...files.keys()].toSorted(),
  };
  await disk.write('member-key', seed);
  await disk.write('wg-key', seed);
  const genesisBytes = makeGenesis(crypto, seed, {
    name: 'test',
    prefix: '10.10.0.0/16',
    prefix6: 'fd00:1::/64',
    nextRootHash: new Uint8Array(32),
  });
  const config = {
    name: 'vm1',
    port: 7300,
    interface: 'cnsmo0',
    advertised: null,
    observed: null,
    services: [],
    allowRun: false,
    entries: [{ member: PEER, endpoint: { host: '203.0.113.9', port: 7300 } }],
  };
  await writeLocalState(disk, { psk: seed, genesisBytes, config });
  return disk;
}

/** The ports of a VM whose swarm is empty; `swarm` and `host` replace parts of it. */
async function stage(swarm: Partial<SwarmNode> = {}, host: Partial<Ports['host']> = {}) {
  const events: string[] = [];
  const node: SwarmNode = {
    self: 'self' as SwarmNode['self'],
    dial: async () => {
      throw refused('no answer');
    },
    hangUp: async () => undefined,
    connections: () => [],
    request: () => assert.fail(),
    requestEach: async () => [],
    handle: () => () => undefined,
    publish: async () => [],
    send: () => false,
    receive: () => () => undefined,
    onConnectionChange: () => () => undefined,
    stop: async () => void events.push('swarm stopped'),
    ...swarm,
  };
  const facts = {
    hostname: 'vm1',
    isRoot: true,
    hasTun: true,
    hasKernelWireguard: true,
    hasSystemd: false,
    tools: {},
  };
  const note = (event: string) => void events.push(event);
  const ports: Ports = {
    clock: standing(-1),
    random: { bytes: (length) => new Uint8Array(length), fraction: () => 0.5 },
    crypto,
    disk: await memberDisk(),
    swarm: { open: async () => node },
    host: {
      run: async () => ({ status: 0, stdout: '', stderr: '' }),
      facts: async () => facts,
      probe: async () => facts,
      addresses: async () => [],
      ...host,
    },
    process: {
      start: async () => undefined,
      write: async () => undefined,
      ask: async () => null,
      isRunning: async () => false,
      stop: async () => undefined,
      lines: async () => undefined,
    },
    net: { isPortFree: async () => true, glance: async () => '', serveApi: () => assert.fail() },
    log: { info: () => undefined, warn: note, error: note },
    logBook: { page: async () => ({ lines: ['{}'], cursor: '1' }) },
  };
  return { ports, events };
}

test('node: it stops when it is told to, and only then', async () => {
  // Goal: the ordinary end. Method: look whether `done` is pending, stop, look again.
  const { ports, events } = await stage();
  const node = await startNode(ports, build);
  const first = await Promise.race([node.done.then(() => 'done'), nextTurn()]);
  assert.equal(first, 'turn');
  await node.stop();
  await node.done;
  assert.ok(events.includes('swarm stopped'));
});

test('node: how much of the audit log is kept is set, and stays over a restart', async () => {
  // Goal: "settable". Method: each limit by the API, sizes that are none; then the next start.
  const { ports } = await stage();
  const limits = async ({ api }: RunningNode, body: object | null = null) => {
    const path = '/v1/audit/limits';
    return (await api({ method: body === null ? 'GET' : 'PUT', path, query: {}, body })).body;
  };
  const first = await startNode(ports, build);
  assert.deepEqual(await limits(first), AUDIT_LIMITS);
  assert.deepEqual(await limits(first, { bytesMax: 2 ** 27 }), {
    ...AUDIT_LIMITS,
    bytesMax: 2 ** 27,
  });
  const set = { bytesMax: 2 ** 27, ageMsMax: 86_400_000 };
  assert.deepEqual(await limits(first, { ageMsMax: 86_400_000 }), set);
  for (const body of [{ bytesMax: -1 }, { bytesMax: 0.5 }, { ageMsMax: 'long' }]) {
    await assert.rejects(limits(first, body), Fault);
  }
  await first.stop();
  const second = await startNode(ports, build);
  assert.deepEqual(await limits(second), set);
  await second.stop();
});

test('node: a key that changed on the disk is refused before anything is opened', async () => {
  // Goal: no VM runs as nobody. Method: one start, then one bit of each key, then as it was.
  const { ports, events } = await stage();
  const start = async (): Promise<void> => (await startNode(ports, build)).stop();
  await start();
  events.length = 0;
  for (const name of ['member-key', 'wg-key', 'psk']) {
    await ports.disk.write(name, seed.with(7, (seed[7] ?? 0) ^ 16));
    await assert.rejects(start(), new RegExp(`state: ${name}: is not the key that this VM had`));
    await ports.disk.write(name, seed);
  }
  assert.ok(!events.includes('swarm stopped'), 'no swarm was opened');
  await start();
});

test('node: a loop that fails ends the whole, with its error', async () => {
  // Goal: no half node that looks alive. Method: a swarm whose connections cannot be told, which is
  // a bug that the loop of links meets first.
  const { ports, events } = await stage({
    connections: () => {
      throw new TypeError('a bug in a loop');
    },
  });
  await assert.rejects(
    startNode(ports, build).then(({ done }) => done),
    /a bug in a loop/,
  );
  assert.ok(events.includes('loop-failed'));
  assert.ok(events.includes('swarm stopped'));
});

test('node: a swarm that cannot be stopped does not hide why a loop failed', async () => {
  // Goal: the first error counts, and the state is on disk. Method: both fail.
  const { ports } = await stage({
    connections: () => {
      throw new TypeError('a bug in a loop');
    },
    stop: async () => {
      throw new Error('cannot stop');
    },
  });
  await assert.rejects(
    startNode(ports, build).then(({ done }) => done),
    /a bug in a loop/,
  );
});

test('node: requests that nobody answers do not hold up the end', { timeout: 20_000 }, async () => {
  // Goal: an end within seconds. Method: a peer that swallows requests until the swarm stops.
  const swallowed = Promise.withResolvers<Uint8Array>();
  const asked = Promise.withResolvers<void>();
  const peer = PEER;
  const remote = { host: '203.0.113.9', port: 7300 };
  const { ports } = await stage({
    connections: () => [{ peer, remote, direction: 'outbound', rttMs: null }],
    request: () => {
      asked.resolve();
      return swallowed.promise;
    },
    stop: async () => {
      swallowed.reject(refused('not connected'));
    },
  });
  const node = await startNode({ ...ports, clock: standing(2_000) }, build);
  await asked.promise;
  await node.stop();
});

test('node: what fails while it opens leaves no swarm behind', async () => {
  // Goal: the port is free for the next try. Method: a host that cannot be asked.
  const { ports, events } = await stage(
    {},
    {
      probe: async () => {
        throw new Error('no facts');
      },
    },
  );
  await assert.rejects(startNode(ports, build), /no facts/);
  assert.ok(events.includes('swarm stopped'));
});

/** A VM that consents to the VPN; tells what its agents did to the host so far. */
async function stageWithVpn() {
  const touched: string[] = [];
  const { ports, events } = await stage({ request: async () => new Uint8Array() });
  const { config } = await readLocalState(crypto, ports.disk);
  await writeConfig(ports.disk, { ...config, services: ['vpn'] });
  const touch = (words: readonly string[]) => void touched.push(words.join(' '));
  const host: Ports['host'] = {
    ...ports.host,
    run: async ({ argv }) => {
      touch(argv);
      return { status: 0, stdout: '', stderr: '' };
    },
  };
  const process: Ports['process'] = { ...ports.process, lines: async (argv) => touch(argv) };
  return { ports: { ...ports, host, process }, events, touched };
}

test('node: whoever asks is answered before an agent touches the host, and told so', async () => {
  // Goal: the API does not wait for the first processes of agents, and never takes a VM for ready
  // whose agents have not begun. Method: ask while the node opens; afterwards the agent does act.
  const { ports, touched } = await stageWithVpn();
  const ask = (api: RunningNode['api']) =>
    api({ method: 'GET', path: '/v1/status', query: {}, body: null });
  const said: unknown[] = [];
  const node = await startNode(ports, build, async (api) => {
    await nextTurn();
    said.push((await ask(api)).body);
    assert.deepEqual(touched, []);
  });
  const [{ self, services }] = said as [Record<'self' | 'services', Record<string, unknown>>];
  assert.equal(self.ready, false);
  assert.deepEqual(services, [
    { name: 'core', state: 'starting', problems: [] },
    { name: 'vpn', state: 'starting', problems: [] },
  ]);
  while (touched.length === 0) await nextTurn();
  await node.stop();
});

test('node: one whose API cannot be served starts nothing', async () => {
  // Goal: no node that nobody can ask. Method: opening the API fails, and the swarm is stopped.
  const { ports, events, touched } = await stageWithVpn();
  const fails = () => Promise.reject(new Error('no socket'));
  await assert.rejects(startNode(ports, build, fails), /no socket/);
  await nextTurn();
  assert.ok(events.includes('swarm stopped'));
  assert.deepEqual(touched, []);
});

const nextTurn = (): Promise<string> =>
  new Promise((resolve) => setImmediate(() => resolve('turn')));
