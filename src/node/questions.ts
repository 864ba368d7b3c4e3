/**
 * Loop: questions — what an operator's member asks another member of itself, over the swarm: each
 * topic is answered by the member that it is about, out of its own memory or disk.
 *
 * 1. Only members of operators are answered, by the view of whoever is asked: the same who may see
 *    and decide everything else. A member asks itself whatever its role is.
 * 2. Nothing is changed by a question, and each answer is bounded. Few are worked on at once.
 * 3. Who asked is in the log of the member that was asked, once for each and topic in a while: an
 *    answer that made a line would be asked for again by whoever follows the log.
 */
import type { Value } from '../crdt/entry.ts';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Member, View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock, Log, SwarmNode, Unsubscribe } from '../ports.ts';
import type { Links } from './links.ts';
import { mustBeOperator } from './operators.ts';
import { findMember } from './rules/find.ts';
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  QUESTION_BYTES_MAX,
} from './rules/question.ts';

const PROTOCOL = 'ask';

/** Longest wait for an answer. Unit: ms. 512 KiB over 1 Mb/s take 4 s. */
const ANSWER_MS = 10_000;

/** Questions worked on at once. Whoever comes then is told to come again. */
const AT_ONCE_MAX = 4;

/** How long after a line about an asker the next one comes at the earliest. Unit: ms. */
const TOLD_AGAIN_MS = 600_000;

/** What can be asked: topic → what answers a wish; throws a Fault for one that it cannot grant. */
export type Topics = Readonly<Record<string, (wish: Value) => Promise<Value>>>;

/** What questions need of the node. */
export interface QuestionContext {
  readonly self: MemberId;
  readonly view: () => View;
  readonly swarm: Pick<SwarmNode, 'connections' | 'request' | 'handle'> & Pick<Links, 'meet'>;
  readonly topics: Topics;
}

/** Answers what others ask until the returned function is called. */
export function serveQuestions(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  { view, swarm, topics }: QuestionContext,
): Unsubscribe {
  const told = new Map<string, number>();
  const tell = (by: string, topic: string): void => {
    const [key, nowMs] = [`${topic} ${by}`, clock.monotonicMs()];
    if (nowMs - (told.get(key) ?? Number.NEGATIVE_INFINITY) < TOLD_AGAIN_MS) return;
    told.set(key, nowMs);
    log.info('asked', { by, topic });
  };
  let working = 0;
  const answer = async (peer: PeerKey, bytes: Uint8Array): Promise<Value> => {
    const question = decodeQuestion(bytes);
    const answering = question === null ? undefined : ownOf(topics, question.topic);
    if (question === null || answering === undefined) throw unknownQuestion(question?.topic);
    const asker = view().members.find(({ id }) => id === peer);
    if (asker?.role !== 'operator') throw notOperator(asker, question.topic);
    if (working >= AT_ONCE_MAX) throw busy(question.topic);
    tell(asker.name, question.topic);
    working += 1;
    try {
      return await answering(question.wish);
    } finally {
      working -= 1;
    }
  };
  const options = { bytesMax: QUESTION_BYTES_MAX, inviteMayUse: false };
  return swarm.handle(PROTOCOL, options, async ({ peer }, bytes) => {
    try {
      return encodeAnswer({ ok: true, said: await answer(peer, bytes) });
    } catch (error) {
      if (error instanceof Fault) return encodeAnswer({ ok: false, fault: error });
      throw error;
    }
  });
}

/**
 * Asks the member that is meant. Fault 'forbidden' for who is no operator, 'timeout' for a member
 * that cannot be reached or hangs up, 'refused' for one that does not understand, and what it says
 * itself.
 */
export async function askMember(
  { self, view, swarm, topics }: QuestionContext,
  text: string,
  topic: string,
  wish: Value,
): Promise<Value> {
  const member = findMember(view(), text);
  if (member.id === self) return await (ownOf(topics, topic) ?? refuseTopic(topic))(wish);
  mustBeOperator(view(), self, `ask other members for their ${topic}`);
  await swarm.meet([member.id]);
  const isConnected = swarm.connections().some(({ peer }) => peer === member.id);
  if (!isConnected) throw unreachable(member);
  const bytes = await request(swarm, member, encodeQuestion({ topic, wish }));
  const answer = decodeAnswer(bytes);
  if (answer === null) throw noAnswer(member);
  if (answer.ok) return answer.said;
  throw answer.fault;
}

const ownOf = (topics: Topics, topic: string) =>
  Object.hasOwn(topics, topic) ? topics[topic] : undefined;

const refuseTopic = (topic: string) => (): never => {
  throw unknownQuestion(topic);
};

async function request(
  swarm: Pick<SwarmNode, 'request'>,
  member: Member,
  question: Uint8Array,
): Promise<Uint8Array> {
  try {
    return await swarm.request(member.id, PROTOCOL, question, ANSWER_MS);
  } catch (error) {
    // One that starts or ends does so as well, and must not be taken for one of another version.
    if (error instanceof Fault && error.code === 'refused') throw hungUp(member, error);
    throw error;
  }
}

const about = ({ name }: Pick<Member, 'name'>) => ({ field: 'member', value: name });

const unreachable = (member: Member): Fault =>
  new Fault('timeout', {
    ...about(member),
    why: 'not connected to this VM now',
    remedy: 'see cnsmo members, and try again when it is alive',
  });

const hungUp = (member: Member, cause: unknown): Fault =>
  new Fault(
    'timeout',
    {
      ...about(member),
      why: 'hung up without an answer',
      remedy: 'try again when it runs; if that stays, run the same version of cnsmo there',
    },
    cause,
  );

const noAnswer = (member: Member): Fault =>
  new Fault('refused', {
    ...about(member),
    why: 'gave no answer that this version understands',
    remedy: 'run the same version of cnsmo there, then try again',
  });

const notOperator = (asker: Member | undefined, topic: string): Fault =>
  new Fault('forbidden', {
    ...about(asker ?? { name: 'whoever asks' }),
    why: `is no operator as far as the member that was asked knows, and only such get its ${topic}`,
    remedy: 'make it one with: cnsmo operator add, or ask again when they are in step',
  });

const unknownQuestion = (topic: string | undefined): Fault =>
  new Fault('refused', {
    field: 'question',
    value: (topic ?? 'unreadable').slice(0, 50),
    why: 'nothing that this member can be asked',
    remedy: 'run the same version of cnsmo on both',
  });

const busy = (topic: string): Fault =>
  new Fault('timeout', {
    field: 'question',
    value: topic,
    why: 'the member answers others just now',
    remedy: 'try again',
  });
