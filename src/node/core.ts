/**
 * Loop: core — takes the core role when it is this member's turn, says so, and knows who has it.
 *
 * The election is a pure rule (`rules/election.ts`); here is what needs time and others:
 * 1. The role is taken after 3 s in which this member was the elected one, 2 s more where an epoch
 *    began (clocks differ); it is given up at once when another is elected.
 * 2. Never across a gap: who slept for a second or more does not know what happened meanwhile.
 * 3. The highest term is on disk before it is used or acknowledged, so it never goes back; only
 *    one of a time that has not come is not believed (`core-terms.ts`).
 * 4. A claim is taken from whom this member elects itself, and in no lower term than the last.
 * 5. Who may be one of two holders of its key, or lost what it said, does not take the role.
 * 6. Who cannot take it in its turn, by 3 or 5, says so, and the next one does.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Ports, SwarmNode, Unsubscribe } from '../ports.ts';
import type { AgentReport } from '../services/service.ts';
import { claimWord, createCrier, passWord, type Word } from './core-crier.ts';
import { createInquiry } from './core-inquiry.ts';
import { openTerms, type Terms } from './core-terms.ts';
import { type CoreTime, type CoreTimeContext, createCoreTime } from './core-time.ts';
import { createReporter } from './reporter.ts';
import { type Buckets, createBuckets } from './rules/bucket.ts';
import {
  type Claim,
  CORE_BYTES_MAX,
  decodeClaim,
  decodePass,
  encodeClaimAnswer,
} from './rules/core-message.ts';
import {
  type Constituency,
  compareTerms,
  electCore,
  isTermGood,
  nextTerm,
  type Term,
  whyCore,
} from './rules/election.ts';
import { createWake, type Wake } from './wake.ts';

/** How long the elected one waits before it takes the role. Unit: ms. DESIGN §5. */
const SETTLE_MS = 3_000;
/** And how much longer at the beginning of an epoch. Unit: ms. Reliability §3.4. */
const SKEW_MS = 2_000;
/** A wait that took so much longer than it should is a gap. Unit: ms. */
const GAP_MS = 1_000;
/** Claims that are taken at once, and per second after that; an honest holder repeats none. */
const CLAIMS_BURST = 10;
const CLAIMS_PER_SECOND = 1;
/** Time between two looks while it settles or has the role, and else. Unit: ms. */
const [TICK_MS, IDLE_MS] = [500, 5_000];

/** Who has the role, and since when by its own wall clock, Unix ms. */
export interface Holder extends Claim {
  readonly id: MemberId;
}

