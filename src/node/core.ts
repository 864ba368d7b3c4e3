/**
 * Loop: core — takes the core role when it is this member's turn, says so, and knows who has it.
 *
 * The election is a pure rule (`rules/election.ts`); here is what needs time and others:
 * 1. The role is taken after 3 s in which this member was the elected one, 2 s more where an epoch
 *    began (clocks differ); it is given up at once when another is elected.
 * 2. Never across a gap: who slept for a second or more does not know what happened meanwhile.
 * 3. The highest term is on disk before it is used or acknowledged, so it never goes back; only
 *    one of a time that has not come is not believed (`core-terms.ts`).
 * 4. A claim is taken from whom this member elects itself, and in no lower term than the last;
 *    where it cannot be heard, by way of others, signed (`core-hearsay.ts`).
 * 5. Who may be one of two holders of its key, or lost what it said, does not take the role.
 * 6. Who cannot take it in its turn, by 3 or 5, says so, and the next one does. So does who knows
 *    that its clock is wrong, for what it would say waits or comes too late; unless all others are
 *    worse off.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { SwarmNode, Unsubscribe } from '../ports.ts';
import type { AgentReport } from '../services/service.ts';
import { claimWord, createCrier, passWord, type Word } from './core-crier.ts';
import {
  type CoreContext,
  type CorePorts,
  type Desk,
  emptyMemory,
  type Holder,
  noteMove,
} from './core-desk.ts';
import { serveClaims } from './core-hearing.ts';
import { createHearsay } from './core-hearsay.ts';
import { createInquiry } from './core-inquiry.ts';
import { openTerms } from './core-terms.ts';
import { createCoreTime } from './core-time.ts';
import { createReporter } from './reporter.ts';
import { isClockWrong } from './rules/clocks.ts';
import { type CoreSigner, createCoreSigner } from './rules/core-message.ts';
import {
  type Constituency,
  compareTerms,
  electCore,
  isTermGood,
  nextTerm,
  type Pass,
  type Term,
  whyCore,
} from './rules/election.ts';
import { createWake, type Wake } from './wake.ts';

/** How long the elected one waits before it takes the role. Unit: ms. FORMATS, "Core term". */
const SETTLE_MS = 3_000;
/** And how much longer at the beginning of an epoch: clocks differ. Unit: ms. */
const SKEW_MS = 2_000;
/** A wait that took so much longer than it should is a gap. Unit: ms. */
const GAP_MS = 1_000;
/** Time between two looks while it settles or has the role, and else. Unit: ms. */
const TICK_MS = 500;
const IDLE_MS = 5_000;

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

/** Opens the loop; it does nothing until `run`. */
export async function openCore(ports: CorePorts, context: CoreContext): Promise<Core> {
  const wake = createWake(ports.clock);
  const time = createCoreTime(ports, context);
  const memory = emptyMemory(await openTerms(ports.disk, time.latestEpoch));
  const passed = (id: MemberId): Pass | null => memory.passes.get(id) ?? null;
  const constituency = (): Constituency => ({ ...time.constituency(), passed });
  const desk: Desk = { ports, context, memory, time, constituency, mark: wake.mark };
  return {
    holder: () => holderOf(desk, desk.constituency()),
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

async function run(desk: Desk, wake: Wake, swarm: SwarmNode, signal: AbortSignal): Promise<void> {
  const { ports, context, memory, time } = desk;
  const report = createReporter(ports.log, 'core');
  const crier = createCrier(ports, swarm, (term) => outbid(desk, term));
  const signer = createCoreSigner(ports.crypto, context);
  const inquire = createInquiry(ports, context.self, {
    reach: context.reach,
    askAbout: createHearsay(desk, swarm, signer),
    isConnected: (member) => swarm.connections().some(({ peer }) => peer === member),
  });
  const ends = [serveClaims(desk, swarm), swarm.onConnectionChange(crier.forget)];
  for (let waitMs = 0; !signal.aborted; ) {
    const dueMs = ports.clock.monotonicMs() + waitMs;
    await wake.wait(waitMs, signal);
    if (ports.clock.monotonicMs() - dueMs >= GAP_MS) release(desk, 'a gap'); // Invariant 2.
    if (!signal.aborted) await look(desk);
    report(reportOf(memory));
    const word = wordOf(desk, signer);
    if (word !== null) crier.cry(word, listeners(desk));
    const held = desk.constituency();
    const inquiryMs = inquire(held, holderOf(desk, held));
    const isBusy = memory.electedMs !== null || word !== null;
    waitMs = isBusy ? TICK_MS : Math.min(IDLE_MS, time.epochEndsInMs(), inquiryMs);
  }
  for (const end of ends) end();
  report({ state: 'stopped' });
}

/** What this member has to say: that it has the role, or that it cannot take it now. */
function wordOf({ context, memory }: Desk, signer: CoreSigner): Word | null {
  const { acting, lastEpoch, passes } = memory;
  if (acting !== null) return claimWord(signer, acting);
  const pass = passes.get(context.self);
  return pass === undefined || pass.epoch !== lastEpoch ? null : passWord(signer, pass);
}

/** Elects, and takes or gives up the role. */
async function look(desk: Desk): Promise<void> {
  const { ports, context, memory, time, constituency } = desk;
  const held = constituency();
  const { epoch } = held;
  const isNewEpoch = memory.lastEpoch !== null && memory.lastEpoch !== epoch;
  memory.lastEpoch = epoch;
  if (isNewEpoch) memory.problem = null;
  if (electCore(held)?.id !== context.self) return release(desk, 'another is elected');
  if (context.isDoubtful()) {
    memory.passes.set(context.self, { epoch, why: 'unable' });
    return release(desk, 'in doubt');
  }
  if (isClockWrong(time.skewMs())) {
    memory.passes.set(context.self, { epoch, why: 'wrong clock' });
    if (electCore(held)?.id !== context.self) return release(desk, 'its clock is wrong');
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
    if (memory.acting === null)
      memory.passes.set(context.self, { epoch: term.epoch, why: 'unable' });
    return;
  }
  memory.passes.delete(context.self);
  memory.problem = null;
  // A slow disk took long, and it was over meanwhile.
  if (memory.electedMs === null || electCore(constituency())?.id !== context.self) return;
  memory.acting = { term, sinceMs: ports.clock.wallMs() };
  ports.log.info('core-taken', { ...term, why: whyCore(constituency()) });
  noteMove(memory, { id: context.self, ...memory.acting });
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

function holderOf({ context, memory }: Desk, held: Constituency): Holder | null {
  if (memory.acting !== null) return { id: context.self, ...memory.acting };
  const { heard } = memory;
  return heard !== null && electCore(held)?.id === heard.id ? heard : null;
}

/** A problem is a note: nothing waits for the core, and the disk has an alarm of its own. */
const reportOf = ({ lastEpoch, problem }: Desk['memory']): AgentReport => ({
  name: 'core',
  state: lastEpoch === null ? 'starting' : 'ready',
  problems: problem === null ? [] : [problem],
  changes: 0,
});
