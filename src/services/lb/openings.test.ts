import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openings, openName } from './openings.ts';
import { selfOf, viewOf, WEB } from './test-balancers.ts';

test('openings: what serves is open, and what served as long as it is shown', () => {
  // Goal: a drain holds where the firewall denies. Method: a backend with and without what its loop
  // shows, with the balancer and after it is gone; twins: no backend, and names that are none.
  const web = viewOf({ 'balancer/web': WEB });
  const served = openName(WEB as never);
  const dns = { listen: { protocol: 'udp', ports: [53, 55] }, port: 1053 } as never;
  const shown = (...names: readonly string[]) => new Map(names.map((name) => [name, '']));
  const told = (view: typeof web, n: number, sights = shown()) =>
    openings(view, { ...selfOf(n), sights }).map(
      ({ zone, protocol, ports }) => `${zone} ${protocol} ${ports.join('-')}`,
    );
  assert.deepEqual(told(web, 2), ['mesh tcp 8080-8080']);
  assert.deepEqual(told(web, 2, shown(served)), ['mesh tcp 8080-8080']);
  assert.deepEqual(told(viewOf({}), 2), []);
  assert.deepEqual(told(viewOf({}), 2, shown(served)), ['mesh tcp 8080-8080']);
  const both = shown(openName(dns), 'left', 'open', 'open sctp 1 2', 'over - fd00:1::7 tcp 1 1 -');
  assert.deepEqual(told(web, 2, both), ['mesh tcp 8080-8080', 'mesh udp 1053-1055']);
  assert.deepEqual(told(web, 1), []);
});