/** The running loop, as others use it. */
export interface Core {
  /** Whom this member knows to have the role; null while nobody says so. */
  holder(): Holder | null;
  /** Whether this member has it. */
  isActing(): boolean;
  /** The highest term that it has taken or acknowledged, and believes; null before the first. */
  highest(): Term | null;
  /** Who was the last that had it, as far as this member knows; null before the first. */
  lastHolder(): Holder | null;
  /** Called when somebody else has it, or in another term. */
  onMove(listener: () => void): Unsubscribe;
  /** What this member elects in, now. */
  constituency(): Constituency;
  /** When the next epoch begins, on the hybrid clock, Unix ms. */
  nextEpochMs(): number;
  report(): AgentReport;
  /** Something that the election depends on may have changed. */
  mark(): void;
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

type CorePorts = Pick<Ports, 'clock' | 'crypto' | 'disk' | 'log'>;

/** What it needs of the node. */
export interface CoreContext extends CoreTimeContext {
  /** Dials a member soon. */
  readonly reach: (member: MemberId) => void;
  /** Whether this member may not act (invariant 5). */
  readonly isDoubtful: () => boolean;
}

/** What the loop remembers between looks. */
interface Memory {
  readonly terms: Terms;
  acting: Claim | null;
  heard: Holder | null;
  last: Holder | null;
  readonly listeners: Set<() => void>;
  readonly claims: Buckets;
  /** Since when this member is the elected one, monotonic ms. */
  electedMs: number | null;
  settleMs: number;
  lastEpoch: number | null;
  problem: string | null;
  /** Who said that it cannot take the role, this member too, and in which epoch; the last one. */
  readonly passes: Map<MemberId, number>;
}

/** Opens the loop; it does nothing until `run`. */
export async function openCore(ports: CorePorts, context: CoreContext): Promise<Core> {
  const wake = createWake(ports.clock);
  const time = createCoreTime(ports, context);
  const memory = emptyMemory(await openTerms(ports.disk, time.latestEpoch));
  const passed = (id: MemberId): number | null => memory.passes.get(id) ?? null;
  const constituency = (): Constituency => ({ ...time.constituency(), passed });
  const desk: Desk = { ports, context, memory, time, constituency, mark: wake.mark };
  return {
    holder: () => holderOf(desk),
    isActing: () => memory.acting !== null,
    highest: memory.terms.highest,
    lastHolder: () => memory.last,
    onMove: (listener) => {
      memory.listeners.add(listener);
      return () => memory.listeners.delete(listener);
    },
    constituency: desk.constituency,
    nextEpochMs: time.nextEpochMs,
    report: () => reportOf(memory),
    mark: wake.mark,
    run: (swarm, signal) => run(desk, wake, swarm, signal),
  };
}

const emptyMemory = (terms: Terms): Memory => ({
  terms,
  acting: null,
  heard: null,
  last: null,
  listeners: new Set(),
  claims: createBuckets(CLAIMS_BURST, CLAIMS_PER_SECOND),
  electedMs: null,
  settleMs: SETTLE_MS,
  lastEpoch: null,
  problem: null,
  passes: new Map(),
});

async function run(desk: Desk, wake: Wake, swarm: SwarmNode, signal: AbortSignal): Promise<void> {
  const { ports, context, memory, time } = desk;
  const report = createReporter(ports.log, 'core');
  const crier = createCrier(ports, swarm, (term) => outbid(desk, term));
  const inquire = createInquiry(ports, context.self, context.reach);
  const ends = [serve(desk, swarm), swarm.onConnectionChange(crier.forget)];
  for (let waitMs = 0; !signal.aborted; ) {
    const dueMs = ports.clock.monotonicMs() + waitMs;
    await wake.wait(waitMs, signal);
    if (ports.clock.monotonicMs() - dueMs >= GAP_MS) release(desk, 'a gap'); // Invariant 2.
    if (!signal.aborted) await look(desk);
    report(reportOf(memory));
    const word = wordOf(desk);
    if (word !== null) crier.cry(word, listeners(desk));
    inquire(desk.constituency(), holderOf(desk));
    const isBusy = memory.electedMs !== null || word !== null;
    waitMs = isBusy ? TICK_MS : Math.min(IDLE_MS, time.epochEndsInMs());
  }
  for (const end of ends) end();
  report({ state: 'stopped' });
}

interface Desk {
  readonly ports: CorePorts;
  readonly context: CoreContext;
  readonly memory: Memory;
  readonly time: CoreTime;
  readonly constituency: () => Constituency;
  readonly mark: () => void;
}

/** What this member has to say: that it has the role, or that it cannot take it now. */
function wordOf({ context, memory }: Desk): Word | null {
  const { acting, lastEpoch, passes } = memory;
  if (acting !== null) return claimWord(acting);
  const epoch = passes.get(context.self);
  return epoch === undefined || epoch !== lastEpoch ? null : passWord(epoch);
}

/** Elects, and takes or gives up the role. */
async function look(desk: Desk): Promise<void> {
  const { ports, context, memory, constituency } = desk;
  const held = constituency();
  const { epoch } = held;
  const isNewEpoch = memory.lastEpoch !== null && memory.lastEpoch !== epoch;
  memory.lastEpoch = epoch;
  if (isNewEpoch) memory.problem = null;
  if (electCore(held)?.id !== context.self) return release(desk, 'another is elected');
  if (context.isDoubtful()) {
    memory.passes.set(context.self, epoch);
    return release(desk, 'in doubt');
  }
  const nowMs = ports.clock.monotonicMs();
  if (memory.electedMs === null) {
    memory.electedMs = nowMs;
    memory.settleMs = isNewEpoch ? SETTLE_MS + SKEW_MS : SETTLE_MS;
  }
  const isSettled = nowMs - memory.electedMs >= memory.settleMs;
  if (!isSettled || memory.acting?.term.epoch === epoch) return;
  await take(desk, nextTerm(memory.terms.highest(), epoch));
}

/** Takes the role in a term, once that is on disk. */
async function take({ ports, context, memory, constituency }: Desk, term: Term): Promise<void> {
  try {
    await memory.terms.raise(term);
  } catch (error) {
    const why = `its term cannot be kept: ${String(error)}`;
    memory.problem = `core: this turn is left to the next: ${why}`;
    if (memory.acting === null) memory.passes.set(context.self, term.epoch);
    return;
  }
  memory.passes.delete(context.self);
  memory.problem = null;
  if (memory.electedMs === null) return; // It was over meanwhile.
  memory.acting = { term, sinceMs: ports.clock.wallMs() };
  ports.log.info('core-taken', { ...term, why: whyCore(constituency()) });
  noteMove(memory, { id: context.self, ...memory.acting });
}

function noteMove(memory: Memory, holder: Holder): void {
  memory.last = holder;
  for (const listener of memory.listeners) listener();
}

function release({ ports, memory }: Desk, why: string): void {
  memory.electedMs = null;
  if (memory.acting === null) return;
  ports.log.info('core-released', { ...memory.acting.term, why });
  memory.acting = null;
}

/** Somebody has taken a higher term than ours: the next one is above that. */
async function outbid(desk: Desk, term: Term): Promise<void> {
  const { memory, time, constituency } = desk;
  if (memory.acting === null || compareTerms(term, memory.acting.term) <= 0) return;
  if (!isTermGood(term, memory.terms.highest(), time.latestEpoch())) return;
  await take(desk, nextTerm(term, constituency().epoch));
}

/** Those to whom the role is said: everybody who may be reached. */
const listeners = ({ context }: Desk): readonly MemberId[] =>
  context
    .view()
    .members.filter(({ id, hasLeft }) => id !== context.self && !hasLeft)
    .map(({ id }) => id);

function holderOf({ context, memory, constituency }: Desk): Holder | null {
  if (memory.acting !== null) return { id: context.self, ...memory.acting };
  const { heard } = memory;
  return heard !== null && electCore(constituency())?.id === heard.id ? heard : null;
}

/** Answers claims until it is ended. */
const serve = (desk: Desk, swarm: SwarmNode): Unsubscribe => {
  const options = { bytesMax: CORE_BYTES_MAX, inviteMayUse: false };
  return swarm.handle('core', options, async ({ peer }, request) => {
    const pass = decodePass(request);
    const claim = decodeClaim(request);
    if (pass !== null) desk.memory.passes.set(peer as MemberId, pass);
    // Who takes the role after all can.
    else if (claim !== null) desk.memory.passes.delete(peer as MemberId);
    const isElected = (electCore(desk.constituency())?.id as PeerKey | undefined) === peer;
    const isTaken =
      pass !== null || (isElected && claim !== null && (await hear(desk, peer as MemberId, claim)));
    if (pass !== null) desk.mark();
    return encodeClaimAnswer({ isTaken, isElected, highest: desk.memory.terms.highest() });
  });
};

/** Invariant 4, for a claim of whom this member elects. Each new term costs the disk a sync. */
async function hear({ ports, memory, time }: Desk, id: MemberId, claim: Claim): Promise<boolean> {
  const { term } = claim;
  if (!isTermGood(term, memory.terms.highest(), time.latestEpoch())) return false;
  const nowMs = ports.clock.monotonicMs();
  if (!memory.claims.hasLeft('', nowMs)) return false;
  memory.claims.spend('', 1, nowMs);
  const isKept = await memory.terms.raise(term).then(
    () => true,
    () => false, // A disk that takes nothing: it knows who has the role, and is told again.
  );
  memory.heard = { id, ...claim };
  noteMove(memory, memory.heard);
  return isKept;
}

/** A problem is a note: nothing waits for the core, and the disk has an alarm of its own. */
const reportOf = ({ lastEpoch, problem }: Memory): AgentReport => ({
  name: 'core',
  state: lastEpoch === null ? 'starting' : 'ready',
  problems: problem === null ? [] : [problem],
  changes: 0,
});
