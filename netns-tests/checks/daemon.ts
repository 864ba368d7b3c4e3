/** Edge: daemon — the data plane lives on without the daemon, and the daemon finds it again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { found, isReady, SETTLE_MS, together } from '../../scenarios/mesh.ts';
import { expect, refusal } from '../../scenarios/world.ts';
import { cnsmo, obey } from '../command-line.ts';
import { askEvents, type EventRow, followEvents } from '../outside-api.ts';
import { pingDuring } from '../steady.ts';
import type { RealWorld } from '../world.ts';

const ALL = ['vm1', 'vm2', 'vm3'];

/**
 * Goal: `stop` and `start` do not touch traffic. Method: ping through both; a power cut, in the
 * end, is what a loss looks like.
 */
export async function stopAndStart(world: RealWorld): Promise<void> {
  await found(world, ALL);
  const vm2 = world.vm('vm2');
  const link = await vm2.must(['ip', '-o', 'link', 'show', 'cnsmo0']);
  const calm = await pingDuring(world, ['vm1', 'vm2'], async () => {
    await obey(vm2, ['stop']);
    expect('status 4 without a daemon', (await cnsmo(vm2, ['status'])).status === 4);
    await obey(vm2, ['stop']); // Twice is harmless.
    await obey(vm2, ['start']);
    await obey(vm2, ['start']);
    await obey(vm2, ['restart']);
  });
  expect(`no ping is lost of ${calm.sent}, not ${calm.lost}`, calm.lost === 0);
  await together(world, ALL);
  const after = await vm2.must(['ip', '-o', 'link', 'show', 'cnsmo0']);
  expect('the interface is the same', after === link);
  const loss = await pingDuring(world, ['vm1', 'vm2'], () => world.powerCut('vm2'));
  expect('a power cut loses pings', loss.lost > 0);
}

/**
 * Goal: a killed daemon takes no traffic with it, and a new one disturbs none; whoever follows the
 * events sees all of it. Method: kill -9, start, and ping through both, from both sides; somebody
 * follows on vm1 all the while. vm3 stays down until vm1 has noticed; then its daemon stands still.
 */
export async function killAndStart(world: RealWorld): Promise<void> {
  await found(world, ALL);
  const vm1 = world.vm('vm1');
  const follow = 'cnsmo events -f -o json > /var/log/followed 2>&1 & echo $!';
  const follower = (await vm1.must(['sh', '-c', follow])).trim();
  const told = (): Promise<string> => vm1.must(['cat', '/var/log/followed']);
  await world.eventually('somebody follows', async () => (await told()) !== '', SETTLE_MS);
  // Of vm2, whose daemon lives on, by the stream of its API.
  const streamed: string[] = [];
  const stopStream = await followEvents(world.vm('vm2'), ({ kind, member, text, cause }) =>
    streamed.push(`${kind} ${member} ${text}: ${cause}`),
  );
  const isDead = async (): Promise<boolean> => DEAD.test(await told());
  // Who has not been probed yet says nothing of its life, so its next one is not told as such.
  await world.holds('all stay ready', () => isReady(world, 'vm3'), PROBED_MS);
  for (const name of ['vm1', 'vm3']) {
    const calm = await pingDuring(world, ['vm2', name], async () => {
      await world.crash(name);
      await refusal('status of a dead daemon', world.status(name));
      if (name === 'vm3') await world.eventually('vm3 is dead to vm1', isDead, SETTLE_MS);
      await world.boot(name);
      await world.eventually(`${name} is ready`, () => isReady(world, name), SETTLE_MS);
    });
    expect(`no ping is lost of ${calm.sent}, not ${calm.lost}`, calm.lost === 0);
    // Who is killed next has heard of it before.
    await world.eventually('all saw it', () => isSeenBy(world, name), SETTLE_MS);
  }
  await together(world, ALL);
  for (const what of FOLLOWED) {
    const isTold = async (): Promise<boolean> => what.test((await told()).split(CRASH)[1] ?? '');
    await world.eventually(`the follower was told: ${what.source}`, isTold, SETTLE_MS);
  }
  await vm1.must(['kill', follower]);
  await startSlowly(world, 'vm3');
  for (const line of STREAMED) {
    const isTold = async (): Promise<boolean> => streamed.some((one) => line.test(one));
    await world.eventually(`the stream told: ${line.source}`, isTold, SETTLE_MS);
  }
  stopStream();
  await mergedEvents(world);
}

