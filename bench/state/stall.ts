/**
 * Edge: stall — a process of its own that takes something large as a daemon does, and prints for
 * how long its event loop was held up at most, ms. `node stall.ts KIND`
 *
 * It comes as the messages of an exchange; the replica is on a real disk, with its audit log, and
 * its view is looked at after each change, as the loops of a daemon do.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRecord, JOURNAL_HEADER } from '../../src/crdt/journal.ts';
import { joinBytes } from '../../src/crdt/signed.ts';
import { AUDIT_LIMITS, openAudit } from '../../src/node/audit.ts';
import { JOURNAL } from '../../src/node/journal.ts';
import { openClock } from '../../src/node/linux/clock.ts';
import { openDisk } from '../../src/node/linux/disk.ts';
import { openReplica, type Replica } from '../../src/node/replica.ts';
import { decodeSync, encodeSync, NO_INTRODUCTION } from '../../src/node/rules/sync-message.ts';
import { batchesOf } from './batches.ts';
import { crypto, factsOf, foundWith, localOf, NOW_MS, openMember, say } from './crowd.ts';
import { snapshotOf } from './snapshot.ts';
import { STALL_KINDS, type Stall, type StallKind } from './stalls.table.ts';
import { watchTurns } from './turns.ts';

/** The mesh of the issue. */
const AUTHORS = 1000;
const KEYS = 20;

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Words of one who says much. */
const CHANGES = 5;

/** Whose replica it is, what it holds before, and what comes then; null: it writes itself. */
interface Scene {
  readonly name: string;
  readonly held: readonly Uint8Array[];
  readonly comes: readonly Uint8Array[] | null;
}

const crowd = (): readonly Uint8Array[] => {
  const names = Array.from({ length: AUTHORS }, (_, index) => `member-${index}`);
  return [...foundWith(names), ...names.map((name) => factsOf(name, KEYS))];
};

const changesAfter = (held: readonly Uint8Array[]): readonly Uint8Array[] => {
  const founder = openMember('founder');
  founder.load(held, NOW_MS);
  return Array.from({ length: CHANGES }, (_, value) =>
    say(founder, [{ path: 'intent/firewall/rule/one-more', value }]),
  );
};

const sceneOf = (kind: StallKind): Scene => {
  switch (kind) {
    case 'crowd':
      return { name: 'watcher', held: [], comes: crowd() };
    case 'change': {
      const held = snapshotOf('deletions');
      return { name: 'watcher', held, comes: changesAfter(held) };
    }
    case 'own':
      return { name: 'founder', held: snapshotOf('deletions'), comes: null };
    case 'keys':
    case 'deletions':
    case 'invites':
    case 'admissions':
    case 'members':
      return { name: 'watcher', held: [], comes: snapshotOf(kind) };
  }
};

/** A daemon's replica and its log of changes, on a real disk. */
async function openIn(directory: string, { name, held }: Scene) {
  const disk = await openDisk(directory);
  const records = held.map((frame) => encodeRecord(crypto, frame));
  await disk.write(JOURNAL, joinBytes(JOURNAL_HEADER, ...records));
  const clock = { ...openClock(), wallMs: () => NOW_MS };
  const ports = { clock, crypto, disk, log: silent };
  const replica = await openReplica(ports, localOf(name));
  const audit = await openAudit(ports, replica, () => AUDIT_LIMITS);
  replica.onFrames(audit.note);
  replica.onChange(() => setImmediate(replica.view));
  replica.view();
  const flush = async (): Promise<void> => {
    await replica.flush();
    await audit.flush();
  };
  await flush();
  return { replica, flush };
}

async function take(replica: Replica, frames: readonly Uint8Array[]): Promise<void> {
  const messages = batchesOf(frames).map((batch) =>
    encodeSync({ heads: [], frames: batch, wallMs: null, ...NO_INTRODUCTION }),
  );
  for (const message of messages) {
    const read = decodeSync(message);
    if (read.kind !== 'message') throw new Error('a message does not read');
    await sleep(0); // A message is read where it arrives, and taken later.
    const receipts = await replica.receiveInPieces(read.message.frames);
    const odd = receipts.find(({ verdict }) => verdict !== 'taken');
    if (odd !== undefined) throw new Error(`a frame was ${JSON.stringify(odd)}`);
  }
}

async function longestStall(scene: Scene, directory: string): Promise<Stall> {
  const { replica, flush } = await openIn(directory, scene);
  replica.confirm();
  await sleep(100);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const endOfTurns = watchTurns();
  delay.enable();
  await (scene.comes === null ? replica.republish() : take(replica, scene.comes));
  await sleep(100);
  delay.disable();
  const cpuMs = endOfTurns();
  await flush();
  return { cpuMs, delayMs: delay.max / 1e6 };
}

async function main(): Promise<void> {
  const kind = STALL_KINDS.find((known) => known === process.argv[2]);
  if (kind === undefined) throw new Error(`give one of: ${STALL_KINDS.join(' ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'cnsmo-stall-'));
  try {
    const stall = await longestStall(sceneOf(kind), directory);
    process.stdout.write(`${JSON.stringify(stall)}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

await main();
