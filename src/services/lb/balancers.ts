/**
 * Rule: lb balancers — what operators want, read out of the view: each balancer, and whom it means
 * now.
 *
 * 1. Total: an object that cannot be read is set aside by name, and the last one at its path that
 *    can is in force; the rest holds.
 * 2. Whom a selector means is worked out anew from each view: who joins with a label serves at
 *    once, who left does not.
 * 3. As long as the intent is the same, the balancers are the same objects.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Meter } from '../../crdt/meter.ts';
import { readRecord } from '../../crdt/records.ts';
import type { Intent, IntentClaim, Member, View } from '../../crdt/view.ts';
import { isRead, lastGood, readerOf, type Unread } from '../objects.ts';
import type { PortRange } from '../schema-parts.ts';
import { groupsOf } from '../selectors/groups.ts';
import { membersOf } from '../selectors/selectors.ts';
import {
  type BalancerRecord,
  balancerSchema,
  drainSchema,
  isDrainName,
  type Mode,
} from './schemas.table.ts';

/** Where the objects of this service stand. */
export const SERVICE = 'lb';

/** What carries connections to backends. */
export type Engine = 'nft' | 'haproxy';

/** A balancer with its name, and the claim that it was read from. */
export interface Balancer extends BalancerRecord {
  readonly name: string;
  readonly path: string;
  readonly claim: IntentClaim;
}

/** All that operators want of load balancing. */
export interface Balancers {
  /** By name. */
  readonly balancers: readonly Balancer[];
  /** Of which balancers a member was drained, and when: by its id, then by their names, Unix ms. */
  readonly drains: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly unread: readonly Unread[];
}

const known = new WeakMap<readonly Intent[], Balancers>();

/** What operators want, by a view. */
export const balancersOf = ({ intent }: Pick<View, 'intent'>): Balancers => {
  const balancers = known.get(intent) ?? readAll(intent);
  known.set(intent, balancers);
  return balancers;
};

const READERS = {
  balancer: (value: unknown) => readRecord(balancerSchema, value),
  drain: (value: unknown) => readRecord(drainSchema, value),
};

/** The kinds of objects of this service. */
export type ObjectKind = keyof typeof READERS;

function readAll(intent: readonly Intent[]): Balancers {
  const own = intent.filter(({ service }) => service === SERVICE);
  const unread: Unread[] = own
    .filter(({ kind }) => !Object.hasOwn(READERS, kind))
    .map(({ path, kind }) => ({ path, why: `this version knows no ${kind}`, isHeld: false }));
  const read = readerOf(own, unread, new Map());
  const drains = [...read('drain', READERS.drain)]
    .filter(({ intent: { name } }) => isDrainName(name))
    .map(({ intent: { name }, found }) => {
      const since = Object.entries(found.balancers).map(
        ([balancer, { sinceMs }]) => [balancer, sinceMs] as const,
      );
      return [name, new Map(since)] as const;
    });
  const balancers = [...read('balancer', READERS.balancer)].map(
    ({ intent: { name, path }, claim, found }): Balancer => ({ ...found, name, path, claim }),
  );
  return { balancers: balancers.toSorted(byName), drains: new Map(drains), unread };
}

/** Time to read an object for the first time. Unit: ms, as measured. */
const READ_MS = 0.06;

/** Reads the objects of a view in pieces, of which each is remembered: then all costs little. */
export function* readBalancers({ intent }: View, meter: Meter): Generator<void, void> {
  if (known.has(intent)) return;
  for (const each of intent) {
    if (each.service !== SERVICE || isRead(each)) continue;
    if (each.kind === 'balancer') lastGood(each, READERS.balancer);
    if (each.kind === 'drain') lastGood(each, READERS.drain);
    if (meter.isDue(READ_MS)) yield;
  }
}

const byName = (a: Balancer, b: Balancer): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** What balances it: the wish, or what can do the mode. */
export const engineOf = ({ engine, mode }: Pick<Balancer, 'engine' | 'mode'>): Engine => {
  if (engine !== 'auto') return engine;
  return NFT_MODES.has(mode) ? 'nft' : 'haproxy';
};

const NFT_MODES: ReadonlySet<Mode> = new Set(['roundrobin', 'source', 'random']);

/** The ports at which its backends serve. */
export const servedAt = ({
  listen: { ports },
  port,
}: Pick<Balancer, 'listen' | 'port'>): PortRange => [port, port + ports[1] - ports[0]];

/** A member that serves for a balancer. */
export interface Backend {
  readonly member: Member;
  readonly weight: number;
  /** Since when it takes no new connection by an operator's word, Unix ms; else null. */
  readonly drainedMs: number | null;
  /** It takes none, by that word or because its VM drains. */
  readonly isDraining: boolean;
}

/** Whom a balancer means, by the ids of members. The same list for the same view and balancer. */
export const backendsOf = (view: View, balancer: Balancer): readonly Backend[] => {
  const ofView = meant.get(view) ?? new Map<Balancer, readonly Backend[]>();
  meant.set(view, ofView);
  const backends = ofView.get(balancer) ?? findBackends(view, balancer);
  ofView.set(balancer, backends);
  return backends;
};

const meant = new WeakMap<View, Map<Balancer, readonly Backend[]>>();

const findBackends = (view: View, balancer: Balancer): readonly Backend[] => {
  const groups = groupsOf(view);
  const serving = membersOf({ view, groups }, balancer.to);
  const weights = (balancer.weights ?? []).map(({ of, weight }) => ({
    weight,
    of: membersOf({ view, groups }, [of]),
  }));
  const { drains } = balancersOf(view);
  return view.members
    .filter(({ id, hasLeft }) => serving.has(id) && !hasLeft)
    .map((member) => {
      const drainedMs = drains.get(member.id)?.get(balancer.name) ?? null;
      return {
        ...{ member, drainedMs },
        weight: weights.find(({ of }) => of.has(member.id))?.weight ?? 1,
        isDraining: drainedMs !== null || member.isDraining,
      };
    })
    .toSorted((a, b) => (a.member.id < b.member.id ? -1 : 1));
};

/** The members at whose other addresses a balancer listens as well. */
export const frontendsOf = (view: View, { on }: Balancer): ReadonlySet<MemberId> =>
  on === undefined ? new Set() : membersOf({ view, groups: groupsOf(view) }, on);