/** A daemon that does not answer yet has not failed, and whoever starts it again waits for it. */
async function startSlowly(world: RealWorld, name: string): Promise<void> {
  const vm = world.vm(name);
  const pid = vm.daemonPid();
  process.kill(pid, 'SIGSTOP');
  try {
    const { status, stderr } = await cnsmo(vm, ['start', '--timeout', '1s']);
    expect(`it is told as slow: ${status} ${stderr}`, status === 5 && SLOW.test(stderr));
    const starting = cnsmo(vm, ['start']);
    const early = await Promise.race([starting, sleep(STILL_MS)]);
    expect('the next start waits', early === undefined);
    process.kill(pid, 'SIGCONT');
    expect('until it answers', (await starting).status === 0);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect('it is the same daemon', vm.daemonPid() === pid);
}

/** In which each member probes each of two others, once a second. Unit: ms. */
const PROBED_MS = 5_000;
/** More than looks at a daemon may take that is to be replaced. */
const STILL_MS = 3_000;

const SLOW = /started, and does not answer yet; it goes on: wait with cnsmo status --wait ready/;

const isStartOf =
  (name: string) =>
  ({ kind, member }: EventRow): boolean =>
    kind === 'started' && member === name;

/** Whether all others tell that the daemon of this VM has started again. */
async function isSeenBy(world: RealWorld, name: string): Promise<boolean> {
  for (const other of ALL.filter((each) => each !== name)) {
    const { events } = await askEvents(world.vm(other), null);
    if (!events.some(isStartOf(name))) throw new Error(`${other} did not`);
  }
  return true;
}

/** An operator sees what all saw, by time, with who saw it; another one is refused. */
async function mergedEvents(world: RealWorld): Promise<void> {
  const said = await obey(world.vm('vm1'), [
    'events',
    '--on',
    'all',
    '--since',
    '1h',
    '-o',
    'json',
  ]);
  const rows = said
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as EventRow & { readonly on: string });
  const times = rows.map(({ time }) => time);
  expect('all are in the order of their time', times.join() === times.toSorted().join());
  for (const name of ['vm1', 'vm3']) {
    for (const on of ALL.filter((other) => other !== name)) {
      const isSeen = rows.some((row) => row.on === on && isStartOf(name)(row));
      expect(`${on} saw the start of ${name}`, isSeen);
    }
  }
  const line = await refusal('a node that asks', obey(world.vm('vm2'), ['events', '--on', 'vm1']));
  expect(`the refusal names the role: ${line}`, line.startsWith('role: node: '));
}

/** What vm2 is told of two crashes: each transition with its cause. */
const STREAMED: readonly RegExp[] = [
  /^started vm1 its daemon started again/,
  /^state vm3 is dead: its host answers, its daemon does not$/,
  /^state vm3 is alive again: it/,
  /^started vm3 its daemon started again/,
  /^healed null all 3 members can be reached again: (vm1 is back, )?vm3 is back$/,
];

/** How a daemon says that the one before it was killed. */
const CRASH = 'the one before it ended without a word';

const DEAD = /"kind":"state","member":"vm3","text":"is dead"/;

/** What comes after that: each agent is ready again, and the crash of another member. */
const FOLLOWED: readonly RegExp[] = [
  ...['vpn', 'firewall', 'core'].map((name) => new RegExp(`"kind":"service".*${name} is ready`)),
  DEAD,
  /"kind":"state","member":"vm3","text":"is alive again"/,
];
