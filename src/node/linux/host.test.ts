import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { test } from 'node:test';
import type { OwnAddress } from '../../ports.ts';
import { testHostContract } from '../host-contract.ts';
import type { Ended } from './command-run.ts';
import { openHost } from './host.ts';

testHostContract({ test, assert }, async () => openHost());

test('facts say what this host is', async () => {
  // Goal: true facts. Method: those that can be known another way, and no interface left behind.
  const facts = await openHost().probe();
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

/** A host whose `ip` answers as said, in order; what it was told and what was told of it. */
function scriptedHost(...answers: readonly ((string & {}) | 0 | Error)[]) {
  const [ran, told]: [string[], string[]] = [[], []];
  const left = [...answers];
  const run = async ({ argv }: { readonly argv: readonly string[] }): Promise<Ended> => {
    ran.push(argv.slice(0, 3).join(' '));
    const answer = left.shift() ?? assert.fail(argv.join(' '));
    if (answer instanceof Error) return { kind: 'late' };
    const status = answer === 0 ? 0 : 2;
    return { kind: 'ended', result: { status, stdout: '', stderr: answer === 0 ? '' : answer } };
  };
  const warn = (event: string, facts?: Readonly<Record<string, unknown>>): void => {
    told.push(`${event}: ${facts?.why}`);
  };
  return { host: openHost(run, warn), ran, told };
}

test('facts run nothing on this host', async () => {
  // Goal: whoever asks whether systemd runs makes no interface. Method: a host that runs nothing.
  const { host, ran } = scriptedHost();
  await host.facts();
  assert.deepEqual(ran, []);
});

test('a probe that stays is deleted again, and told when it stays all the same', async (t) => {
  // Goal: no interface is left without a word. Method: what `ip` says, in order, then what was run
  // and told; twin: those that are gone, of which nothing is said.
  const { isRoot, tools } = await openHost().facts();
  if (!isRoot || tools.ip !== true) return t.skip('needs root and ip');
  const [add, drop] = ['ip link add', 'ip link delete'];
  const cases = [
    { said: [0, 'busy', 'busy', 'busy'], ran: [add, drop, drop, drop], told: 'status 2: busy' },
    { said: [0, 'busy', 0], ran: [add, drop, drop], told: null },
    { said: [0, new Error('late'), 'Cannot find device "x"'], ran: [add, drop, drop], told: null },
    { said: ['not supported'], ran: [add], told: null },
  ] as const;
  for (const { said, ran, told } of cases) {
    const scripted = scriptedHost(...said);
    const probed = await scripted.host.probe();
    assert.equal(probed.hasKernelWireguard, said[0] === 0);
    assert.deepEqual(scripted.ran, ran);
    assert.deepEqual(scripted.told, told === null ? [] : [`probe interface stays: ${told}`]);
  }
  const late = scriptedHost(new Error('late'), 0);
  await assert.rejects(late.host.probe(), { code: 'timeout' });
  assert.deepEqual(late.ran, [add, drop]);
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
