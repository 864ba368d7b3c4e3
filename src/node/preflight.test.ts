import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../ports.ts';
import { checkHost } from './preflight.ts';

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
    addresses: async () => [],
  };
  const net = { isPortFree: async () => true, serveApi: async () => async () => undefined };
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
