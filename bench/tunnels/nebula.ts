/**
 * Edge: nebula — of two releases of Debian, fetched and unpacked, not installed.
 *
 * AES, its default and the faster cipher on processors that have it; the largest MTU that fits into
 * 1500 bytes (its default is 1300); a firewall that lets everything pass; all else as it comes.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { downloadPackage, openArchive } from '../../scripts/debian.ts';
import { machineArch } from '../../scripts/node-package.ts';
import { run } from '../../scripts/steps.ts';
import { folderOf, launch, type Pair, type Tunnel, writeFiles } from './tunnel.ts';

/** The releases, oldest first; the place of each gives it its network, port and interface. */
const SUITES = ['bookworm', 'trixie'] as const;
const PORT_FIRST = 4242;
/** 1500 less IPv4 (20), UDP (8), nebula's header (16) and AES-GCM's tag (16). Unit: bytes. */
const MTU = 1440;
/** Debian's names of architectures. */
const DEBIAN_ARCH = { x64: 'amd64', arm64: 'arm64' } as const;

/** A fetched nebula. */
export interface Nebula {
  readonly suite: (typeof SUITES)[number];
  /** Where the package was unpacked. */
  readonly programs: string;
  /** As Debian's package says, without Debian's part. */
  readonly version: string;
}

/** Fetches nebula of each release, once; apt verifies the signatures. */
export async function fetchNebulas(): Promise<readonly Nebula[]> {
  const nebulas: Nebula[] = [];
  for (const suite of SUITES) nebulas.push(await fetchNebula(suite));
  return nebulas;
}

async function fetchNebula(suite: Nebula['suite']): Promise<Nebula> {
  const folder = `build/apt/nebula-${suite}`;
  const programs = join(folder, 'root/usr/bin');
  if (!existsSync(join(programs, 'nebula'))) {
    const archive = await openArchive(suite);
    const file = await downloadPackage(folder, DEBIAN_ARCH[machineArch()], archive, 'nebula');
    await run('dpkg', ['-x', file, join(folder, 'root')]);
  }
  const said = await run(join(programs, 'nebula'), ['-version']);
  return { suite, programs, version: said.replace('Version:', '').trim() };
}

/** Two hosts that know each other, without a lighthouse. */
export async function openNebula(nebula: Nebula, pair: Pair): Promise<Tunnel> {
  const folder = `nebula-${nebula.suite}`;
  const place = SUITES.indexOf(nebula.suite);
  const addresses = [1, 2].map((host) => `10.${202 + place}.0.${host}`);
  const [first] = pair;
  for (const vm of pair) {
    const { outside } = folderOf(vm, folder);
    for (const program of ['nebula', 'nebula-cert']) {
      copyFileSync(join(nebula.programs, program), join(outside, program));
    }
  }
  const authority = folderOf(first, folder);
  const certify = async (...argv: readonly string[]): Promise<void> => {
    await run(join(authority.outside, 'nebula-cert'), argv, { cwd: authority.outside });
  };
  await certify('ca', '-name', 'bench');
  for (const [at, vm] of pair.entries()) {
    await certify('sign', '-name', vm.name, '-ip', `${addresses[at]}/16`);
    const { outside, inside } = folderOf(vm, folder);
    for (const file of ['ca.crt', `${vm.name}.crt`, `${vm.name}.key`]) {
      if (vm !== first) copyFileSync(join(authority.outside, file), join(outside, file));
    }
    const other = { address: addresses[1 - at] ?? '', at: pair[1 - at]?.place.public4 ?? '' };
    const port = PORT_FIRST + place;
    writeFiles(vm, folder, {
      'config.yml': configuration({ inside, name: vm.name, port, device: `nebula${place}`, other }),
    });
    await launch(vm, folder, [join(inside, 'nebula'), '-config', join(inside, 'config.yml')]);
  }
  return { name: `nebula ${nebula.version}`, target: addresses[1] ?? '' };
}

interface Host {
  readonly inside: string;
  readonly name: string;
  readonly port: number;
  readonly device: string;
  readonly other: { readonly address: string; readonly at: string };
}

const configuration = ({ inside, name, port, device, other }: Host): string => `
pki: { ca: ${inside}/ca.crt, cert: ${inside}/${name}.crt, key: ${inside}/${name}.key }
static_host_map: { '${other.address}': ['${other.at}:${port}'] }
lighthouse: { am_lighthouse: false }
listen: { host: 0.0.0.0, port: ${port} }
punchy: { punch: true }
cipher: aes
tun: { dev: ${device}, mtu: ${MTU} }
logging: { level: error }
firewall:
  outbound: [{ port: any, proto: any, host: any }]
  inbound: [{ port: any, proto: any, host: any }]
`;
