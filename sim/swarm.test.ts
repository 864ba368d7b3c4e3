import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peerKeyOf } from '../src/crdt/ids.ts';
import type { Suite } from '../src/node/contract.ts';
import { testSwarmContract } from '../src/node/swarm-contract.ts';
import type { SwarmWorld } from '../src/node/swarm-stage.ts';
import type { SwarmNode } from '../src/ports.ts';
import { openSettle, underBan } from './ban.ts';
import { stubCrypto } from './crypto.ts';
import { type Life, startLife } from './life.ts';
import type { Hall } from './party.ts';
import { openDice } from './random.ts';
import { openScheduler } from './scheduler.ts';
import { openSwarm } from './swarm.ts';
import { openTrace } from './trace.ts';
import { openUnderlay, type Station, type Weather } from './underlay.ts';
import { openWires } from './wire.ts';

const CALM: Weather = {
  loss: 0,
  gossipLoss: 0,
  duplication: 0,
  reordering: 0,
  nearMs: 1,
  farMs: 20,
  jitterMs: 3,
};

const scheduler = openScheduler(openSettle());

/** A network of twelve VMs in two sites. */
function openNetwork(weather: Weather): { hall: Hall; stations: readonly Station[] } {
  const stations = Array.from({ length: 12 }, (_, n) => ({
    vm: `vm${n}`,
    site: n % 2 === 0 ? 'east' : 'west',
    addresses: [`192.0.2.${n + 1}`],
    publicHost: null,
    isOn: true,
  }));
  const underlay = openUnderlay(openDice('contract'), stations, weather);
  const wires = openWires(scheduler, underlay);
  const trace = openTrace();
  const hall = {
    scheduler,
    underlay,
    wires,
    trace,
    listeners: new Map(),
    hostile: new Set<string>(),
    onReject: () => {},
  };
  return { hall, stations };
}

const pause = (durationMs: number): Promise<void> =>
  new Promise((resolve) => scheduler.after(durationMs, resolve));

async function eventually(what: string, condition: () => boolean): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if (condition()) return;
    await pause(100);
  }
  assert.fail(what);
}

const openContractWorld = (weather: Weather) => (): SwarmWorld => {
  const { hall, stations } = openNetwork(weather);
  let used = 0;
  return {
    keyOf: (seed) => peerKeyOf(stubCrypto.publicKey(seed)),
    eventually,
    host: async () => {
      const station = stations[used++];
      assert.ok(station);
      const life = startLife(scheduler, station.vm);
      const endpoint = { host: station.addresses[0] ?? '', port: 7300 };
      return { swarm: openSwarm(hall, stubCrypto, station, life), endpoint };
    },
  };
};

/** Runs each test of a suite in virtual time. */
const suiteNamed = (name: string): Suite => ({
  assert,
  test: (title, body) => {
    test(`${name} ${title}`, () => {
      // Goal: one test of the suite, on the virtual edge. Method: the scheduler drives it.
      return underBan(() => scheduler.drive(body()));
    });
  },
});

testSwarmContract(suiteNamed('calm:'), openContractWorld(CALM));
testSwarmContract(
  suiteNamed('rough:'),
  openContractWorld({
    ...CALM,
    loss: 0.1,
    duplication: 0.2,
    reordering: 0,
    farMs: 60,
    jitterMs: 30,
  }),
);

/** Two connected nodes, one in each site. */
async function openPair() {
  const { hall, stations } = openNetwork(CALM);
  const open = async (n: number): Promise<{ node: SwarmNode; life: Life; station: Station }> => {
    const station = stations[n];
    assert.ok(station);
    const life = startLife(scheduler, station.vm);
    const node = await openSwarm(hall, stubCrypto, station, life).open({
      seed: new Uint8Array(32).fill(n + 1),
      psk: new Uint8Array(32),
      port: 7300,
      meshId: 'mesh',
      standing: () => 'member',
      isOverlay: () => false,
      judge: () => 'accept',
    });
    return { node, life, station };
  };
  const [a, b] = [await open(0), await open(1)];
  await a.node.dial(b.node.self, [{ host: '192.0.2.2', port: 7300 }], 5_000);
  return { hall, a, b };
}

/** How long until `a` sees nobody, virtual ms. */
async function noticed(a: { node: SwarmNode }): Promise<number> {
  const startMs = scheduler.nowMs();
  await eventually('it is noticed', () => a.node.connections().length === 0);
  return scheduler.nowMs() - startMs;
}

const inVirtualTime = (body: () => Promise<void>) => () => underBan(() => scheduler.drive(body()));

test(
  'a crash is noticed at once, a power cut and a cut network after seconds of silence',
  inVirtualTime(async () => {
    // Goal: the three ways to lose somebody differ as they do on real links. Method: time each.
    const crashed = await openPair();
    crashed.b.life.end('crash');
    assert.ok((await noticed(crashed.a)) < 500);

    const dark = await openPair();
    dark.b.station.isOn = false;
    dark.b.life.end('power-cut');
    const darkMs = await noticed(dark.a);
    assert.ok(darkMs > 4_000 && darkMs < 8_000, `${darkMs}`);

    const apart = await openPair();
    apart.hall.underlay.cut('east', 'west');
    const apartMs = await noticed(apart.a);
    assert.ok(apartMs > 4_000 && apartMs < 8_000, `${apartMs}`);
    await assert.rejects(apart.a.node.request(apart.b.node.self, 'q', new Uint8Array(), 100));
  }),
);

test(
  'a short cut loses nothing: what was sent arrives afterwards, in order',
  inVirtualTime(async () => {
    // Goal: TCP. Method: ten requests during two seconds without a network.
    const { hall, a, b } = await openPair();
    const heard: number[] = [];
    b.node.handle('q', { bytesMax: 64, inviteMayUse: false }, async (_, body) => {
      heard.push(body[0] ?? 0);
      return body;
    });
    hall.underlay.cut('east', 'west');
    const numbers = Array.from({ length: 10 }, (_, n) => n);
    const answers = numbers.map((n) => a.node.request(b.node.self, 'q', Uint8Array.of(n), 20_000));
    await pause(2_000);
    assert.deepEqual(heard, []);
    hall.underlay.heal();
    await Promise.all(answers);
    assert.deepEqual(heard, numbers);
    assert.equal(a.node.connections().length, 1);
  }),
);
