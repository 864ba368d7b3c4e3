/**
 * Loop: audit keeper — the sets of files of the audit log, and which frame goes into which.
 *
 * 1. Each set has a share of what is kept: what does not count pushes nothing out that does.
 * 2. Who gets the role after saying something has that moved, and what the replica holds of it
 *    added, so that nothing in force is missing.
 * 3. The view is looked at once for each batch that says anything.
 */
import { type Change, changesIn } from '../crdt/change.ts';
import { hashKey } from '../crdt/entry-bytes.ts';
import { frameHash } from '../crdt/frame.ts';
import type { MemberId } from '../crdt/ids.ts';
import { type Meter, openMeter } from '../crdt/meter.ts';
import {
  type AuditFiles,
  type AuditLimits,
  type AuditPorts,
  openAuditFiles,
} from './audit-files.ts';
import { inPieces } from './pieces.ts';
import type { Replica } from './replica.ts';
import { openJudge, type Tier, tierOf } from './rules/audit-tier.ts';

/** What each set of files begins with, in the order in which they are read, and its share. */
const SETS: Readonly<Record<Tier, { readonly prefix: string; readonly share: number }>> = {
  counted: { prefix: 'audit-', share: 13 / 16 },
  admitted: { prefix: 'admits-', share: 2 / 16 },
  void: { prefix: 'voided-', share: 1 / 16 },
};

/** Whether a file of that name is of the log. */
export const isAuditFile = (name: string): boolean =>
  /^(?:audit|admits|voided)-\d{10}-\d{1,16}$/.test(name);

/** The sets in that order. */
export const TIERS = Object.keys(SETS) as readonly Tier[];

/** Most that is taken out of the replica at once. Unit: bytes. */
export const TAKEN_BYTES_MAX = 16 * 1024 * 1024;

/** The files of each set. */
export type AuditSets = Readonly<Record<Tier, AuditFiles>>;

/** A frame that says something new, and what. */
export interface News {
  readonly frame: Uint8Array;
  readonly changes: readonly Change[];
}

const shareOf = (tier: Tier, { bytesMax, ageMsMax }: AuditLimits): AuditLimits => ({
  bytesMax: bytesMax * SETS[tier].share,
  ageMsMax,
});

/** Opens the files of all sets. */
export async function openSets(ports: AuditPorts, limits: AuditLimits): Promise<AuditSets> {
  const opened = (tier: Tier) => openAuditFiles(ports, SETS[tier].prefix, shareOf(tier, limits));
  return {
    counted: await opened('counted'),
    admitted: await opened('admitted'),
    void: await opened('void'),
  };
}

/** Gives what puts news where they belong. */
export function openKeeper(
  ports: AuditPorts,
  sets: AuditSets,
  replica: Pick<Replica, 'heads' | 'framesAfter' | 'view'>,
  limits: () => AuditLimits,
): (news: readonly News[]) => Promise<void> {
  const admitted = new Set<MemberId>();
  let [operators, isFirst] = [openJudge(replica.view()).operators, true];
  const put = async (tier: Tier, frames: readonly Uint8Array[]): Promise<void> => {
    const share = shareOf(tier, limits());
    // One that takes all room of those that may be void is none to keep.
    const fit = frames.filter(({ length }) => tier === 'counted' || length <= share.bytesMax / 2);
    if (fit.length > 0) await sets[tier].append(fit, share);
  };
  return async (news) => {
    const judge = openJudge(replica.view());
    const sorted = Map.groupBy(news, ({ changes }) => tierOf(judge, changes, admitted));
    const framesIn = (tier: Tier) => (sorted.get(tier) ?? []).map(({ frame }) => frame);
    const gained = [...judge.operators].filter((id) => !operators.has(id));
    const meter = openMeter(ports.clock.monotonicMs);
    const movers = isFirst ? judge.operators : new Set(gained);
    [operators, isFirst] = [judge.operators, false];
    const held = gained.length === 0 ? [] : await heldOf(ports, replica, new Set(gained), meter);
    const early = await findEarly(ports, sets.void, movers, meter);
    const counted = framesIn('counted');
    await put('counted', onceEach(ports, early.frames, held, counted));
    await early.remove();
    await put('admitted', framesIn('admitted'));
    await put('void', framesIn('void'));
  };
}

/** What the replica has of these that is new about intent or trust. */
async function heldOf(
  ports: AuditPorts,
  replica: Pick<Replica, 'heads' | 'framesAfter'>,
  authors: ReadonlySet<MemberId>,
  meter: Meter,
): Promise<readonly Uint8Array[]> {
  const others = replica.heads().filter(({ author }) => !authors.has(author));
  const found: Uint8Array[] = [];
  for (const frame of replica.framesAfter(others, TAKEN_BYTES_MAX)) {
    if ((await changesOf(ports, frame, meter)).length > 0) found.push(frame);
  }
  return found;
}

/** What is kept of these authors among what was void, and what removes it there. */
async function findEarly(
  ports: AuditPorts,
  files: AuditFiles,
  authors: ReadonlySet<MemberId>,
  meter: Meter,
): Promise<{ readonly frames: readonly Uint8Array[]; readonly remove: () => Promise<void> }> {
  const found: Uint8Array[] = [];
  const rest = new Map<string, readonly Uint8Array[]>();
  for (const name of authors.size === 0 ? [] : files.names()) {
    const left: Uint8Array[] = [];
    const { frames } = await files.read(name, meter);
    for (const frame of frames) {
      const [change] = await changesOf(ports, frame, meter);
      (change !== undefined && authors.has(change.author) ? found : left).push(frame);
    }
    if (left.length < frames.length) rest.set(name, left);
  }
  const remove = async (): Promise<void> => {
    for (const [name, left] of rest) await files.keep(name, left);
  };
  return { frames: found, remove };
}

/** The frames, each once: mostly there are those of the last list alone. */
function onceEach(
  { crypto }: AuditPorts,
  early: readonly Uint8Array[],
  held: readonly Uint8Array[],
  fresh: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (early.length + held.length === 0) return fresh;
  const all = [...early, ...held, ...fresh];
  return [...new Map(all.map((frame) => [hashKey(frameHash(crypto, frame)), frame])).values()];
}

const changesOf = (
  { clock, crypto }: AuditPorts,
  frame: Uint8Array,
  meter: Meter,
): Promise<readonly Change[]> =>
  inPieces(
    clock,
    changesIn(crypto, frame, () => null, meter),
  );
