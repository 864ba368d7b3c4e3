import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMeter } from '../../crdt/meter.ts';
import {
  EXAMPLE_NOTHING,
  EXAMPLE_PRINTED,
  EXAMPLE_PRINTED_NOTHING,
  EXAMPLE_PRIVATE_KEY,
  EXAMPLE_WALL_MS,
  exampleKey,
  exampleRoute,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { digest, read } from './read.ts';

const self = exampleSelf();
const result = (stdout: string, status = 0, stderr = '') => ({ status, stdout, stderr });

test('what the tools print becomes one record', () => {
  // Goal: each column is read right. Method: printed text of the real tools, compared whole.
  const { state, problems } = read(EXAMPLE_PRINTED, self);
  assert.deepEqual(problems, []);
  assert.deepEqual(state, {
    link: { kind: 'tun', isPersistent: false, isUp: true, mtu: 1420 },
    addresses: ['10.10.0.1/16', 'fd00:1::1/64'],
    device: {
      publicKey: exampleKey(1),
      port: 7300,
      peers: [
        {
          publicKey: exampleKey(2),
          hasPresharedKey: false,
          endpoint: '192.0.2.2:7300',
          allowedIps: ['10.10.0.2/32', 'fd00:1::2/128'],
          handshakeAtMs: EXAMPLE_WALL_MS - 60_000,
          rxBytes: 4096,
          txBytes: 8192,
          keepaliveS: 25,
        },
        {
          publicKey: exampleKey(3),
          hasPresharedKey: true,
          endpoint: null,
          allowedIps: [],
          handshakeAtMs: null,
          rxBytes: 0,
          txBytes: 0,
          keepaliveS: 0,
        },
      ],
    },
    others: [{ interface: 'eth0', address: '192.0.2.1/24' }],
    mtus: { eth0: 1500, cnsmo0: 1420 },
    routes: [
      exampleRoute('10.10.0.0/16', 'cnsmo0'),
      exampleRoute('10.10.0.1/32', 'cnsmo0', { type: 'local', table: 'local' }),
      exampleRoute('fd00:1::/64', 'cnsmo0'),
    ],
    paths: { '192.0.2.2': { interface: 'eth0', mtu: 1380 } },
    table: { kind: 'present', words: 'cnsmo_vpn family inet name table' },
  });
});

test('an interface that is not there is a state, not a problem', () => {
  // Goal: the first pass on a fresh VM plans. Method: what the tools say of a missing interface.
  const { state, problems } = read(EXAMPLE_PRINTED_NOTHING, self);
  assert.deepEqual({ state, problems }, { state: EXAMPLE_NOTHING, problems: [] });
});

test('an engine that answers without its interface shows', () => {
  // Goal: a renamed interface can be told from a missing one. Method: wg alone still answers.
  const { state } = read({ ...EXAMPLE_PRINTED_NOTHING, wg: EXAMPLE_PRINTED.wg }, self);
  assert.equal(state.link, null);
  assert.equal(state.device?.port, 7300);
});

test('an engine that does not answer is told from one that does', () => {
  // Goal: between a start and the engine's socket nothing is guessed. Method: wg alone fails.
  const wg = result('', 1, 'Unable to access interface: Protocol not supported\n');
  const { state, problems } = read({ ...EXAMPLE_PRINTED, wg }, self);
  assert.equal(state.device, null);
  assert.equal(state.link?.kind, 'tun');
  assert.deepEqual(problems, []);
});

const UNREADABLE = [
  ['host', result('not json'), /ip -j -d -batch.*no JSON list/],
  ['host', result('[{}]'), /describes no interface/],
  ['host', result('', 255, 'Object "-j" is unknown'), /address show: Object/],
  ['host', result('{}'), /no JSON list/],
  ['paths', result('nothing'), /route get.*no JSON list/],
  ['wg', result(`${EXAMPLE_PRIVATE_KEY}\tx\n`), /wg show cnsmo0 dump: line 1/],
  ['wg', result(`${EXAMPLE_PRIVATE_KEY}\tK\tport\toff\n`), /line 1/],
  ['wg', result(`${EXAMPLE_PRIVATE_KEY}\tK\t7300\toff\n${EXAMPLE_PRIVATE_KEY}\n`), /line 2/],
  ['wg', result(`x\tK\t7300\toff\nP\t(none)\t(none)\t(none)\tsoon\t0\t0\toff\n`), /line 2/],
] as const;

test('output that cannot be read is a problem and tells no secret', () => {
  // Goal: no guess and no leak. Method: a table of broken outputs, each with the private key near.
  for (const [name, printed, expected] of UNREADABLE) {
    const found = read({ ...EXAMPLE_PRINTED, [name]: printed }, self);
    assert.equal(found.problems.length, 1);
    assert.match(found.problems[0] ?? '', expected);
    assert.ok(!JSON.stringify(found).includes(EXAMPLE_PRIVATE_KEY));
  }
});

test('the private key is nowhere in what is read', () => {
  // Goal: no path from the dump to a log. Method: search the whole record for it.
  assert.ok(EXAMPLE_PRINTED.wg.stdout.includes(EXAMPLE_PRIVATE_KEY));
  assert.ok(!JSON.stringify(read(EXAMPLE_PRINTED, self)).includes(EXAMPLE_PRIVATE_KEY));
});

test('lists run together are told apart', () => {
  // Goal: no reliance on line ends between the lists of a batch. Method: take them out.
  const host = result(EXAMPLE_PRINTED.host.stdout.replaceAll('\n', ''));
  const found = read({ ...EXAMPLE_PRINTED, host }, self);
  assert.deepEqual(found, read(EXAMPLE_PRINTED, self));
});

test('nftables that does not work is a fact and no failure', () => {
  // Goal: the tunnels do not depend on it. Method: absent tool, refused, unreadable, by table.
  const { table: _table, ...without } = EXAMPLE_PRINTED;
  assert.deepEqual(read(without, self).state.table, { kind: 'no-tool' });
  const refused = result('', 1, 'netlink: Error: cache initialization failed: Not permitted\nmore');
  const why = 'netlink: Error: cache initialization failed: Not permitted';
  for (const [printed, expected] of [
    [refused, why],
    [result('', 1), 'exit status 1'],
    [result('table inet'), 'its output is no JSON; nftables 0.9.3 or later is needed'],
    [result('null'), 'its output is no JSON; nftables 0.9.3 or later is needed'],
  ] as const) {
    const { state, problems } = read({ ...EXAMPLE_PRINTED, table: printed }, self);
    assert.deepEqual([state.table, problems], [{ kind: 'refused', why: expected }, []]);
  }
});

test('of a thousand members the tunnels and the ways to them are read in pieces', () => {
  // Goal: nobody waits for it, and it is read as it would be at once. Method: count the pauses by
  // the estimates, of many peers and of those of the example; then read copies of the same.
  const [first = '', peer = ''] = EXAMPLE_PRINTED.wg.stdout.split('\n');
  const route = EXAMPLE_PRINTED.paths.stdout.split('\n')[0] ?? '';
  const wg = result(`${first}\n${`${peer}\n`.repeat(1_000)}`);
  const paths = result(`${route}\n`.repeat(2_000));
  for (const [printed, least, most] of [
    [{ ...EXAMPLE_PRINTED, wg, paths }, 4, 20],
    [EXAMPLE_PRINTED, 0, 0],
  ] as const) {
    const seen = { results: printed, before: null };
    const pauses = [...digest(exampleView([]), self, seen, openMeter())].length;
    assert.ok(pauses >= least && pauses <= most, `${pauses} pauses`);
    const anew = { ...printed, wg: { ...printed.wg }, paths: { ...printed.paths } };
    assert.deepEqual(read(printed, self), read(anew, self));
  }
});
