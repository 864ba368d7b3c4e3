/** The binary of the architecture that this machine does not have, run under emulation. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execute, must, type Outcome } from '../netns-tests/command.ts';
import { type Namespace, openNamespace } from '../netns-tests/namespace.ts';
import { binaryName, DIST } from '../scripts/binary.ts';
import { machineArch } from '../scripts/node-package.ts';
import { buildHere, elfMachine } from './dist.ts';
import { ensureEmulator, FOREIGN_ARCH } from './emulator.ts';

/** Longest wait for an emulated daemon: it is some 15 times as slow as on its own hardware. */
const READY_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'cnsmo-emulated-'));
const binaryOf = (arch: 'x64' | 'arm64'): string => resolve(DIST, binaryName(arch));
const native = binaryOf(machineArch());
let emulator: readonly string[] = [];

before(async () => {
  await buildHere();
  emulator = await ensureEmulator();
});

after(() => rmSync(folder, { recursive: true }));

const emulated = (...argv: readonly string[]): readonly string[] => [
  ...emulator,
  binaryOf(FOREIGN_ARCH),
  ...argv,
];

/** The flags that give a VM its own state in the folder of this test. */
const places = (name: string): readonly string[] => [
  ...['--state', join(folder, name, 'state'), '--run', join(folder, name, 'run')],
];

test('says what the other one says', async () => {
  // Goal: the program is whole and starts. Method: version, help, a command without a daemon, and
  // as a twin one that does not exist; texts and exit status as of the machine's own binary.
  const cases: readonly [readonly string[], number][] = [
    [['--version'], 0],
    [['--help'], 0],
    [['status', ...places('nobody')], 4],
    [['no-such-command'], 2],
  ];
  for (const [argv, status] of cases) {
    const said = await execute(emulated(...argv));
    assert.deepEqual(said, await execute([native, ...argv]), argv.join(' '));
    assert.equal(said.status, status, `${argv.join(' ')}: ${said.stderr}`);
  }
});

/** Two hosts on one wire, `192.0.2.1` and `192.0.2.2`; they end with all that runs in them. */
const openHosts = async (): Promise<readonly [Namespace, Namespace]> => {
  const setup = 'ip link set lo up';
  const [one, two] = [await openNamespace('machine', setup), await openNamespace('machine', setup)];
  const peer = ['peer', 'name', 'wire', 'netns', String(two.pid)];
  await must(one.enterNetwork(['ip', 'link', 'add', 'wire', 'type', 'veth', ...peer]));
  for (const [host, address] of [[one, '192.0.2.1/24'] as const, [two, '192.0.2.2/24'] as const]) {
    await host.must(['ip', 'address', 'add', address, 'dev', 'wire']);
    await host.must(['ip', 'link', 'set', 'wire', 'up']);
  }
  return [one, two];
};

/** Starts the emulated daemon in the foreground: it cannot start itself without its emulator. */
const startDaemon = async (host: Namespace): Promise<void> => {
  const [command = '', ...argv] = host.enter(emulated('daemon', ...places('one')));
  const daemon = spawn(command, argv, { stdio: 'ignore' });
  const startMs = performance.now();
  while (!existsSync(join(folder, 'one/run/api.sock'))) {
    assert.equal(daemon.exitCode, null, 'the emulated daemon ended');
    assert.ok(performance.now() - startMs < READY_MS, `no daemon within ${READY_MS} ms`);
    await sleep(50);
  }
};

test('founds a mesh that a VM of the other architecture joins', async (t) => {
  // Goal: crypto, WebAssembly, libp2p, journal and formats work there, and fit those of this
  // machine. Method: an emulated founder and a native joiner in two namespaces; the founder then
  // lists both. The twin: its token lets in nobody else. The tunnel is not tried: the kernel would
  // have to know the emulator to start the carried wireguard-go, which is asked for its version.
  const [one, two] = await openHosts();
  t.after(async () => {
    for (const host of [one, two]) await host.end();
  });
  const founder = (...argv: readonly string[]): Promise<string> =>
    one.must(emulated(...argv, ...places('one')));
  await founder('init', '--no-start', '--member', 'one', '--advertise', '192.0.2.1');
  await startDaemon(one);
  const token = await founder('invite', '--quiet');
  const joins = (name: string): Promise<Outcome> => {
    const flags = ['--no-start', '--member', name, ...places(name), '-'];
    return two.run([native, 'join', ...flags], { input: token });
  };
  const joined = await joins('two');
  assert.equal(joined.status, 0, joined.stderr);
  const refused = await joins('three');
  assert.match(refused.stderr, /^token: .*used/);
  assert.equal(refused.status, 3);
  const members = JSON.parse(await founder('members', '-o', 'json')) as { name: string }[];
  assert.deepEqual(members.map(({ name }) => name).toSorted(), ['one', 'two']);

  const carried = join(folder, 'one/state/bin');
  const [name = ''] = readdirSync(carried);
  assert.equal(elfMachine(join(carried, name)), FOREIGN_ARCH);
  assert.match(await must([...emulator, join(carried, name), '--version']), /^wireguard-go v0/);
});
