import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../fault.ts';
import { readServices, readSettings, type SettingTexts } from './settings.ts';

const KNOWN = ['vpn', 'firewall', 'lb'];

test('settings: defaults are those that --help names', () => {
  // Goal: no flag at all is a good start. Method: the whole record.
  assert.deepEqual(readSettings({}, 'Web_1.example.org', KNOWN), {
    mesh: 'mesh',
    member: 'web-1',
    prefix: '10.10.0.0/16',
    prefix6: null,
    port: 7300,
    interface: 'cnsmo0',
    advertised: null,
    services: KNOWN,
    allowRun: false,
    eligible: true,
  });
});

test('settings: bad values are refused by field and value', () => {
  // Goal: each flag names itself, what it was given and what to do. Method: table.
  const bad: readonly (readonly [SettingTexts, string])[] = [
    [{ port: '0' }, 'port: 0'],
    [{ port: '65536' }, 'port: 65536'],
    [{ port: '80x' }, 'port: 80x'],
    [{ port: '' }, 'port: (empty)'],
    [{ member: 'Vm 1' }, 'member: Vm 1'],
    [{ member: '-x' }, 'member: -x'],
    [{ mesh: '' }, 'mesh: (empty)'],
    [{ prefix: '10.10.0.1/16' }, 'prefix: 10.10.0.1/16'],
    [{ prefix: '127.0.0.0/8' }, 'prefix: 127.0.0.0/8'],
    [{ prefix: '10.0.0.0/30' }, 'prefix: 10.0.0.0/30'],
    [{ prefix6: '2001:db8::/64' }, 'prefix6: 2001:db8::/64'],
    [{ interface: 'eth0; rm' }, 'interface: eth0; rm'],
    [{ interface: 'a234567890123456' }, 'interface: a234567890123456'],
    [{ advertise: 'host.example' }, 'advertise: host.example'],
    [{ advertise: '203.0.113.5:0' }, 'port: 0'],
    [{ advertise: '0.0.0.0' }, 'advertise: 0.0.0.0'],
    [{ advertise: '0.0.0.0:7300' }, 'advertise: 0.0.0.0'],
    [{ advertise: '::' }, 'advertise: ::'],
    [{ advertise: '127.0.0.1' }, 'advertise: 127.0.0.1'],
    [{ advertise: '[::1]:7300' }, 'advertise: ::1'],
    [{ advertise: '169.254.1.1' }, 'advertise: 169.254.1.1'],
    [{ advertise: 'fe80::1' }, 'advertise: fe80::1'],
    [{ advertise: '224.0.0.1' }, 'advertise: 224.0.0.1'],
    [{ advertise: '255.255.255.255' }, 'advertise: 255.255.255.255'],
    [{ advertise: 'ff02::1' }, 'advertise: ff02::1'],
    [{ services: 'vpn,ssh' }, 'services: ssh'],
    [{ services: 'vpn,dns' }, 'services: dns'],
  ];
  for (const [texts, start] of bad) {
    assert.throws(
      () => readSettings(texts, 'vm', KNOWN),
      (error) => error instanceof Fault && error.message.startsWith(`${start}: `),
      JSON.stringify(texts),
    );
  }
});

test('settings: an advertised address takes a port or the mesh’s own', () => {
  // Goal: both families, with and without port. Method: table.
  const read = (advertise: string) =>
    readSettings({ advertise, port: '7301' }, 'vm', KNOWN).advertised;
  assert.deepEqual(read('203.0.113.5'), { host: '203.0.113.5', port: 7301 });
  assert.deepEqual(read('203.0.113.5:9'), { host: '203.0.113.5', port: 9 });
  assert.deepEqual(read('2001:db8::5'), { host: '2001:db8::5', port: 7301 });
  assert.deepEqual(read('[2001:db8::5]:9'), { host: '2001:db8::5', port: 9 });
});

test('settings: services are a list without repeats', () => {
  // Goal: what the consent holds. Method: a list with spaces and repeats.
  assert.deepEqual(readServices('vpn, lb,vpn', KNOWN), ['vpn', 'lb']);
});

test('settings: a VM may keep the core role off itself', () => {
  // Goal: --not-eligible. Method: with and without it.
  assert.equal(readSettings({ notEligible: true }, 'vm1', KNOWN).eligible, false);
  assert.equal(readSettings({ notEligible: false }, 'vm1', KNOWN).eligible, true);
});
