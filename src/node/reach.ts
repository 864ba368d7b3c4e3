/**
 * Loop: reach — tries a connection to a member for real, here or on another member, for an operator
 * who asks.
 *
 * Only addresses of members are tried: nobody scans other networks by way of this VM.
 */
import * as z from 'zod/mini';
import type { Value } from '../crdt/entry.ts';
import type { Member, View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Host, Net } from '../ports.ts';
import type { Attempt, Reached } from '../services/verb.ts';
import { reachedBy } from '../sign.ts';

/** The topic by which members ask for it. */
export const REACH_TOPIC = 'reach';

const wishSchema = z.object({
  protocol: z.enum(['tcp', 'icmp']),
  host: z.string(),
  port: z.int().check(z.gte(0), z.lte(65_535)),
});
const answerSchema = z.object({ reached: z.enum(['answered', 'refused', 'silent']) });

/** Answers for this member. Fault 'refused' for a wish of another form or address. */
export const reachTopic =
  ({ net, host }: { readonly net: Net; readonly host: Host }, view: () => View) =>
  async (wish: Value): Promise<Value> => {
    const parsed = z.safeParse(wishSchema, wish);
    if (!parsed.success) throw odd('wish', 'not one that this version understands');
    const { protocol, host: address, port } = parsed.data;
    if (!view().members.some((member) => isAddressOf(member, address))) {
      throw odd(address, 'no address of a member');
    }
    if (protocol === 'tcp') {
      return { reached: reachedBy(await net.glance({ kind: 'reach', host: address, port })) };
    }
    const { status } = await host.run({ argv: ['ping', '-n', '-c', '1', '-W', '2', address] });
    return { reached: status === 0 ? 'answered' : 'silent' };
  };

/** The wish as it travels. */
export const reachWish = ({ protocol, host, port }: Attempt): Value => ({ protocol, host, port });

/** What the member says that tried. */
export function readReached(answer: Value): Reached {
  const parsed = z.safeParse(answerSchema, answer);
  if (parsed.success) return parsed.data.reached;
  throw odd('answer', 'not what came of a connection');
}

const isAddressOf = ({ ipv4, ipv6, endpoints, hasLeft }: Member, address: string): boolean => {
  const { advertised, observed, local = [] } = endpoints ?? {};
  const outside = [advertised?.host, observed?.host, ...local];
  return !hasLeft && [ipv4, ipv6, ...outside].includes(address);
};

const odd = (value: string, why: string): Fault =>
  new Fault('refused', {
    field: 'reach',
    value,
    why,
    remedy: 'run the same version of cnsmo on both members',
  });
