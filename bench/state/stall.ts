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
import { AUDIT_LIMITS, openAudit } from '../../src/node/audit.ts';
import { startJournal } from '../../src/node/journal.ts';
import { openClock } from '../../src/node/linux/clock.ts';
import { openDisk } from '../../src/node/linux/disk.ts';
import { openReplica } from '../../src/node/replica.ts';
import { decodeSync, encodeSync, NO_INTRODUCTION } from '../../src/node/rules/sync-message.ts';
import { batchesOf } from './batches.ts';
import { crypto, factsOf, foundWith, localOf, NOW_MS } from './crowd.ts';
import { snapshotOf } from './snapshot.ts';
import { STALL_KINDS, type StallKind } from './stalls.table.ts';

/** The mesh of the issue. */
const AUTHORS = 1000;
const KEYS = 20;

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What comes in, in messages. */
const framesOf = (kind: StallKind): readonly Uint8Array[] => {
  if (kind !== 'crowd') return snapshotOf(kind);
  const names = Array.from({ length: AUTHORS }, (_, index) => `member-${index}`);
  return [...foundWith(names), ...names.map((name) => factsOf(name, KEYS))];
};

async function longestStall(kind: StallKind, directory: string): Promise<number> {
  const messages = batchesOf(framesOf(kind)).map((frames) =>
    encodeSync({ heads: [], frames, wallMs: null, ...NO_INTRODUCTION }),
  );
  const disk = await openDisk(directory);
  await startJournal(disk);
  const clock = { ...openClock(), wallMs: () => NOW_MS };
  const ports = { clock, crypto, disk, log: silent };
  const replica = await openReplica(ports, localOf('watcher'));
  const audit = await openAudit(ports, replica, () => AUDIT_LIMITS);
  replica.onFrames(audit.note);
  replica.onChange(() => setImmediate(replica.view));
  await sleep(100);
  const watch = monitorEventLoopDelay({ resolution: 1 });
  watch.enable();
  for (const message of messages) {
    const read = decodeSync(message);
    if (read.kind !== 'message') throw new Error('a message does not read');
    await sleep(0); // A message is read where it arrives, and taken later.
    const receipts = await replica.receiveInPieces(read.message.frames);
    const odd = receipts.find(({ verdict }) => verdict !== 'taken');
    if (odd !== undefined) throw new Error(`a frame was ${JSON.stringify(odd)}`);
  }
  await sleep(100);
  watch.disable();
  await replica.flush();
  await audit.flush();
  return watch.max / 1e6;
}

async function main(): Promise<void> {
  const kind = STALL_KINDS.find((known) => known === process.argv[2]);
  if (kind === undefined) throw new Error(`give one of: ${STALL_KINDS.join(' ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'cnsmo-stall-'));
  try {
    process.stdout.write(`${await longestStall(kind, directory)}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

await main();
