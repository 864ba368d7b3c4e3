import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uplinks4, uplinks6 } from './route-table.ts';

test('route table: default routes of IPv4', () => {
  // Goal: no other route is taken for one. Method: a default, its network, 0.0.0.0/1 and a refusal.
  const text = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT      ',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0                             ',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0                             ',
    'tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0                             ',
    '*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0                                ',
    '',
  ].join('\n');
  assert.deepEqual(uplinks4(text), ['eth0']);
  assert.deepEqual(uplinks4(''), []);
});

test('route table: default routes of IPv6', () => {
  // Goal: the same. Method: a default, a network, and the refusal that every kernel has on lo.
  const zero = '0'.repeat(32);
  const row = (destination: string, length: string, flags: string, name: string): string =>
    `${destination} ${length} ${zero} 00 ${zero} 00000400 00000002 00000000 ${flags}     ${name}`;
  const text = [
    row(`fd${'0'.repeat(30)}`, '40', '00000001', 'eth1'),
    row(zero, '00', '00000003', 'eth0'),
    row(zero, '01', '00000003', 'tun0'),
    row(zero, '00', '00200200', 'lo'),
    '',
  ].join('\n');
  assert.deepEqual(uplinks6(text), ['eth0']);
  assert.deepEqual(uplinks6(''), []);
});
