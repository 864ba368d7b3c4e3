import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host, HostFacts } from '../../ports.ts';
import { installTools } from './install-tools.ts';

function factsWith(isRoot: boolean, ...tools: string[]): HostFacts {
  return {
    hostname: 'vm',
    isRoot,
    hasTun: true,
    hasSystemd: true,
    tools: Object.fromEntries(tools.map((tool) => [tool, true])),
  };
}

function hostWith(facts: HostFacts): Host {
  const fail = async (): Promise<never> => assert.fail();
  return { facts: async () => facts, probe: fail, run: fail, addresses: fail };
}

for (const [name, facts, missing, expected] of [
  ['no root', factsWith(false, 'apt-get'), ['wg'], /^install-tools: wg: only root may install/],
  ['no manager', factsWith(true), ['wg'], /^install-tools: wg: none of apt-get, dnf, .*by hand/],
  ['a tool that no member runs', factsWith(true, 'dnf'), ['conntrack'], /: has no package/],
  ['an unknown tool', factsWith(true, 'dnf'), ['frob'], /^install-tools: frob: has no package/],
] as const) {
  test(`${name} is a clear Fault`, async () => {
    // Goal: nothing is run when it cannot work. Method: each reason; the message whole.
    await assert.rejects(installTools(hostWith(facts), missing, assert.fail), {
      message: expected,
    });
  });
}

test('nothing missing installs nothing', async () => {
  // Goal: harmless when repeated. Method: no root and no manager, and yet no failure.
  await installTools(hostWith(factsWith(false)), [], assert.fail);
});
