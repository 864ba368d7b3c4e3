import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWordSigner, encodeWords } from '../src/node/rules/word-message.ts';
import type { Ports } from '../src/ports.ts';
import { checkName } from '../src/services/lb/checks.ts';
import { meetAll } from './acts-intruder.ts';
import { underBan } from './ban.ts';
import type { Bug } from './bugs.table.ts';
import { openImpostor } from './impostor.ts';
import { ALL, BACKENDS, openWeb, PORT, without } from './web.ts';
import { machineOf, pauseRun } from './world.ts';

/** Until all have lost a backend that refuses, and one that hangs. Unit: ms. As issued. */
const REFUSED_MS = 2_000;
const HUNG_MS = 5_000;
/** What is added where packets are lost: each is sent again after a second. Unit: ms. */
const LOSS_MS = 4_000;
/** Where the weather is as good as it gets, a packet in a hundred is. */
const LOSS_LITTLE = 0.01;
/** Until a VM that lost its power is out. Unit: ms. As issued. */
const GONE_MS = 15_000;
/** Until one that serves again is used, also after a restart of its daemon. Unit: ms. */
const UP_MS = 15_000;

test('health: who serves is used, who does not is not, in the weather of three seeds', async () => {
  // Goal: dead backends are gone in seconds, and no other. Method: a process is killed, hangs,
  // fails, a VM loses power, one drains; each time all kernels lose that one and keep the others.
  for (const seed of [2, 3, 4]) {
    const { room, world, serve, set, sends } = openWeb(seed);
    const lossMs = room.weather.loss > LOSS_LITTLE ? LOSS_MS : 0;
    const story = async (): Promise<void> => {
      await set();
      await sends('all serve', ALL, BACKENDS, UP_MS);
      serve('vm2', null);
      await sends('killed', ALL, without('vm2'), REFUSED_MS + lossMs);
      serve('vm2', 'well');
      await sends('back', ALL, BACKENDS, UP_MS);
      serve('vm3', 'hung');
      await sends('hung', ALL, without('vm3'), HUNG_MS + lossMs);
      serve('vm3', 'failing');
      await pauseRun(room, 3_000);
      await sends('failing', ALL, without('vm3'), 1);
      serve('vm3', 'well');
      await sends('back', ALL, BACKENDS, UP_MS);
      await world.drain('vm4', true);
      await sends('draining', ALL, without('vm4'), UP_MS);
      await world.drain('vm4', false);
      await sends('back', ALL, BACKENDS, UP_MS);
      await world.powerCut('vm5');
      const left = ['vm1', 'vm2', 'vm3', 'vm4'];
      await sends('power cut', left, without('vm5'), GONE_MS);
      await world.boot('vm5');
      await sends('booted', ALL, BACKENDS, 60_000);
    };
    await underBan(() => room.scheduler.drive(story(), 1_800_000));
  }
});

test('health: daemons that end or stand still, and cuts, take out nobody who serves', async () => {
  // Goal: only an own failed probe counts, and never are all out. Method: the daemon of a backend
  // crashes, another stands still for 20 s; then the site of the client is cut off, and healed.
  for (const seed of [4, 5]) {
    const { room, world, set, used, sends } = openWeb(seed);
    const story = async (): Promise<void> => {
      await set();
      await sends('all serve', ALL, BACKENDS, UP_MS);
      await world.crash('vm2');
      machineOf(room, 'vm3').daemon?.pause();
      const keep = ['vm1', 'vm4', 'vm5'];
      for (let step = 0; step < 80; step += 1) {
        await pauseRun(room, 250);
        for (const vm of keep) {
          assert.equal(used(vm), BACKENDS.filter((each) => each !== vm).join(' '), vm);
        }
      }
      machineOf(room, 'vm3').daemon?.resume();
      await world.boot('vm2');
      await sends('again', ALL, BACKENDS, UP_MS);
      const siteOf = (vm: string): string => machineOf(room, vm).kernel.station.site;
      for (const vm of ALL)
        if (siteOf(vm) !== siteOf('vm1')) await world.cut(siteOf('vm1'), siteOf(vm));
      for (let step = 0; step < 160; step += 1) {
        await pauseRun(room, 250);
        for (const vm of ALL) assert.notEqual(used(vm), '', vm);
      }
      await world.heal();
      await sends('healed', ALL, BACKENDS, 120_000);
    };
    await underBan(() => room.scheduler.drive(story(), 1_800_000));
  }
});

