import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { test } from 'node:test';
import type { OwnAddress } from '../../ports.ts';
import { testHostContract } from '../host-contract.ts';
import { openHost } from './host.ts';

testHostContract({ test, assert }, async () => openHost());

test('facts say what this host is', async () => {
  // Goal: true facts. Method: those that can be known another way, and no interface left behind.
  const facts = await openHost().facts();
  assert.equal(facts.hostname, hostname());
  assert.equal(facts.isRoot, process.getuid?.() === 0);
  const path = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  for (const tool of ['ip', 'nft', 'apt-get', 'zypper']) {
    const script = `command -v ${tool} || true`;
    const found = execFileSync('sh', ['-c', script], { env: path, encoding: 'utf8' }) !== '';
    assert.equal(facts.tools[tool], found, tool);
  }
  if (!facts.tools.ip) return;
  const links = execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' });
  assert.equal(/cnsmo[0-9a-f]{8}/.test(links), false);
});

test('addresses of a namespace are exactly what was given to it', async (t) => {
  // Goal: filter, names and the uplink. Method: a network namespace of our own with one link that
  // has a usable and a link-local address of either family and the default route, and one without.
  if (process.getuid?.() !== 0) return t.skip('needs root for a network namespace');
  const script = [
    'ip link set lo up',
    'ip link add one type veth peer name two',
    'ip link set one up && ip link set two up',
    'ip address add 192.0.2.7/24 dev one && ip address add 169.254.3.4/16 dev one',
    'ip address add 2001:db8::7/64 dev one nodad',
    'ip address add 198.51.100.7/24 dev two',
    'ip route add default via 192.0.2.1 dev one',
    'exec "$0" --input-type=module -e "$1"',
  ].join('\n');
  const code = `import { openHost } from '${import.meta.dirname}/host.ts';
    console.log(JSON.stringify(await openHost().addresses()));`;
  const argv = ['-n', 'sh', '-ec', script, process.execPath, code];
  const printed = execFileSync('unshare', argv, { encoding: 'utf8' });
  const said: readonly OwnAddress[] = JSON.parse(printed);
  const sorted = said.toSorted((a, b) => a.interface.localeCompare(b.interface));
  assert.deepEqual(sorted, [
    { interface: 'one', host: '192.0.2.7', isUplink: true },
    { interface: 'one', host: '2001:db8::7', isUplink: true },
    { interface: 'two', host: '198.51.100.7', isUplink: false },
  ]);
});

test('a command ends in the time that it is given, with all that it started', async () => {
  // Goal: a check that hangs holds up nobody. Method: a shell that waits for its child, given 100
  // ms; twin: the same time for one that ends.
  const { run } = openHost();
  const script = 'sleep 987 & wait';
  const failure = await run({ argv: ['sh', '-c', script], timeoutMs: 100 }).catch((e) => e);
  assert.equal(failure.code, 'timeout');
  const left = await run({ argv: ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'] });
  assert.doesNotMatch(left.stdout, /sleep 987 (?!& wait)/);
  assert.equal((await run({ argv: ['true'], timeoutMs: 5_000 })).status, 0);
});
