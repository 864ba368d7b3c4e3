import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SERVICES } from './registry.ts';
import {
  EXAMPLE_PRINTED,
  exampleId,
  exampleKey,
  exampleMember,
  exampleSelf,
  exampleView,
} from './vpn/example.table.ts';

const view = exampleView([exampleMember(1), exampleMember(2)]);
const self = exampleSelf();

test('each service has a name of its own', () => {
  // Goal: agents, ledger and consent go by the name. Method: names against their set.
  const names = SERVICES.map(({ name }) => name);
  assert.ok(names.includes('vpn'));
  assert.equal(new Set(names).size, names.length);
});

test('the vpn works without its own types, and opens the one port', () => {
  // Goal: what an agent does with any service. Method: read, plan, diff, summary over printed text.
  const vpn = SERVICES.find(({ name }) => name === 'vpn');
  assert.ok(vpn !== undefined);
  const { state } = vpn.read(EXAMPLE_PRINTED, self, null);
  const commands = vpn.diff(vpn.plan(view, self, state).state, state);
  assert.deepEqual(
    commands.map((command) => (command.kind === 'run' ? command.argv.join(' ') : command.kind)),
    [
      'ip link set dev cnsmo0 mtu 1300',
      `wg set cnsmo0 peer ${exampleKey(3)} remove`,
      'nft -j -f -',
    ],
  );
  assert.equal(vpn.signs(vpn.plan(view, self, state).state, state, view, self).length, 1);
  assert.deepEqual(vpn.summary(state, view, self), {
    engine: 'wireguard-go',
    peers: [
      {
        member: exampleId(2),
        endpoint: '192.0.2.2:7300',
        handshakeAgeMs: 60_000,
        rxBytes: 4096,
        txBytes: 8192,
      },
    ],
  });
  assert.deepEqual(
    vpn.openings(view, self).map(({ zone, protocol, ports }) => `${zone} ${protocol} ${ports[0]}`),
    ['wan udp 7300', 'wan tcp 7300'],
  );
});

test('what the mesh knows and what runs it speak of no firewall', () => {
  // Goal: a service is a folder and a line; floors 0 and 2 need nothing of it. Method: the word in
  // their files.
  const speaking = ['src/crdt', 'src/node', 'src/node/rules'].flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.ts') && !/^test-|\.test\.ts$/.test(file))
      .map((file) => `${folder}/${file}`)
      .filter((path) => /firewall/i.test(readFileSync(path, 'utf8'))),
  );
  assert.deepEqual(speaking, []);
});