test('health: a daemon that begins leaves out whom the one before it left out', async () => {
  // Goal: an upgrade sends nobody to the dead. Method: a VM loses its power for good, and all have
  // left it out; then the daemon of a client starts anew: also where nothing can be checked.
  for (const check of ['tcp', 'none']) {
    const { room, world, set, used, sends } = openWeb(4);
    const story = async (): Promise<void> => {
      await set({ check });
      await sends('all serve', ALL, BACKENDS, UP_MS);
      await world.powerCut('vm5');
      await sends('power cut', ['vm1'], without('vm5'), 60_000);
      await world.crash('vm1');
      await world.boot('vm1');
      for (let step = 0; step < 240; step += 1) {
        assert.equal(used('vm1'), without('vm5').join(' '), `${check}, ${step}`);
        await pauseRun(room, 250);
      }
      await world.boot('vm5');
      await sends('booted', ALL, BACKENDS, 60_000);
    };
    await underBan(() => room.scheduler.drive(story(), 1_800_000));
  }
});

test('health: who lies about others, or about itself, takes out nobody who serves', async () => {
  // Goal: hearsay is only a reason to look. Method: the key of vm5 in a liar's hands, which forges
  // words of others and says of itself, though its program serves, that it is down; then it is
  // killed, while the liar says that it is up.
  const { room, world, serve, set, used, sends } = openWeb(4);
  const story = async (): Promise<void> => {
    await set();
    await sends('all serve', ALL, BACKENDS, UP_MS);
    const machine = machineOf(room, 'vm5');
    room.hall.hostile.add(machine.node?.self ?? '');
    const others = ['vm2', 'vm3'].map((vm) => machineOf(room, vm).node?.self);
    machine.daemon?.end('crash');
    const { node, life, local } = await openImpostor(room, machine);
    const self = node.self as NonNullable<(typeof others)[number]>;
    const signer = createWordSigner(room.crypto, {
      ...{ self, seed: local.keys.memberSeed, meshId: local.meshId },
    });
    const honest = ['vm1', 'vm2', 'vm3', 'vm4'];
    const name = checkName({ kind: 'http', path: '/health' });
    const say = (sequence: number, state: string): void => {
      const own = signer.say('lb', { life: 2 ** 24, sequence }, `1\n${PORT} ${name} ${state}`);
      for (const { peer } of node.connections()) {
        node.send(peer, 'words', encodeWords({ kind: 'words', words: [own], hasMore: false }));
        for (const author of others) {
          const forged = { ...own, author: author ?? self, signature: new Uint8Array(64) };
          node.send(peer, 'words', encodeWords({ kind: 'words', words: [forged], hasMore: false }));
        }
      }
    };
    for (let step = 1; step <= 60; step += 1) {
      meetAll(room, node);
      say(step, 'down refused');
      await pauseRun(room, 500);
      for (const vm of honest) {
        assert.equal(used(vm), BACKENDS.filter((each) => each !== vm).join(' '), vm);
      }
    }
    serve('vm5', null);
    for (let step = 61; step <= 80; step += 1) {
      say(step, 'up');
      await pauseRun(room, 500);
    }
    life.end('exit');
    await sends('dead, and gone', honest, without('vm5'), GONE_MS);
    serve('vm5', 'well');
    await world.boot('vm5');
    await sends('honest again', ALL, BACKENDS, 60_000);
  };
  await underBan(() => room.scheduler.drive(story(), 1_800_000));
});

/** Whatever is looked at answers. */
const blind: Bug = {
  about: 'a probe that always says that all is well',
  wrap: (ports: Ports) => ({
    ...ports,
    net: {
      ...ports.net,
      glance: async (sign) => (sign.kind === 'http' ? 'answered' : await ports.net.glance(sign)),
    },
  }),
};

test('health: the checks of this file see a probe that does not look', async () => {
  // Goal: the negative twin. Method: the same story with probes that lie: who is killed stays.
  const { room, serve, set, sends } = openWeb(1, blind);
  const story = async (): Promise<void> => {
    await set();
    await sends('all serve', ALL, BACKENDS, UP_MS);
    serve('vm2', null);
    await assert.rejects(sends('killed', ALL, without('vm2'), 30_000), /not within/);
  };
  await underBan(() => room.scheduler.drive(story(), 1_800_000));
});
