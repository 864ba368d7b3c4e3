/**
 * Edge: acts of clones — two VMs with one key, and a VM on an older copy of its own disk.
 *
 * They are thrown away after a while, or an operator puts it right as the alarm tells: the copy
 * leaves, the other one recovers. What the others hold must not suffer either way.
 */

import { isSameBytes } from '../src/crdt/codec.ts';
import { eraseState } from '../src/node/leave.ts';
import { forgive, heals, throwAway } from './acts-disk.ts';
import { bootMachine, call, cutPower, type Machine, runCommandLine } from './machine.ts';
import type { File } from './platter.ts';
import type { Room } from './room.ts';
import { type Act, anyExpendable, boot, holdsMember, type Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Longest time that two VMs hold one key, or one runs on an old disk. Unit: ms. */
const DOUBLE_MS_MAX = 60_000;
/** Time between two looks. Unit: ms. */
const LOOK_MS = 1_000;
/** Both must stop writing after they met one member for so long. Unit: ms. Issue 4. */
const NOTICE_MS = 30_000;
/** Longest time until both have met one member, and until a recovery goes through. Unit: ms. */
const PATIENCE_MS = 600_000;

/** Copies of disks that were kept, by VM. */
type Copy = ReadonlyMap<string, File>;

const copyOf = ({ platter }: Machine): Copy =>
  new Map(
    [...platter.files]
      .filter(([, { durable }]) => durable !== null)
      .map(([name, file]) => [name, { ...file, cached: file.durable, replacedLength: null }]),
  );

const put = ({ platter }: Machine, copy: Copy): void => {
  platter.files.clear();
  for (const [name, file] of copy) platter.files.set(name, { ...file, synced: file.changes });
};

const isOfOneMember = (one: Copy, other: Copy): boolean => {
  const [a, b] = [one, other].map((files) => files.get('member-key')?.cached ?? null);
  return a instanceof Uint8Array && b instanceof Uint8Array && isSameBytes(a, b);
};

/** A VM is set back to an older copy of its disk, or that copy runs beside it as another VM. */
export const cloned: Act = async (storm, dice) => {
  const { room } = storm;
  const chosen = await anyExpendable(storm, dice);
  if (chosen === null) return;
  const { machine, id } = chosen;
  storm.doomed.add(machine.name);
  const copy = copyOf(machine);
  await pauseRun(room, dice.between(0, DOUBLE_MS_MAX));
  const isEmpty = (one: Machine): boolean =>
    !holdsMember(one) && one.lives.size === 0 && one.platter.files.size === 0;
  const empty = [...room.machines.values()].find(isEmpty);
  const host = empty === undefined || dice.chance(0.5) ? machine : empty;
  if (copy.get('genesis') === undefined || !holdsMember(machine)) {
    await throwAway(storm, machine, id);
    return;
  }
  // It left meanwhile, and joined again as another member: that one has not to go.
  if (!isOfOneMember(copy, machine.platter.files)) {
    storm.doomed.delete(machine.name);
    return;
  }
  room.tolerated.add(`author-forked ${id}`).add('journal-lost');
  for (const one of [machine, host]) {
    room.tolerated.add(`key-used-elsewhere ${one.name}`);
    storm.doomed.add(one.name);
    storm.tampered.add(one.name);
    one.oldDisks += 1;
  }
  if (host === machine) cutPower(machine);
  put(host, copy);
  await forgive(storm, machine);
  room.trace.note(room.scheduler.nowMs(), host.name, `runs on an old disk of ${machine.name}`);
  await bootMachine(room, host).catch(() => undefined); // It may see that it was told to go.
  if (dice.chance(0.5)) {
    await pauseRun(room, dice.between(0, DOUBLE_MS_MAX));
    for (const one of new Set([machine, host])) await throwAway(storm, one, id);
  } else await putRight(storm, machine, host);
  // It may have left meanwhile, or been thrown out.
  if (holdsMember(machine) && !isOutFor(room, machine)) await heals(storm, machine);
  else await throwAway(storm, machine, id);
};

/**
 * Whether it is no member to any other that runs: the disk is of a time before it left or was
 * thrown out. They cut it, so that it does not hear of that; its person takes it away.
 */
function isOutFor(room: Room, machine: Machine): boolean {
  const self = machine.node?.self;
  const others = [...room.machines.values()].flatMap(({ node }) =>
    node === null || node.self === self ? [] : node.replica.view().members,
  );
  return self !== undefined && !others.some(({ id, hasLeft }) => id === self && !hasLeft);
}

/** As the alarm tells an operator. */
async function putRight(storm: Storm, machine: Machine, copy: Machine): Promise<void> {
  const { room, doomed, tampered } = storm;
  if (copy !== machine) {
    await bothNotice(storm, [machine, copy]);
    await leaveLocally(storm, copy);
    doomed.delete(copy.name);
    tampered.delete(copy.name);
  }
  await recover(storm, machine);
  room.trace.note(room.scheduler.nowMs(), machine.name, 'is the one holder of its key again');
  doomed.delete(machine.name);
}

/** Fails the run when two with one key go on although both met one member for long enough. */
async function bothNotice(storm: Storm, twins: readonly [Machine, Machine]): Promise<void> {
  const { room } = storm;
  const [untilMs, sinceMs] = [room.scheduler.nowMs() + PATIENCE_MS, new Map<string, number>()];
  while (room.scheduler.nowMs() < untilMs && twins.every(holdsMember)) {
    for (const { name } of twins) await boot(room, name).catch(() => undefined);
    const nowMs = room.scheduler.nowMs();
    const met = await metByAll(storm, twins);
    for (const id of [...sinceMs.keys()]) if (!met.includes(id)) sinceMs.delete(id);
    for (const id of met) if (!sinceMs.has(id)) sinceMs.set(id, nowMs);
    const running = twins.filter(({ node }) => node !== null);
    const writing = running.filter(({ node }) => node?.replica.isElsewhere() === false);
    if (running.length === twins.length && writing.length === 0) return;
    const longestMs = nowMs - Math.min(nowMs, ...sinceMs.values());
    if (writing.length > 0 && longestMs > NOTICE_MS) {
      const names = writing.map(({ name }) => name).join(' and ');
      throw new Error(`${names} writes on, 30 s after a member met both who use its key`);
    }
    await pauseRun(room, LOOK_MS);
  }
}

/** Ids of running members with which all of these are connected. */
async function metByAll(
  { room, doomed }: Storm,
  twins: readonly Machine[],
): Promise<readonly string[]> {
  const others = [...room.machines.values()].filter(
    ({ name, daemon }) => !doomed.has(name) && daemon?.isPaused() === false,
  );
  let met: readonly string[] = others.flatMap(({ node }) => node?.self ?? []);
  for (const twin of twins) {
    const isUp = twin.daemon?.isPaused() === false && twin.node !== null;
    const connected = isUp ? await connectedOf(room, twin) : [];
    met = met.filter((id) => connected.includes(id));
  }
  return met;
}

async function connectedOf(room: Storm['room'], machine: Machine): Promise<readonly string[]> {
  const answer = await call(room, machine, { path: '/v1/members' }).catch(() => []);
  const rows = answer as readonly { readonly id: string; readonly state: string }[];
  return rows.filter(({ state }) => state === 'alive').map(({ id }) => id);
}

/** `cnsmo leave --local`: the host is undone and the state deleted; nobody is told. */
async function leaveLocally({ room }: Storm, machine: Machine): Promise<void> {
  const untilMs = room.scheduler.nowMs() + PATIENCE_MS;
  while (room.scheduler.nowMs() < untilMs) {
    machine.daemon?.end('exit');
    machine.kernel.station.isOn = true;
    const isDone = await runCommandLine(room, machine, eraseState).then(
      () => true,
      () => false,
    );
    if (isDone) return;
    await pauseRun(room, LOOK_MS);
  }
  throw new Error(`${machine.name} cannot leave`);
}

/** Does what the alarms of those say that run on an old disk, and met nobody as they recovered. */
export async function followAlarms(storm: Storm): Promise<void> {
  for (const machine of storm.room.machines.values()) {
    if (machine.node?.replica.isElsewhere() === true) await recover(storm, machine);
  }
}

/** `cnsmo recover`, until it goes through. */
async function recover({ room }: Storm, machine: Machine): Promise<void> {
  const untilMs = room.scheduler.nowMs() + PATIENCE_MS;
  let why = '';
  while (room.scheduler.nowMs() < untilMs && holdsMember(machine)) {
    await boot(room, machine.name).catch(() => undefined);
    const request = { method: 'POST', path: '/v1/recover', body: { alone: false } } as const;
    const isDone = await call(room, machine, request).then(
      () => true,
      (error: unknown) => {
        why = String(error);
        return false;
      },
    );
    if (isDone) return;
    await pauseRun(room, LOOK_MS);
  }
  const isStuck = holdsMember(machine) && !isOutFor(room, machine);
  if (isStuck) throw new Error(`${machine.name} cannot recover: ${why}`);
}
