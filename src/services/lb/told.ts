/**
 * Rule: lb told — what members tell each other when somebody looks: how each backend does as they
 * see it, in words, for `Summary.sights` there and `Standing.sights` here.
 *
 * 1. Whoever tells may lie: a word that does not read is none.
 */
import type { MemberId } from '../../crdt/ids.ts';

/** How a backend does. `unknown`: nobody looked yet; it is used. */
export type Health = 'up' | 'down' | 'unknown';

/** A backend of a balancer, as one member sees it. */
export interface Seen {
  readonly health: Health;
  /**
   * With nft connections that this member sent to its port since it takes any, whichever balancer
   * sent them; with HAProxy those that it has open; null: it cannot tell.
   */
  readonly connections: number | null;
  /** Of one that is down: why. */
  readonly why: string | null;
}

/** What a member says of a balancer of which over half is down, so that it uses all. */
export const PANIC = 'panic';

/** What a backend of a balancer is called among sights; the balancer itself by its name. */
export const sightName = (balancer: string, member: MemberId): string => `${balancer}/${member}`;

/** What a member says of a backend whose time is over to end what it has, and its name there. */
export const OVER = 'over';
export const overName = (balancer: string, member: MemberId): string =>
  `${sightName(balancer, member)}/${OVER}`;

/** Longest reason. Unit: characters. */
const WHY_MAX = 120;

/** As it is told: `up 12`, `down 3 connection refused`, `unknown -`. A long reason is cut. */
export const seenText = ({ health, connections, why }: Seen): string => {
  const plain = (why ?? '').replaceAll(UNSEEN, ' ').slice(0, WHY_MAX).trim();
  return [health, connections ?? '-', ...(plain === '' ? [] : [plain])].join(' ');
};

const UNSEEN = /[\p{Cc}\p{Cf}]/gu;
const SEEN = new RegExp(
  `^(up|down|unknown) (-|\\d{1,15})(?: ([^\\p{Cc}\\p{Cf}]{1,${WHY_MAX}}))?$`,
  'u',
);

/** What was told, or null. */
export const readSeen = (text: string): Seen | null => {
  const [, health, count = '', why] = SEEN.exec(text) ?? [];
  if (health === undefined) return null;
  return {
    health: health as Health,
    connections: count === '-' ? null : Number(count),
    why: why ?? null,
  };
};
