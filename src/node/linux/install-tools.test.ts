import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host, HostFacts } from '../../ports.ts';
import { installTools, planInstall, runShowing } from './install-tools.ts';

function factsWith(isRoot: boolean, ...tools: string[]): HostFacts {
  return {
    hostname: 'vm',
    isRoot,
    hasTun: true,
    hasKernelWireguard: false,
    hasSystemd: true,
    tools: Object.fromEntries(tools.map((tool) => [tool, true])),
  };
}

for (const [manager, expected] of [
  ['apt-get', 'apt-get install -y -q --no-install-recommends -- iproute2 wireguard-tools nftables'],
  ['dnf', 'dnf install -y -- iproute wireguard-tools nftables'],
  ['apk', 'apk add -- iproute2 wireguard-tools nftables'],
  ['pacman', 'pacman -S --noconfirm --needed -- iproute2 wireguard-tools nftables'],
  ['zypper', 'zypper --non-interactive install -- iproute2 wireguard-tools nftables'],
] as const) {
  test(`${manager} is told the packages by its own names`, () => {
    // Goal: one table row per manager. Method: the whole command.
    const plan = planInstall(factsWith(true, manager), ['ip', 'wg', 'nft']);
    assert.equal(plan.install.join(' '), expected);
    assert.equal(plan.refresh[0], manager);
  });
}

function hostWith(facts: HostFacts): Host {
  const fail = async (): Promise<never> => assert.fail();
  return { facts: async () => facts, run: fail, addresses: fail };
}

for (const [name, facts, missing, expected] of [
  ['no root', factsWith(false, 'apt-get'), ['wg'], /^install-tools: wg: only root may install/],
  ['no manager', factsWith(true), ['wg'], /^install-tools: wg: none of apt-get, dnf, .*by hand/],
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

test('lines of both streams are handed on, and failure is told from success', async () => {
  // Goal: the user sees what happens. Method: a script on both streams, exit 0 and 4; a missing
  // one.
  const lines: string[] = [];
  const show = (line: string): void => void lines.push(line);
  assert.equal(await runShowing(['sh', '-c', 'echo one; echo two >&2'], show), true);
  assert.deepEqual(lines.sort(), ['one', 'two']);
  assert.equal(await runShowing(['sh', '-c', 'exit 4'], show), false);
  assert.equal(await runShowing(['no-such-tool-anywhere'], show), false);
});
