/** Edge: secrets — what must not be read stays where it belongs. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { found, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';

/** Files of the state that hold secrets, each of 32 bytes. */
const FILES = ['member-key', 'wg-key', 'psk'];
/** How a secret of bytes could be written. */
const ENCODINGS = ['hex', 'base64', 'base64url', 'latin1'] as const;

/**
 * Goal: no token, code or key gets into a log or a process list, nobody else can read the state,
 * and no port but the swarm's is open. Method: a life with all of them; then look for each in every
 * spelling where people look, and, so that the looking is known to work, for what is there.
 */
export async function secrets(world: RealWorld): Promise<void> {
  const code = await found(world, ['vm1', 'vm2']);
  const token = await world.invite('vm1', { uses: 2 });
  await world.join('vm3', token);
  const next = await world.operatorRecover('vm2', code);
  await together(world, ['vm1', 'vm2', 'vm3']);
  const vms = ['vm1', 'vm2', 'vm3'].map((name) => world.vm(name));
  const spoken = vms.flatMap((vm) => FILES.flatMap((file) => spellings(vm, file)));
  const hidden = [token, code, code.replaceAll('-', ''), next, ...spoken];
  for (const vm of vms) {
    const state = join(vm.disk, 'cnsmo');
    const seen = [
      ...readdirSync(state)
        .filter((file) => /^log(\.\d)?$/.test(file))
        .map((file) => readFileSync(join(state, file), 'latin1')),
      await vm.must(['sh', '-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr "\\0" "\\n"']),
      await vm.must(['sh', '-c', 'cat /run/cnsmo/*.log /run/cnsmo/*.pid 2>/dev/null || true']),
    ].join('\n');
    expect('the looking works', seen.includes('"event":"started"') && seen.includes('/run/cnsmo'));
    const found = hidden.findIndex((secret) => seen.includes(secret));
    expect(`no secret is seen on ${vm.name}, not number ${found}`, found === -1);
    const ports = (await vm.must(['ss', '-Hltn']))
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/)[3] ?? '');
    expect(
      `${vm.name} listens for the swarm alone, not at ${ports}`,
      ports.length > 0 && ports.every((port) => port.endsWith(':7300')),
    );
    const open = [state, ...readdirSync(state).map((file) => join(state, file))].filter(
      (path) => (statSync(path).mode & 0o077) !== 0,
    );
    expect(`nobody else may read the state, not ${open}`, open.length === 0);
  }
  for (const vm of vms) stolenDisk(vm, vms, [token, code, code.replaceAll('-', ''), next]);
}

/**
 * Goal: a stolen disk is one VM's, and no more. Method: look in all that is on it for the keys of
 * every other VM, for the token and for the codes; twin: its own keys are there.
 */
function stolenDisk(vm: Vm, all: readonly Vm[], words: readonly string[]): void {
  const state = join(vm.disk, 'cnsmo');
  const content = readdirSync(state, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
    .join('\n');
  const holds = (file: string, owner: Vm): boolean =>
    spellings(owner, file).some((spelling) => content.includes(spelling));
  const keys = ['member-key', 'wg-key'];
  expect(
    `${vm.name} holds its own keys`,
    keys.every((file) => holds(file, vm)),
  );
  const foreign = all
    .filter((other) => other !== vm)
    .flatMap((other) =>
      keys.filter((file) => holds(file, other)).map((file) => `${file} of ${other.name}`),
    );
  expect(`${vm.name} holds no other VM’s key, not ${foreign}`, foreign.length === 0);
  const found = words.findIndex((word) => content.includes(word));
  expect(`no token or code is on the disk of ${vm.name}, not number ${found}`, found === -1);
}

const spellings = (vm: Vm, file: string): readonly string[] => {
  const bytes = readFileSync(join(vm.disk, 'cnsmo', file));
  return ENCODINGS.map((encoding) => bytes.toString(encoding));
};
