/**
 * Edge: tinc — 1.0 of this machine's Debian, in router mode over UDP, with fast settings.
 *
 * AES-128-CBC and SHA-1, lighter than its defaults (AES-256-CBC and SHA-256); no compression; a
 * replay window that no burst overruns.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf, launch, type Pair, type Tunnel, writeFiles } from './tunnel.ts';

const FOLDER = 'tinc';
const LINK = 'tinc0';
const PORT = 655;
const ADDRESSES = ['10.206.0.1', '10.206.0.2'] as const;

/** Makes two nodes that know each other; the second connects to the first. */
export async function openTinc(pair: Pair): Promise<Tunnel> {
  const hosts: Record<string, string> = {};
  for (const [at, vm] of pair.entries()) {
    const settings = `Name = ${vm.name}\nMode = router\nInterface = ${LINK}\nDeviceType = tun\n`;
    const connect = at === 0 ? '' : `ConnectTo = ${pair[0].name}\n`;
    const socket = `BindToAddress = * ${PORT}\nReplayWindow = 1024\n`;
    const host = `Address = ${vm.place.public4} ${PORT}\nSubnet = ${ADDRESSES[at]}\n${CRYPTO}`;
    writeFiles(vm, FOLDER, {
      'tinc.conf': `${settings}${socket}${connect}`,
      [`hosts/${vm.name}`]: host,
    });
    const { inside, outside } = folderOf(vm, FOLDER);
    await vm.must(['tincd', '-c', inside, '-K2048'], { input: '\n\n' });
    hosts[`hosts/${vm.name}`] = readFileSync(join(outside, 'hosts', vm.name), 'utf8');
  }
  for (const [at, vm] of pair.entries()) {
    writeFiles(vm, FOLDER, hosts);
    const { inside } = folderOf(vm, FOLDER);
    const up = `ip address add ${ADDRESSES[at]}/16 dev ${LINK}; ip link set dev ${LINK} up`;
    writeFiles(vm, FOLDER, { 'tinc-up': `#!/bin/sh\n${up}\n` });
    await vm.must(['chmod', '700', join(inside, 'tinc-up')]);
    const pid = join('/run', 'tinc-bench.pid');
    await launch(vm, FOLDER, ['tincd', '-D', '-c', inside, `--pidfile=${pid}`]);
  }
  const version = /version (\S+)/.exec(await pair[0].must(['tincd', '--version']))?.[1];
  return { name: `tinc ${version}`, target: ADDRESSES[1] };
}

const CRYPTO = 'Cipher = aes-128-cbc\nDigest = sha1\nCompression = 0\n';
