import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import { idOf, world } from '../crdt/test-world.ts';
import type { Disk, RequestHandler, SwarmNode } from '../ports.ts';
import { openCore } from './core.ts';
import { openCrypto } from './linux/crypto.ts';
import type { LinkState } from './rules/answers.ts';
import {
  type ClaimAnswer,
  decodeClaim,
  decodeClaimAnswer,
  decodePass,
  encodeClaim,
  encodeClaimAnswer,
  encodePass,
} from './rules/core-message.ts';
import { electCore, type Term } from './rules/election.ts';
import { createDisk } from './test-replica.ts';
import { createTime, settle } from './test-time.ts';

const crypto = openCrypto();
const EPOCH_MS = 600_000;
const NAMES = ['founder', 'a', 'b'];

const viewOfThree = () => {
  const story = world().invites('i').admits('a', 'i').admits('b', 'i');
  const version = { version: '0.0.0', commit: 'test' };
  for (const name of NAMES) story.as(name).says('member/version', version);
  return story.view();
};

/** A member of three, its core loop running, and what it says to the two others. */
async function stage(self: string, disk: Disk = createDisk().disk) {
  const time = createTime();
  const stop = new AbortController();
  const view = viewOfThree();
  const dead = new Set<MemberId>();
  const link = (id: MemberId): LinkState => (dead.has(id) ? 'dead' : 'alive');
  const claims: Term[] = [];
  const passes: number[] = [];
  const answer = { current: { isTaken: true, isElected: true, highest: null } as ClaimAnswer };
  let handler: RequestHandler | null = null;
  let isDoubtful = false;
  const others = NAMES.filter((name) => name !== self).map(idOf);
  const swarm = {
    connections: () => others.map((peer) => ({ peer })),
    onConnectionChange: () => () => undefined,
    handle: (_name: string, _options: unknown, given: RequestHandler) => {
      handler = given;
      return () => undefined;
    },
    request: async (_peer: PeerKey, _name: string, bytes: Uint8Array) => {
      const claim = decodeClaim(bytes);
      if (claim !== null) claims.push(claim.term);
      const passed = decodePass(bytes);
      if (passed !== null) passes.push(passed);
      return encodeClaimAnswer(answer.current);
    },
  } as unknown as SwarmNode;
  const context = {
    reach: () => undefined,
    self: idOf(self),
    view: () => view,
    seenMs: () => 0,
    link,
    isDoubtful: () => isDoubtful,
  };
  const announced: unknown[] = [];
  const hearLog = (line: string, facts: object = {}): void => {
    if (line === 'agent') announced.push((facts as { readonly state: string }).state);
  };
  const log = { info: hearLog, warn: hearLog, error: hearLog };
  const core = await openCore({ clock: time.clock, crypto, disk, log }, context);
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
  const end = async (): Promise<void> => {
    stop.abort();
    await pass(5_000);
    await run;
  };
  const doubt = (is: boolean): void => {
    isDoubtful = is;
    core.mark();
  };
  return {
    core,
    announced,
    claims,
    passes,
    hear,
    answer,
    dead,
    time,
    pass,
    goToTurnOf,
    claim,
    end,
    doubt,
  };
}

test('core: the role is taken after a while, said to all, and given up with the turn', async () => {
  // Goal: the plain course. Method: the turn of a, and the next one; what is said meanwhile.
  const { core, announced, claims, pass, goToTurnOf, end, time } = await stage('a');
  await goToTurnOf('b');
  await pass(10_000);
  assert.deepEqual(announced, ['ready']);
  assert.deepEqual([core.holder(), claims], [null, []]);
  await goToTurnOf('a');
  await pass(4_900);
  assert.equal(core.holder(), null);
  await pass(1_000);
  const { epoch } = core.constituency();
  assert.deepEqual(core.holder()?.term, { epoch, n: 0 });
  assert.deepEqual(claims, [
    { epoch, n: 0 },
    { epoch, n: 0 },
  ]);
  assert.equal(core.report().state, 'ready');
  await pass(10_000);
  assert.equal(claims.length, 2, 'who has taken it is not told again');
  time.step(EPOCH_MS);
  core.mark();
  await settle();
  assert.equal(core.holder(), null);
  await end();
});

test('core: never across a gap, and never in doubt of the own key', async () => {
  // Goal: invariants 2, 5 and 6. Method: a has the role; two seconds pass at once; then doubt, and
  // that is over: the turn is another's by then, the next one is not.
  const { core, passes, pass, goToTurnOf, time, doubt, end } = await stage('a');
  await goToTurnOf('a');
  await pass(6_000);
  assert.notEqual(core.holder(), null);
  await time.pass(2_000);
  assert.equal(core.holder(), null);
  await pass(3_600);
  assert.equal(core.holder()?.term.n, 1);
  doubt(true);
  await settle();
  assert.equal(core.holder(), null);
  await pass(6_000);
  assert.equal(core.holder(), null);
  const { epoch } = core.constituency();
  assert.deepEqual(passes, [epoch, epoch], 'both others are told, once');
  doubt(false);
  await pass(4_000);
  assert.equal(core.holder(), null);
  await goToTurnOf('a');
  await pass(6_000);
  assert.equal(core.holder()?.term.epoch, core.constituency().epoch);
  await end();
});

