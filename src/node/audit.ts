/**
 * Loop: audit — keeps the signed frames of intent and trust, so that it can be told who changed
 * what, and proven.
 *
 * 1. It is bounded, in bytes and in age, and nothing but that removes from it: no generation, no
 *    compaction of the journal.
 * 2. Changes are noted behind their taking: it holds nobody up, and a failing disk loses only
 *    lines of it, which the log says. What a crash kept from it is noted at the next start.
 * 3. Damage is found, skipped and told.
 * 4. What does not count (`rules/audit-tier.ts`) pushes nothing out that does: that, and what nodes
 *    let in, have a share of their own. Where a grant comes after what the granted said, that is
 *    moved, or taken from the replica.
 */
import { type Change, changesIn } from '../crdt/change.ts';
import { compareHlc, HLC_ZERO, type Hlc, maxHlc, minHlc } from '../crdt/hlc.ts';
import type { MemberId } from '../crdt/ids.ts';
import { type Meter, openMeter } from '../crdt/meter.ts';
import type { Clock, Crypto } from '../ports.ts';
import { breathe } from './agent-look.ts';
import type { AuditFiles, AuditLimits, AuditPorts, FileContent } from './audit-files.ts';
import {
  type AuditSets,
  type News,
  openKeeper,
  openSets,
  TAKEN_BYTES_MAX,
  TIERS,
} from './audit-keeper.ts';
import { inPieces } from './pieces.ts';
import type { Replica } from './replica.ts';
import type { Tier } from './rules/audit-tier.ts';

/** What is kept unless this VM says otherwise: 64 MiB, 90 days. */
export const AUDIT_LIMITS: AuditLimits = {
  bytesMax: 64 * 1024 * 1024,
  ageMsMax: 90 * 24 * 3_600_000,
};

/** Changes of one frame of which each step takes some ms. */
const CHANGES_MANY = 1_000;

/** What one file of the log holds, in the order in which it was noted. */
export interface AuditPage {
  readonly tier: Tier;
  readonly file: string;
  readonly frames: readonly Uint8Array[];
  /** Stretches of the file that do not read. */
  readonly damaged: number;
}

/** The log of a running member. */
export interface Audit {
  /** Notes what is new about intent and trust in frames that were taken. */
  note(frames: readonly Uint8Array[]): void;
  /**
   * Everything kept, file by file, the oldest first: what is as long as it may be says hundreds of
   * thousands of changes, which nobody should hold at once. `only`: of these files.
   */
  pages(only?: ReadonlySet<string>): AsyncGenerator<AuditPage>;
  /** Resolves when everything noted so far is on disk, or given up. */
  flush(): Promise<void>;
}

/**
 * Opens the log. An empty one begins with what the replica holds; else what that holds was noted up
 * to the latest stamp in the log, and what a generation says again is older. `onChanges`: told of
 * what is new, frame by frame.
 */
export async function openAudit(
  ports: AuditPorts,
  replica: AuditedReplica,
  limits: () => AuditLimits,
  onChanges: (changes: readonly Change[]) => void = () => undefined,
): Promise<Audit> {
  const { clock, log } = ports;
  const sets = await openSets(ports, limits());
  // One for all: many short frames are as much as a long one.
  const meter = openMeter(clock.monotonicMs);
  const end = await endOf(ports, sets, meter);
  const held = replica.latest();
  const latest = new Map(
    end === null ? [] : [...held].map(([author, hlc]) => [author, minHlc(hlc, end(author))]),
  );
  const keep = openKeeper(ports, sets, replica, limits);
  let last: Promise<void> = Promise.resolve();
  const noteThose = (frames: readonly Uint8Array[], isNew: (change: Change) => boolean): void => {
    last = last
      .then(async () => {
        const fresh = await newsIn(ports, frames, { latest, meter, isNew, onChanges });
        if (fresh.length > 0) await keep(fresh);
      })
      .catch((error: unknown) => log.warn('audit-failed', { why: String(error) }));
  };
  const isNoted = (author: MemberId): boolean =>
    end !== null && compareHlc(held.get(author) ?? HLC_ZERO, end(author)) <= 0;
  const noted = replica.heads().filter(({ author }) => isNoted(author));
  noteThose(
    replica.framesAfter(noted, TAKEN_BYTES_MAX),
    ({ author, hlc }) => end === null || compareHlc(hlc, end(author)) > 0,
  );
  /** Between two notings, so that no file is read while it grows. */
  const inTurn = (read: () => Promise<FileContent>): Promise<FileContent> => {
    const reading = last.then(read);
    last = reading.then(
      () => undefined,
      () => undefined,
    );
    return reading;
  };
  return {
    note: (frames) => noteThose(frames, () => true),
    pages: (only) => pagesOf(clock, sets, inTurn, only),
    flush: () => last,
  };
}

