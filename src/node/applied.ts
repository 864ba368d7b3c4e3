/**
 * Loop: applied — asks the members which objects of a service are in force on their hosts, and
 * answers when they ask.
 *
 * It is asked for when somebody looks, and kept nowhere: what is in force changes without anybody
 * saying so.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import { openMeter } from '../crdt/meter.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Ports, SwarmNode, Unsubscribe } from '../ports.ts';
import type { AgentReport } from '../services/service.ts';
import type { Standing } from '../services/verb.ts';
import { breathe } from './agent-look.ts';
import type { Links } from './links.ts';
import { inPieces } from './pieces.ts';
import {
  APPLIED_BYTES_MAX,
  encodeAnswer,
  encodeQuestion,
  mapInPieces,
  ownStanding,
  readAnswer,
  serviceAsked,
  stampsOf,
} from './rules/applied-message.ts';

/** The members, as one that asks all of them needs them. */
type Asked = Pick<SwarmNode, 'connections' | 'request'> & Pick<Links, 'meet'>;

/** What both sides need of the node. */
export interface AppliedContext {
  readonly self: MemberId;
  readonly view: () => View;
  readonly reports: () => readonly AgentReport[];
}

/** Answers other members until the returned function is called. */
export const serveApplied = (
  { clock, crypto }: Pick<Ports, 'clock' | 'crypto'>,
  { view, reports }: AppliedContext,
  swarm: Pick<SwarmNode, 'handle'>,
): Unsubscribe => {
  const answer = async (service: string, request: Uint8Array): Promise<Uint8Array> => {
    const report = reportOf(reports(), service);
    const meter = openMeter(clock.monotonicMs);
    const work = stampsOf(view().intent, service, meter);
    const wanted = report === null ? {} : await inPieces(clock, work);
    return inPieces(clock, encodeAnswer({ crypto, report, wanted }, request, meter));
  };
  // Of one asker one after the other: each holds some MiB while it is worked out.
  const last = new Map<PeerKey, Promise<unknown>>();
  const options = { bytesMax: APPLIED_BYTES_MAX, inviteMayUse: false };
  return swarm.handle('applied', options, ({ peer, standing }, request) => {
    const service = serviceAsked(request);
    if (service === null || standing !== 'member') return Promise.reject(noQuestion(standing));
    const answered = (last.get(peer) ?? Promise.resolve()).then(() => answer(service, request));
    const settled = answered
      .catch(() => undefined)
      .then(() => {
        if (last.get(peer) === settled) last.delete(peer);
      });
    last.set(peer, settled);
    return answered;
  });
};

/** What is asked: of which service, and how long an answer is waited for. */
interface Wish {
  readonly service: string;
  readonly waitMs: number;
}

/**
 * What each member that is in the mesh has in force of a service. All are asked at once; of many
 * thousands of objects each step takes some 20 ms, and others have their turn between two.
 */
export async function gatherApplied(
  { crypto, clock }: Pick<Ports, 'crypto' | 'clock'>,
  { self, view, reports }: AppliedContext,
  swarm: Asked,
  { service, waitMs }: Wish,
): Promise<ReadonlyMap<MemberId, Standing>> {
  const { members, intent } = view();
  const meter = openMeter(clock.monotonicMs);
  const expected = await inPieces(clock, stampsOf(intent, service, meter));
  const question = await inPieces(clock, encodeQuestion(crypto, service, expected, meter));
  await inPieces(clock, mapInPieces(expected, meter));
  const present = members.filter(({ hasLeft }) => !hasLeft).map(({ id }) => id);
  await swarm.meet(present);
  const connected = new Set<PeerKey>(swarm.connections().map(({ peer }) => peer));
  const ask = async (member: MemberId): Promise<Standing> => {
    if (member === self) {
      const report = reportOf(reports(), service);
      await inPieces(clock, mapInPieces(report?.applied ?? {}, meter));
      return ownStanding(report);
    }
    if (!connected.has(member)) return { kind: 'silent', why: 'not reachable from here' };
    try {
      const answer = await swarm.request(member, 'applied', question, waitMs);
      await breathe(clock, true);
      return readAnswer(answer, expected);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { kind: 'silent', why: `did not answer: ${error.facts.why}` };
    }
  };
  return new Map(await Promise.all(present.map(async (id) => [id, await ask(id)] as const)));
}

const reportOf = (reports: readonly AgentReport[], service: string): AgentReport | null =>
  reports.find(({ name }) => name === service) ?? null;

const noQuestion = (standing: string): Fault =>
  new Fault('refused', {
    field: 'applied',
    value: standing,
    why: 'no question of a member',
    remedy: 'run the same version of cnsmo on both sides',
  });
