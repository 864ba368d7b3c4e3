import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type EngineVm, makeEngineVms } from './engine-vms.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for network namespaces';

/** Asks until it is so; fails with what was asked after `limitMs`. */
const until = async (
  what: string,
  limitMs: number,
  isSo: () => boolean | Promise<boolean>,
): Promise<number> => {
  const startMs = performance.now();
  while (!(await isSo())) {
    assert.ok(performance.now() - startMs < limitMs, `${what}: not within ${limitMs} ms`);
    await setTimeout(20);
  }
  return performance.now() - startMs;
};

const ping = async (vm: EngineVm, address: string): Promise<boolean> =>
  (await vm.run('ping', '-c', '1', '-W', '1', address)).status === 0;

const isReady = (vm: EngineVm) => (): boolean => vm.report()?.state === 'ready';

const peers = async (vm: EngineVm): Promise<string> =>
  (await vm.run('wg', 'show', vm.interface, 'peers')).stdout;

test('the commands of the vpn make, repair and remove a real tunnel', { skip }, async (t) => {
  // Goal: plan and diff hold on the real engine. Method: two namespaces, the agent on real edges.
  const [a, b] = await makeEngineVms();
  t.after(async () => {
    for (const vm of [a, b]) await vm.remove();
  });
  const [pub1, pub2] = [a, b].map(({ member }) => Buffer.from(member.wgKey).toString('base64'));

  await t.test('both become ready, alone and then with each other', async () => {
    // Goal: in step after applying. Method: alone first, then each learns of the other.
    for (const vm of [a, b]) await until('ready', 10_000, isReady(vm));
    for (const vm of [a, b]) vm.know([a.member, b.member]);
    await until('a has b', 5_000, async () => (await peers(a)).trim() === pub2);
    await until('b has a', 5_000, async () => (await peers(b)).trim() === pub1);
    for (const vm of [a, b]) await until('ready', 5_000, isReady(vm));
  });

  await t.test('traffic flows both ways over both families', async () => {
    // Goal: whoever is configured last initiates. Method: the first ping within 3 s, then all.
    await until('first ping', 3_000, () => ping(a, '10.10.0.2'));
    assert.ok(await ping(b, '10.10.0.1'));
    assert.ok(await ping(a, 'fd00:1::2'));
    assert.ok(await ping(b, 'fd00:1::1'));
    await until('handshake reported', 15_000, () => {
      const [peer] = a.report()?.peers ?? [];
      return peer?.handshakeAgeMs !== null && peer?.endpoint === '192.0.2.2:7300';
    });
  });

  await t.test('an address that no member holds stays inside the tunnel', async () => {
    // Goal: fail closed. Method: ask the kernel where it would send to a free overlay address.
    for (const free of ['10.10.77.7', 'fd00:1::77']) {
      const { stdout } = await a.run('ip', 'route', 'get', free);
      assert.match(stdout, new RegExp(`dev ${a.interface} `));
    }
    assert.ok(!(await ping(a, '10.10.77.7')));
  });

  await t.test('a member that left is no peer any more, and comes back', async () => {
    // Goal: the negative twin of traffic. Method: b leaves in the view of a, ping, then it is back.
    a.know([a.member, { ...b.member, hasLeft: true }]);
    await until('peer removed', 5_000, async () => (await peers(a)).trim() === '');
    assert.ok(!(await ping(a, '10.10.0.2')));
    assert.ok(!(await ping(b, '10.10.0.1')));
    a.know([a.member, b.member]);
    await until('ping again', 10_000, () => ping(b, '10.10.0.1'));
  });

  await t.test('drift is repaired, and what was found is logged', async () => {
    // Goal: monitors and signs mark. Method: each thing that a hand can change, one by one.
    await until('ready', 5_000, isReady(a));
    const { interface: name } = a;
    const [flush, add] = [`ip address flush dev ${name}`, 'ip address add'];
    const rules = ['inet', 'cnsmo_vpn'];
    const drifts: readonly (readonly [found: string, ...argv: readonly string[]])[] = [
      ['address 10.10.0.1/16 was', ...'ip address delete 10.10.0.1/16 dev'.split(' '), name],
      [`${name} was down`, 'ip', 'link', 'set', 'dev', name, 'down'],
      [`the MTU of ${name} was 1300`, 'ip', 'link', 'set', 'dev', name, 'mtu', '1300'],
      ['route 10.10.0.0/16 was missing', 'ip', 'route', 'delete', '10.10.0.0/16', 'dev', name],
      ['route fd00:1::/64 was missing', 'ip', '-6', 'route', 'delete', 'fd00:1::/64', 'dev', name],
      ['peer vm-2 was missing', 'wg', 'set', name, 'peer', pub2 ?? '', 'remove'],
      ['peer vm-2 had other', 'wg', 'set', name, 'peer', pub2 ?? '', 'allowed-ips', '10.10.0.2/32'],
      [`${name} listened on port 7399`, 'wg', 'set', name, 'listen-port', '7399'],
      ['table inet cnsmo_vpn was missing', 'nft', 'delete', 'table', ...rules],
      ['table inet cnsmo_vpn was changed', 'nft', 'add', 'rule', ...rules, 'forward', 'counter'],
      ['table inet cnsmo_vpn was changed', 'nft', 'flush', 'table', ...rules],
      // Ours becomes the second of two: who deletes the first deletes it too.
      [
        `address 10.10.0.99/16 stood on ${name}`,
        ...[
          'sh',
          '-ec',
          `${flush}; ${add} 10.10.0.99/16 dev ${name}; ${add} 10.10.0.1/16 dev ${name}`,
        ],
      ],
    ];
    for (const [found, ...drift] of drifts) {
      const before = a.logged.length;
      const done = await a.run(...drift);
      assert.equal(done.status, 0, `${drift.join(' ')}: ${done.stderr}`);
      await until(`${drift.join(' ')}: ${found}`, 10_000, () =>
        a.logged
          .slice(before)
          .some((line) => line.startsWith('drift-repaired') && line.includes(found)),
      );
      await until('ping after it', 8_000, () => ping(a, '10.10.0.2'));
      await until('ready', 5_000, isReady(a));
    }
    const { stdout } = await a.run('ip', '-o', 'address', 'show', 'dev', name, 'scope', 'global');
    assert.deepEqual(stdout.match(/inet6? \S+/g), ['inet 10.10.0.1/16', 'inet6 fd00:1::1/64']);
  });

  await t.test('on a host that forbids IPv6, IPv4 works all the same', async () => {
    // Goal: one family failing holds up no other. Method: forbid it, then change the peers.
    const forbid = async (value: string): Promise<void> => {
      const setting = `net.ipv6.conf.${a.interface}.disable_ipv6=${value}`;
      assert.equal((await a.run('sysctl', '-qw', setting)).status, 0);
    };
    await forbid('1');
    await until('failed', 5_000, () => a.report()?.state === 'failed');
    assert.match(
      a.report()?.problems.join() ?? '',
      /ip address add fd00:1::1\/64 .*(disabled|denied)/,
    );
    a.know([a.member]);
    await until('peer removed', 5_000, async () => (await peers(a)).trim() === '');
    a.know([a.member, b.member]);
    await until('ping by IPv4', 10_000, () => ping(b, '10.10.0.1'));
    await forbid('0');
    a.agent.mark('host');
    await until('ready', 5_000, isReady(a));
    await until('ping by IPv6', 5_000, () => ping(b, 'fd00:1::1'));
  });

  await t.test('an engine that died is started again', async () => {
    // Goal: the whole interface comes back. Method: kill the engine, wait for ping.
    await b.ports.process.stop(`wireguard-${b.interface}`);
    const { status } = await b.run('ip', 'link', 'show', 'dev', b.interface);
    await until('ping after it', 15_000, () => ping(b, '10.10.0.1'));
    assert.notEqual(status, 0);
  });

  await t.test('a peer that appeared from nowhere goes at the next look', async () => {
    // Goal: nobody but members gets in. Method: add a stranger by hand, mark, compare the peers.
    const stranger = Buffer.alloc(32, 9).toString('base64');
    const ips = ['allowed-ips', '10.10.9.9/32'];
    assert.equal((await a.run('wg', 'set', a.interface, 'peer', stranger, ...ips)).status, 0);
    a.agent.mark('host');
    await until('stranger gone', 5_000, async () => (await peers(a)).trim() === pub2);
  });

  await t.test('a stopped agent leaves the tunnel, and an undone ledger nothing', async () => {
    // Goal: the data plane outlives the daemon; leave restores the VM. Method: stop, ping, undo.
    for (const vm of [a, b]) await vm.stop();
    assert.equal(a.report()?.state, 'stopped');
    assert.ok(await ping(a, '10.10.0.2'));
    assert.deepEqual([...a.ledger.ids()], ['vpn-link', 'vpn-table']);
    const tables = async (): Promise<string> => (await a.run('nft', 'list', 'tables')).stdout;
    assert.equal(await tables(), 'table inet cnsmo_vpn\n');
    assert.deepEqual(await a.ledger.undoAll(a.ports), []);
    await until('link gone', 3_000, async () => {
      const { status } = await a.run('ip', 'link', 'show', 'dev', a.interface);
      return status !== 0;
    });
    assert.ok(!(await a.ports.process.isRunning(`wireguard-${a.interface}`)));
    assert.equal(await tables(), '');
    assert.ok(!(await ping(b, '10.10.0.1')));
  });

  await t.test('no private key was logged or reported', () => {
    // Goal: secrets stay in. Method: search all that both agents said for both keys.
    const said = [a, b].map((vm) => vm.logged.join('\n') + JSON.stringify(vm.report())).join('\n');
    assert.ok(said.includes('private-key /dev/stdin'));
    for (const vm of [a, b]) assert.ok(!said.includes(vm.privateKeyText));
  });
});

test('an interface of another program is named and not touched', { skip }, async (t) => {
  // Goal: never overwrite. Method: a bridge of our name is there first; compare it.
  const [a, b] = await makeEngineVms({ withForeign: true });
  t.after(async () => {
    for (const vm of [a, b]) await vm.remove();
  });
  const show = async (): Promise<string> =>
    (await a.run('ip', '-d', 'address', 'show', 'dev', a.interface)).stdout;
  const before = await show();
  await until('problem', 5_000, () => a.report()?.state === 'degraded');
  a.know([a.member, b.member]);
  await setTimeout(500);
  assert.match(a.report()?.problems.join() ?? '', /is a bridge device that CNSMO did not make/);
  assert.equal(await show(), before);
  assert.match(before, /bridge/);
  assert.deepEqual([...a.ledger.ids()], []);
});
