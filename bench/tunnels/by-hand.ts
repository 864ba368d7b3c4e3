/**
 * Edge: by hand — the same tunnel without CNSMO: `wg` and `ip`, as a careful person types it.
 *
 * 1. The engine is the very file that CNSMO runs at that moment, or the kernel where CNSMO has it.
 * 2. MTU, keepalive, queue length and the number of keys are read from CNSMO's interface, so
 *    they are equal whatever CNSMO makes them.
 */
import { copyFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../netns-tests/vm.ts';
import { folderOf, launch, type Pair, pidsIn, type Tunnel, writeFiles } from './tunnel.ts';

const NAME = 'by hand';
const FOLDER = 'by-hand';
const LINK = 'hand0';
const PORT = 51820;
const ADDRESSES = ['10.201.0.1', '10.201.0.2'] as const;
const ADDRESSES6 = ['fd00:201::1', 'fd00:201::2'] as const;
/** Longest wait for the engine to make its interface. */
const LINK_MS = 5_000;
const PAUSE_MS = 20;

/** What is copied from CNSMO's interface. */
interface Model {
  readonly mtu: string;
  readonly queue: string;
  readonly keepalive: string;
}

/** Makes it beside CNSMO's, on both VMs. CNSMO's tunnel must be up. */
export async function openByHand(pair: Pair): Promise<Tunnel> {
  const keys = await Promise.all(pair.map(makeKey));
  for (const [at, vm] of pair.entries()) {
    const model = await modelOf(vm);
    await startEngine(vm);
    const other = 1 - at;
    const peer = [
      ...['peer', keys[other] ?? '', 'endpoint', `${pair[other]?.place.public4}:${PORT}`],
      ...['allowed-ips', `${ADDRESSES[other]}/32,${ADDRESSES6[other]}/128`],
      ...['persistent-keepalive', model.keepalive],
    ];
    const key = join(folderOf(vm, FOLDER).inside, 'key');
    await vm.must(['wg', 'set', LINK, 'private-key', key, 'listen-port', String(PORT)]);
    const size = ['mtu', model.mtu, 'txqueuelen', model.queue];
    await vm.must(['ip', 'link', 'set', 'dev', LINK, ...size, 'up']);
    await vm.must(['ip', 'address', 'add', `${ADDRESSES[at]}/16`, 'dev', LINK]);
    await vm.must(['ip', 'address', 'add', `${ADDRESSES6[at]}/64`, 'dev', LINK]);
    await vm.must(['wg', 'set', LINK, ...peer]);
  }
  return { name: NAME, target: ADDRESSES[1] };
}

/** Makes a private key in the VM's folder; gives the public one. */
async function makeKey(vm: Vm): Promise<string> {
  const key = await vm.must(['wg', 'genkey']);
  writeFiles(vm, FOLDER, { key });
  return (await vm.must(['wg', 'pubkey'], { input: key })).trim();
}

/** CNSMO's interface is the only one that wg shows before ours. */
async function modelOf(vm: Vm): Promise<Model> {
  const [link = ''] = (await vm.must(['wg', 'show', 'interfaces'])).trim().split(/\s+/);
  const shown = await vm.must(['ip', '-json', 'link', 'show', 'dev', link]);
  const [about] = JSON.parse(shown) as { mtu: number; txqlen: number }[];
  const keepalive = (await vm.must(['wg', 'show', link, 'persistent-keepalive'])).trim();
  const values = { mtu: String(about?.mtu), queue: String(about?.txqlen) };
  return { ...values, keepalive: keepalive.split(/\s+/)[1] ?? '' };
}

async function startEngine(vm: Vm): Promise<void> {
  const engine = pidsIn(vm).find((pid) => readlinkSync(`/proc/${pid}/exe`).includes('wireguard'));
  if (engine === undefined) {
    await vm.must(['ip', 'link', 'add', 'dev', LINK, 'type', 'wireguard']);
    return;
  }
  const { inside, outside } = folderOf(vm, FOLDER);
  copyFileSync(`/proc/${engine}/exe`, join(outside, 'engine'));
  const env = ['WG_PROCESS_FOREGROUND=1', 'LOG_LEVEL=error'];
  await launch(vm, FOLDER, ['env', ...env, join(inside, 'engine'), '-f', LINK]);
  const endMs = performance.now() + LINK_MS;
  while ((await vm.run(['wg', 'show', LINK])).status !== 0) {
    if (performance.now() > endMs) throw new Error(`${NAME}: no interface ${LINK}`);
    await sleep(PAUSE_MS);
  }
}