async function* pagesOf(
  clock: Pick<Clock, 'monotonicMs'>,
  sets: AuditSets,
  inTurn: (read: () => Promise<FileContent>) => Promise<FileContent>,
  only?: ReadonlySet<string>,
): AsyncGenerator<AuditPage> {
  await inTurn(async () => ({ frames: [], damaged: 0 }));
  for (const tier of TIERS) {
    for (const file of sets[tier].names()) {
      if (only?.has(file) === false) continue;
      const read = () => sets[tier].read(file, openMeter(clock.monotonicMs));
      yield { tier, file, ...(await inTurn(read)) };
    }
  }
}

/** What of a replica is looked at. */
type AuditedReplica = Pick<Replica, 'heads' | 'latest' | 'framesAfter' | 'view'>;

/**
 * How far the log goes: of those whom its end speaks of their latest stamp there, of others the
 * latest of all that counts. Null: it says nothing.
 */
async function endOf(
  ports: AuditPorts,
  sets: AuditSets,
  meter: Meter,
): Promise<((author: MemberId) => Hlc) | null> {
  const counted = await latestIn(ports, sets.counted, meter);
  const highest = [...counted.values()].reduce(maxHlc, HLC_ZERO);
  if (counted.size === 0) return null;
  const latest = new Map(counted);
  for (const files of [sets.admitted, sets.void]) {
    for (const [author, hlc] of await latestIn(ports, files, meter)) {
      latest.set(author, maxHlc(hlc, latest.get(author) ?? HLC_ZERO));
    }
  }
  return (author) => latest.get(author) ?? highest;
}

/** The latest stamp of each author in the last file that says anything. */
async function latestIn(
  ports: AuditPorts,
  files: Pick<AuditFiles, 'names' | 'read'>,
  meter: Meter,
): Promise<ReadonlyMap<MemberId, Hlc>> {
  for (const name of files.names().toReversed()) {
    const latest = new Map<MemberId, Hlc>();
    const { frames } = await files.read(name, meter);
    for await (const { changes } of changesOf(ports, frames, new Map(), meter)) {
      for (const { author, hlc } of changes) {
        latest.set(author, maxHlc(hlc, latest.get(author) ?? HLC_ZERO));
      }
    }
    if (latest.size > 0) return latest;
  }
  return new Map();
}

/** What was noted of each author, where reading pauses, what counts, and who is told. */
interface Reading {
  readonly latest: Map<MemberId, Hlc>;
  readonly meter: Meter;
  readonly isNew: (change: Change) => boolean;
  readonly onChanges: (changes: readonly Change[]) => void;
}

/** Those of the frames that change anything of intent or trust; `latest` follows. */
async function newsIn(
  { clock, crypto }: AuditPorts,
  frames: readonly Uint8Array[],
  { latest, meter, isNew, onChanges }: Reading,
): Promise<readonly News[]> {
  const news: News[] = [];
  for (const frame of frames) {
    const work = changesIn(crypto, frame, (author) => latest.get(author) ?? null, meter);
    const changes = (await inPieces(clock, work)).filter(isNew);
    for (const { author, hlc } of changes) {
      const known = latest.get(author);
      if (known === undefined || compareHlc(known, hlc) < 0) latest.set(author, hlc);
    }
    if (changes.length === 0) continue;
    news.push({ frame, changes });
    await breathe(clock, changes.length >= CHANGES_MANY);
    onChanges(changes);
    await breathe(clock, changes.length >= CHANGES_MANY);
  }
  return news;
}

/** What is new in each of the frames; `latest`, of what was before, follows. */
export async function* changesOf(
  { clock, crypto }: { readonly clock: Pick<Clock, 'sleep'>; readonly crypto: Crypto },
  frames: readonly Uint8Array[],
  latest: Map<MemberId, Hlc>,
  meter: Meter,
): AsyncGenerator<{ readonly index: number; readonly changes: readonly Change[] }> {
  for (const [index, frame] of frames.entries()) {
    const work = changesIn(crypto, frame, (author) => latest.get(author) ?? null, meter);
    const changes = await inPieces(clock, work);
    for (const { author, hlc } of changes) latest.set(author, hlc);
    yield { index, changes };
  }
}
