import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeGenesis, readGenesis } from '../../crdt/genesis.ts';
import { keepKeys, writeLocalState } from '../local-state.ts';
import { openCrypto } from './crypto.ts';
import { openDisk } from './disk.ts';
import { openRandom } from './random.ts';
import { freePort } from './test-ports.ts';

/** Longest that a daemon may take to give up. Unit: ms. Starting node and libp2p takes 1 to 5 s. */
const END_MS = 30_000;

test('daemon: one that cannot serve its API ends', { timeout: 2 * END_MS }, async () => {
  // Goal: no process lives on that nobody can ask and nothing restarts. Method: a member whose run
  // directory has too long a name for a socket, in a process that something else keeps open.
  const directory = await mkdtemp(join(tmpdir(), 'cnsmo-daemon-'));
  const state = join(directory, 'state');
  await writeMember(state);
  const run = join(directory, 'r'.repeat(100));
  const code = `setInterval(() => {}, 1_000);
    import('${import.meta.dirname}/daemon.ts').then(({ runDaemon }) =>
    runDaemon({ state: '${state}', run: '${run}' }).catch(({ code }) => console.log(code)))`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  const [status] = await once(child, 'close');
  clearTimeout(timer);
  assert.equal(status, 0);
  assert.match(said, /refused/);
  await rm(directory, { recursive: true });
});

async function writeMember(state: string): Promise<void> {
  const [crypto, random, disk] = [openCrypto(), openRandom(), await openDisk(state)];
  const { memberSeed } = await keepKeys(disk, random);
  const genesisBytes = makeGenesis(crypto, memberSeed, {
    name: 'test',
    prefix: '10.213.0.0/24',
    prefix6: 'fd00:1::/64',
    nextRootHash: random.bytes(32),
  });
  assert.ok(readGenesis(crypto, genesisBytes).ok);
  const config = {
    name: 'vm1',
    port: await freePort(),
    interface: 'cnsmo-test0',
    advertised: null,
    observed: null,
    services: [],
    allowRun: false,
    entries: [],
  };
  await writeLocalState(disk, { psk: random.bytes(32), genesisBytes, config });
}
