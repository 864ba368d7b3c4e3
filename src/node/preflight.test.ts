import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import type { Disk } from '../ports.ts';
import { checkHost, checkOverlay } from './preflight.ts';

const portsWith = (file: string | null) => {
  const disk: Disk = {
    read: async (name) => (name === file ? new Uint8Array() : null),
    write: async () => undefined,
    append: async () => undefined,
    remove: async () => undefined,
    list: async () => [],
  };
  const facts = {
    hostname: 'vm1',
    isRoot: true,
    hasTun: true,
    hasKernelWireguard: true,
    hasSystemd: false,
    tools: { ip: true, wg: true },
  };
  const host = {
    run: async () => ({ status: 0, stdout: '', stderr: '' }),
    facts: async () => facts,
    probe: async () => facts,
    addresses: async () => [],
  };
  const net = {
    isPortFree: async () => true,
    glance: async () => '',
    serveApi: async () => async () => undefined,
  };
  return { disk, host, net };
};

test('preflight: a host that is fit and fresh passes', async () => {
  // Goal: nobody is refused without need. Method: an empty directory.
  await checkHost(portsWith(null), 7300);
});

test('preflight: a member, or one that has not finished leaving, is refused', async () => {
  // Goal: the next daemon does not erase what was just made. Method: each mark by itself.
  for (const file of ['genesis', 'leaving']) {
    await assert.rejects(checkHost(portsWith(file), 7300), { code: 'refused' });
  }
});

test('preflight: what is advertised may not lie in the overlay', async () => {
  // Goal: nobody is told to dial a tunnel through itself. Method: both families, and none.
  const host = {
    ...portsWith(null).host,
    run: async () => ({ status: 1, stdout: '', stderr: '' }),
  };
  const mesh = { prefix: '10.10.0.0/16', prefix6: 'fd12::/64' };
  const check = (at: string | null) => {
    const advertised = at === null ? null : { host: at, port: 7300 };
    return checkOverlay(host, mesh, { interface: 'cnsmo0', advertised });
  };
  for (const at of ['10.10.0.1', 'fd12::5']) {
    await assert.rejects(check(at), (error) => {
      assert.ok(error instanceof Fault && error.code === 'refused');
      assert.match(error.message, new RegExp(`^advertise: ${at}: an address of the VPN itself`));
      return true;
    });
  }
  for (const at of ['10.11.0.1', 'fd12:0:0:1::5', '203.0.113.5', null]) await check(at);
});
