/**
 * Loop: roll call — who of a mesh answers where a backup knows its members to be.
 *
 * 1. Who answers proves its key: whoever has an old address of a member by now is not taken for it.
 * 2. It is asked with a key that nobody knows, and the answer is that it is cut off: nothing is
 *    learned, and nothing said in anybody's name.
 * 3. Some are asked at a time, and in a large mesh not all: of one that lives most answer.
 */
import { endpointsOf } from '../crdt/endpoints.ts';
import type { Member } from '../crdt/view.ts';
import type { Endpoint, Ports, SwarmNode } from '../ports.ts';
import type { Archive } from './rules/archive.ts';
import { isCutOff } from './rules/gated.ts';

/** How long those who are asked together may take. Unit: ms. */
const ASK_MS = 6_000;
/** Members that are asked together, and at most; at so many addresses of each. */
const TOGETHER_MAX = 16;
const MEMBERS_MAX = 64;
const ENDPOINTS_MAX = 4;

/** A member that lives, and where. */
export interface Answer {
  readonly member: Member;
  readonly endpoint: Endpoint;
}

/** Those who are asked together, and answered; empty when nobody has. The first ones count most. */
export async function callRoll(
  { random, swarm }: Pick<Ports, 'random' | 'swarm'>,
  { meshId, genesis }: Pick<Archive, 'meshId' | 'genesis'>,
  psk: Uint8Array,
  members: readonly Member[],
): Promise<readonly Answer[]> {
  const asked = members.slice(0, MEMBERS_MAX).flatMap((member) => {
    const endpoints = endpointsOf(member, genesis).slice(0, ENDPOINTS_MAX);
    return endpoints.length === 0 ? [] : [{ member, endpoints }];
  });
  if (asked.length === 0) return [];
  const node = await swarm.open({
    seed: random.bytes(32),
    psk,
    port: null,
    meshId,
    standing: () => 'member',
    isOverlay: () => false,
    judge: () => 'ignore',
  });
  try {
    for (let from = 0; from < asked.length; from += TOGETHER_MAX) {
      const answers = await askTogether(node, asked.slice(from, from + TOGETHER_MAX));
      if (answers.length > 0) return answers;
    }
    return [];
  } finally {
    await node.stop();
  }
}

interface Asked {
  readonly member: Member;
  readonly endpoints: readonly Endpoint[];
}

async function askTogether(node: SwarmNode, asked: readonly Asked[]): Promise<readonly Answer[]> {
  const answers = asked.flatMap(({ member, endpoints }) =>
    endpoints.map(async (endpoint): Promise<Answer | null> => {
      const failure = await node.dial(member.id, [endpoint], ASK_MS).then(
        () => null,
        (error: unknown) => error,
      );
      return failure === null || isCutOff(failure) ? { member, endpoint } : null;
    }),
  );
  return (await Promise.all(answers)).filter((answer) => answer !== null);
}
