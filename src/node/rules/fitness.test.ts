import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../fault.ts';
import type { ProbedFacts } from '../../ports.ts';
import { checkFitness, checkRoutes, toolsToInstall } from './fitness.ts';

const FIT: ProbedFacts = {
  hostname: 'vm',
  isRoot: true,
  hasTun: true,
  hasKernelWireguard: false,
  hasSystemd: false,
  tools: { ip: true, wg: true },
};

const refuses = (start: string) => (error: unknown) =>
  error instanceof Fault && error.code === 'refused' && error.message.startsWith(start);

test('fitness: a host with root, tools and either engine is fit', () => {
  // Goal: nothing more is asked for than needed. Method: both engines.
  checkFitness(FIT);
  checkFitness({ ...FIT, hasTun: false, hasKernelWireguard: true });
});

test('fitness: what is missing is named with its remedy', () => {
  // Goal: one line a person can act on. Method: table.
  const cases: readonly (readonly [Partial<ProbedFacts>, string])[] = [
    [{ isRoot: false }, 'user: not root'],
    [{ tools: { ip: true } }, 'tool: wg: not found; install the package wireguard-tools'],
    [{ tools: { wg: true } }, 'tool: ip: not found; install the package iproute2 (dnf: iproute)'],
    [{ hasTun: false }, 'host: /dev/net/tun'],
  ];
  for (const [facts, start] of cases) {
    assert.throws(() => checkFitness({ ...FIT, ...facts }), refuses(start));
  }
  assert.deepEqual(toolsToInstall({ ...FIT, tools: {} }), ['ip', 'wg', 'nft', 'haproxy']);
});

test('fitness: a route that overlaps the prefix is named, others do not matter', () => {
  // Goal: the overlay takes nobody's addresses. Method: routes as `ip -j route` prints them.
  const routes = JSON.stringify([
    { dst: 'default', dev: 'eth0' },
    { dst: '10.0.0.0/24', dev: 'eth0' },
    { dst: '10.10.9.9', dev: 'cnsmo0' },
    { dst: '10.11.0.1', dev: 'eth1' },
  ]);
  checkRoutes(routes, '10.10.0.0/16', 'cnsmo0');
  checkRoutes('', '10.10.0.0/16', 'cnsmo0');
  assert.throws(
    () => checkRoutes(routes, '10.0.0.0/8', 'cnsmo0'),
    refuses('prefix: 10.0.0.0/8: overlaps the route 10.0.0.0/24 of interface eth0'),
  );
  assert.throws(
    () => checkRoutes(routes, '10.11.0.0/16', 'cnsmo0'),
    refuses('prefix: 10.11.0.0/16: overlaps the route 10.11.0.1 of interface eth1'),
  );
  const six = JSON.stringify([{ dst: 'fd00:1::/64', dev: 'eth0' }]);
  assert.throws(() => checkRoutes(six, 'fd00:1::/64', 'cnsmo0'), refuses('prefix6: fd00:1::/64'));
});
