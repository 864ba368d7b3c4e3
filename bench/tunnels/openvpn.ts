/**
 * Edge: OpenVPN — of this machine's Debian, point to point over UDP, in its fastest usual mode.
 *
 * TLS with certificates known by fingerprint, AES-256-GCM with the processor's instructions, no
 * compression, large queues and buffers; its own defaults for MTU and MSS, which fill 1500 bytes.
 * Its kernel module (DCO) is not in Debian's kernels, and is not used.
 */
import { join } from 'node:path';
import { run } from '../../scripts/steps.ts';
import { folderOf, launch, type Pair, type Tunnel, writeFiles } from './tunnel.ts';

const FOLDER = 'openvpn';
const LINK = 'ovpn0';
const PORT = 1194;
const ADDRESSES = ['10.205.0.1', '10.205.0.2'] as const;
/** Of the socket. Unit: bytes. Five times the kernel's default. */
const BUFFER = 1 << 20;

/** Makes the tunnel: the first VM is TLS's server. */
export async function openOpenvpn(pair: Pair): Promise<Tunnel> {
  const prints: string[] = [];
  for (const vm of pair) {
    const { outside } = folderOf(vm, FOLDER);
    const keys = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', join(outside, 'key'), '-out', join(outside, 'cert')];
    const about = ['-x509', '-days', '2', '-subj', `/CN=${vm.name}`];
    await run('openssl', ['req', ...about, ...keys, ...files]);
    const shown = ['x509', '-fingerprint', '-sha256', '-noout', '-in', join(outside, 'cert')];
    prints.push((await run('openssl', shown)).split('=')[1]?.trim() ?? '');
  }
  for (const [at, vm] of pair.entries()) {
    const { inside } = folderOf(vm, FOLDER);
    const role = at === 0 ? 'tls-server\ndh none' : 'tls-client';
    const remote = pair[1 - at]?.place.public4 ?? '';
    const [own, other] = [ADDRESSES[at] ?? '', ADDRESSES[1 - at] ?? ''];
    const text = `${role}\nremote ${remote} ${PORT}\nifconfig ${own} ${other}\n${COMMON}`;
    writeFiles(vm, FOLDER, { config: `${text}peer-fingerprint ${prints[1 - at]}\n` });
    await launch(vm, FOLDER, ['openvpn', '--cd', inside, '--config', 'config']);
  }
  const version = /OpenVPN (\S+)/.exec(await pair[0].must(['openvpn', '--version']))?.[1];
  return { name: `OpenVPN ${version}`, target: ADDRESSES[1] };
}

const COMMON = `dev ${LINK}
dev-type tun
topology p2p
proto udp4
lport ${PORT}
cert cert
key key
data-ciphers AES-256-GCM
cipher AES-256-GCM
allow-compression no
txqueuelen 1000
sndbuf ${BUFFER}
rcvbuf ${BUFFER}
fast-io
verb 1
`;
