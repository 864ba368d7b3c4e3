/** Loop: test core — a member of three, its core loop running on made-up ports. */
import assert from 'node:assert/strict';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import { idOf, seedOf, world } from '../crdt/test-world.ts';
import type { Disk, RequestHandler, SwarmNode } from '../ports.ts';
import { openCore } from './core.ts';
import { openCrypto } from './linux/crypto.ts';
import type { LinkState } from './rules/answers.ts';
import {
  type ClaimAnswer,
  createCoreSigner,
  decodeClaim,
  decodeClaimAnswer,
  decodePass,
  decodeQuestion,
  encodeClaim,
  encodeClaimAnswer,
} from './rules/core-message.ts';
import { electCore, type Pass, type Term } from './rules/election.ts';
import { createDisk } from './test-replica.ts';
import { createTime, settle } from './test-time.ts';

const crypto = openCrypto();
/** What a member says of the role, signed. */
export const signerOf = (name: string) =>
  createCoreSigner(crypto, { seed: seedOf(name), meshId: viewOfThree().mesh.id });
/** Length of a turn. */
export const EPOCH_MS = 600_000;
const NAMES = ['founder', 'a', 'b'];

const viewOfThree = () => {
  const story = world().invites('i').admits('a', 'i').admits('b', 'i');
  const version = { version: '0.0.0', commit: 'test' };
  for (const name of NAMES) story.as(name).says('member/version', version);
  return story.view();
};

/** The two others, as a core loop meets them: what it says to them, and what they say to it. */
function createOthers(self: string) {
  const claims: Term[] = [];
  const passes: Pass[] = [];
  const questions: (readonly [of: MemberId, about: MemberId])[] = [];
  const answer: { current: ClaimAnswer } = {
    current: { isTaken: true, isElected: true, highest: null, said: [] },
  };
  /** Those with whom there is no connection. */
  const apart = new Set<MemberId>();
  let handler: RequestHandler | null = null;
  const others = NAMES.filter((name) => name !== self).map(idOf);
  const swarm = {
    connections: () => others.filter((id) => !apart.has(id)).map((peer) => ({ peer })),
    onConnectionChange: () => () => undefined,
    handle: (_name: string, _options: unknown, given: RequestHandler) => {
      handler = given;
      return () => undefined;
    },
    request: async (peer: PeerKey, _name: string, bytes: Uint8Array) => {
      const about = decodeQuestion(bytes);
      if (about !== null) questions.push([peer as MemberId, about]);
      const claim = decodeClaim(bytes);
      if (claim !== null) claims.push(claim.term);
      const passed = decodePass(bytes);
      if (passed !== null) passes.push(passed);
      return encodeClaimAnswer(answer.current);
    },
  } as unknown as SwarmNode;
  const hear = async (from: string, word: Uint8Array): Promise<ClaimAnswer> => {
    const remote = { host: '192.0.2.1', port: 7300 };
    const asker = { peer: idOf(from) as PeerKey, standing: 'member' as const, remote };
    const bytes = await handler?.(asker, word);
    const read = decodeClaimAnswer(bytes ?? new Uint8Array());
    assert.ok(read);
    return read;
  };
  const claim = (from: string, term: Term): Promise<ClaimAnswer> =>
    hear(from, encodeClaim({ term, sinceMs: 1 }));
  return { claims, passes, questions, answer, apart, swarm, hear, claim };
}

/** A log, and the states that the loop announces in it. */
function createListeningLog() {
  const announced: unknown[] = [];
  const hear = (line: string, facts: object = {}): void => {
    if (line === 'agent') announced.push((facts as { readonly state: string }).state);
  };
  return { announced, log: { info: hear, warn: hear, error: hear } };
}

/** A member of three, its core loop running, and what it says to the two others. */
export async function openCoreStage(self: string, disk: Disk = createDisk().disk) {
  const time = createTime();
  const stop = new AbortController();
  const view = viewOfThree();
  const dead = new Set<MemberId>();
  const reached: (readonly [member: MemberId, atMs: number])[] = [];
  const { swarm, ...others } = createOthers(self);
  const { announced, log } = createListeningLog();
  let isDoubtful = false;
  const skewsMs = new Map<PeerKey, number>();
  const core = await openCore(
    { clock: time.clock, crypto, disk, log },
    {
      reach: (member) => void reached.push([member, time.clock.monotonicMs()]),
      ...{ self: idOf(self), seed: seedOf(self), meshId: view.mesh.id },
      view: () => view,
      seenMs: () => 0,
      link: (id: MemberId): LinkState => (dead.has(id) ? 'dead' : 'alive'),
      isDoubtful: () => isDoubtful,
      skewsMs: () => skewsMs,
    },
  );
  const run = core.run(swarm, stop.signal);
  await settle();
  /** Lets time pass in small steps, as timers of the real one do. */
  const pass = async (durationMs: number): Promise<void> => {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 100) await time.pass(Math.min(100, leftMs));
  };
  /** Goes to the beginning of an epoch in which somebody is the elected one. */
  const goToTurnOf = async (name: string): Promise<void> => {
    const { place } = core.constituency();
    const nowMs = time.clock.wallMs();
    for (let epoch = Math.ceil(nowMs / EPOCH_MS); ; epoch += 1) {
      const elected = electCore({ view, epoch, place, link: () => 'alive', passed: () => null });
      if (elected?.id !== idOf(name)) continue;
      time.step(epoch * EPOCH_MS - nowMs);
      core.mark();
      return settle();
    }
  };
  const end = async (): Promise<void> => {
    stop.abort();
    await pass(5_000);
    await run;
  };
  const doubt = (is: boolean): void => {
    isDoubtful = is;
    core.mark();
  };
  return { core, ...others, announced, reached, dead, skewsMs, time, pass, goToTurnOf, end, doubt };
}
