/**
 * Rule: lb seen — how the backends of a balancer do, of what the members told: this VM's own word
 * first, else that of most.
 */
import type { Scene } from '../../verb.ts';
import { type Backend, type Balancer, backendsOf } from '../balancers.ts';
import { type Health, overName, PANIC, readSeen, type Seen, sightName } from '../told.ts';

/** A backend, as people and programs see it. */
export interface ListedBackend {
  readonly member: string;
  /** Where it serves in the mesh. */
  readonly address: string;
  readonly port: number;
  readonly state: Health;
  /** Of one that is down: why. */
  readonly why: string | null;
  readonly weight: number;
  /** Why it takes no new connection: an operator's word, or its whole VM drains; null: it does. */
  readonly draining: 'balancer' | 'member' | null;
  /** The time is over in which it had to end what it has, as far as this VM knows. */
  readonly isDrained: boolean;
  /** Since when by that word, RFC 3339. */
  readonly drainedSince: string | null;
  /**
   * Connections of all members who told: with nft those that were sent to it since they loaded it,
   * with HAProxy those that are open; null: none told.
   */
  readonly connections: number | null;
  /** Members that see it otherwise than `state` says. */
  readonly otherwise: readonly { readonly member: string; readonly state: Health }[];
}

/** All backends of a balancer, by name. */
export const listedBackends = (scene: Scene, balancer: Balancer): readonly ListedBackend[] =>
  backendsOf(scene.view, balancer)
    .map((backend) => listed(scene, balancer, backend))
    .toSorted((a, b) => (a.member < b.member ? -1 : 1));

/** Members that see over half of its backends down, and so use all. */
export const panickedBy = ({ view, standings }: Scene, { name }: Balancer): readonly string[] =>
  view.members.flatMap((member) => {
    const standing = standings.get(member.id);
    return standing?.kind === 'told' && standing.sights?.get(name) === PANIC ? [member.name] : [];
  });

/** How many of them serve: those that are up or that nobody looked at, and do not drain. */
export const countServing = (backends: readonly ListedBackend[]): number =>
  backends.filter(({ state, draining }) => state !== 'down' && draining === null).length;

function listed(
  scene: Scene,
  balancer: Balancer,
  { member, weight, drainedMs, isDraining }: Backend,
): ListedBackend {
  const words = wordsOn(scene, sightName(balancer.name, member.id));
  const own = words.find(({ by }) => by === scene.self)?.seen;
  const state = own?.health ?? mostOf(words.map(({ seen }) => seen.health));
  const counts = words.flatMap(({ seen }) => seen.connections ?? []);
  const why = own?.why ?? words.find(({ seen }) => seen.health === state)?.seen.why ?? null;
  return {
    ...{ member: member.name, address: member.ipv4 ?? member.ipv6, port: balancer.port },
    ...{ state, why: state === 'down' ? why : null, weight },
    isDrained: isDraining && isOver(scene, overName(balancer.name, member.id)),
    draining: drainedMs !== null ? 'balancer' : isDraining ? 'member' : null,
    drainedSince: drainedMs === null ? null : new Date(drainedMs).toISOString(),
    connections: counts.length === 0 ? null : counts.reduce((sum, each) => sum + each, 0),
    otherwise: words
      .filter(({ seen }) => seen.health !== state && seen.health !== 'unknown')
      .map(({ name, seen }) => ({ member: name, state: seen.health })),
  };
}

const isOver = ({ self, standings }: Scene, sight: string): boolean => {
  const own = standings.get(self);
  return own?.kind === 'told' && own.sights?.has(sight) === true;
};

interface Word {
  readonly by: string;
  readonly name: string;
  readonly seen: Seen;
}

const wordsOn = ({ view, standings }: Scene, sight: string): readonly Word[] =>
  view.members.flatMap(({ id, name }) => {
    const standing = standings.get(id);
    const text = standing?.kind === 'told' ? standing.sights?.get(sight) : undefined;
    const seen = text === undefined ? null : readSeen(text);
    return seen === null ? [] : [{ by: id, name, seen }];
  });

/** What most say; of as many the one that worries more. */
const mostOf = (said: readonly Health[]): Health => {
  const [up, down] = (['up', 'down'] as const).map(
    (health) => said.filter((each) => each === health).length,
  );
  if (up === undefined || down === undefined || up + down === 0) return 'unknown';
  return up > down ? 'up' : 'down';
};