test('core: a disk that takes nothing leaves its turn to the next, and is told so', async () => {
  // Goal: invariants 3 and 6. Method: the turn of a on a full disk, where the two others are there;
  // the same where it is alone, and then there is room; another's turn.
  const { disk } = createDisk();
  let isFull = true;
  const refuse = (): Promise<void> => Promise.reject(new Error('full'));
  const moody: Disk = { ...disk, write: (...all) => (isFull ? refuse() : disk.write(...all)) };
  const { core, claims, passes, dead, pass, goToTurnOf, end } = await stage('a', moody);
  await goToTurnOf('a');
  await pass(6_000);
  const { epoch } = core.constituency();
  assert.deepEqual([core.holder(), claims, passes], [null, [], [epoch, epoch]]);
  assert.equal(core.report().state, 'ready');
  const why = 'core: this turn is left to the next: its term cannot be kept: Error: full';
  assert.deepEqual(core.report().problems, [why]);
  for (const other of ['founder', 'b']) dead.add(idOf(other));
  core.mark();
  await pass(6_000);
  assert.equal(core.holder(), null);
  isFull = false;
  await pass(1_000);
  assert.equal(core.holder()?.id, idOf('a'));
  assert.deepEqual(core.report().problems, []);
  isFull = true;
  dead.clear();
  await pass(2_000);
  await goToTurnOf('a');
  await pass(6_000);
  assert.equal(core.report().problems.length, 1);
  await goToTurnOf('b');
  await pass(1_000);
  assert.deepEqual(core.report().problems, [], 'the turn is over');
  await end();
});

test('core: who hears that the elected one cannot takes the turn, until that one can', async () => {
  // Goal: invariant 6 from the other side. Method: b and then the founder say that they cannot, in
  // the turn of b; a takes the role; b claims it after all.
  const { core, hear, claim, pass, goToTurnOf, end } = await stage('a');
  await goToTurnOf('b');
  const { epoch } = core.constituency();
  assert.equal((await hear('b', encodePass(epoch - 1))).isTaken, true);
  await pass(6_000);
  assert.equal(core.holder(), null, 'of another epoch it says nothing');
  for (const other of ['b', 'founder']) await hear(other, encodePass(epoch));
  await pass(4_000);
  assert.deepEqual([core.holder()?.id, core.holder()?.term], [idOf('a'), { epoch, n: 0 }]);
  assert.equal((await claim('b', { epoch, n: 1 })).isTaken, true);
  core.mark();
  await settle();
  assert.equal(core.holder()?.id, idOf('b'));
  assert.equal(core.isActing(), false);
  await end();
});

test('core: a claim is taken from the elected one, in no lower term than the last', async () => {
  // Goal: invariants 3 and 4. Method: claims in the turn of b, also after a restart of a.
  const { disk } = createDisk();
  const first = await stage('a', disk);
  await first.goToTurnOf('b');
  const { epoch } = first.core.constituency();
  const good = { epoch, n: 4 };
  assert.equal((await first.claim('founder', good)).isTaken, false);
  assert.deepEqual(await first.claim('b', { epoch: epoch + 2, n: 0 }), {
    isTaken: false,
    isElected: true,
    highest: null,
  });
  assert.deepEqual(await first.claim('b', good), {
    isTaken: true,
    isElected: true,
    highest: good,
  });
  assert.deepEqual(first.core.holder()?.id, idOf('b'));
  assert.equal((await first.claim('b', { epoch, n: 3 })).isTaken, false);
  first.dead.add(idOf('b'));
  assert.equal(first.core.holder(), null);
  await first.end();

  const second = await stage('a', disk);
  await second.goToTurnOf('b');
  assert.equal((await second.claim('b', { epoch, n: 3 })).isTaken, false);
  assert.equal((await second.claim('b', good)).isTaken, true);
  await second.end();
});

test('core: who is outbid takes the next term above that', async () => {
  // Goal: a healed partition has one term in the end. Method: others answer with a higher one.
  const { core, claims, answer, pass, goToTurnOf, end } = await stage('a');
  await goToTurnOf('a');
  const { epoch } = core.constituency();
  answer.current = { isTaken: false, isElected: true, highest: { epoch, n: 6 } };
  await pass(6_000);
  assert.equal(core.holder()?.term.n, 7);
  answer.current = { isTaken: true, isElected: true, highest: { epoch, n: 7 } };
  await pass(3_000);
  assert.deepEqual(claims.at(-1), { epoch, n: 7 });
  await end();
});

test('core: a term that a wrong clock took counts for nothing once it is right', async () => {
  // Goal: `core-terms.ts` 2. Method: a takes the role an hour ahead; then b's turn, and a's own.
  const first = await stage('a');
  first.time.step(6 * EPOCH_MS);
  await first.goToTurnOf('a');
  await first.pass(6_000);
  assert.equal(first.core.holder()?.id, idOf('a'));
  first.time.step(-8 * EPOCH_MS);
  assert.equal(first.core.highest(), null, 'nobody is told of it either');
  await first.goToTurnOf('b');
  const { epoch } = first.core.constituency();
  assert.equal((await first.claim('b', { epoch, n: 1 })).isTaken, true);
  await first.goToTurnOf('a');
  await first.pass(6_000);
  assert.equal(first.core.holder()?.term.n, 0);
  await first.end();
});
