import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostFacts } from '../../ports.ts';
import { planInstall } from './install-plan.ts';

function factsWith(isRoot: boolean, ...tools: string[]): HostFacts {
  return {
    hostname: 'vm',
    isRoot,
    hasTun: true,
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
