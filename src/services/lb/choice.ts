/**
 * Rule: lb choice — which backends of a balancer this member uses.
 *
 * 1. A VM that serves is not its own backend unless that is wanted: else a VM that balances for
 *    all would answer alone.
 * 2. Who drains gets nothing new. Who is down gets nothing new, by this member's own probes; with
 *    more than half of the others down all of them do.
 * 3. What runs is ended where it would hang, for nothing comes back; and where the time is over
 *    that who drains has to end it. Who refuses, or answers that it does not serve, may end what it
 *    has. Of udp nothing runs but what a client sends: it goes to another one at once.
 */
import type { View } from '../../crdt/view.ts';
import type { Self } from '../service.ts';
import { type Backend, type Balancer, backendsOf } from './balancers.ts';
import { type Health, healthOf, inUse, isHung, sinceBefore } from './health.ts';
import { isOver } from './ways.ts';

/** Who looks: this member, and what it sees of backends. */
export interface Viewer extends Pick<Self, 'id' | 'sights'> {
  /** Places that are down in the kernel, as `placeKey`: what a daemon left to the next. */
  readonly wasDown?: ReadonlySet<string> | undefined;
}

/** A place in the kernel's set of those that are down. */
export const placeKey = (host: unknown, port: unknown): string => `${host} ${port}`;

/** A backend, and whether new connections go to it. */
export interface Choice extends Backend {
  readonly health: Health;
  readonly isUsed: boolean;
  /** What runs there is to be ended. */
  readonly isEnded: boolean;
}

/** The backends by their ids, and whether all of them are used because too many are down. */
export const chooseBackends = (
  view: View,
  { id, sights, wasDown }: Viewer,
  balancer: Balancer,
): { readonly choices: readonly Choice[]; readonly isPanic: boolean } => {
  const backends = backendsOf(view, balancer)
    .filter(({ member }) => member.id !== id || balancer.includesSelf === true)
    .map((backend) => {
      const { id: member, ipv4, ipv6 } = backend.member;
      const isLeft = wasDown?.has(placeKey(ipv4 ?? ipv6, balancer.port)) === true;
      const health = sinceBefore(healthOf(sights, member, balancer), isLeft);
      return { ...backend, health };
    });
  const open = backends.filter(({ isDraining }) => !isDraining);
  const { isPanic, isUsed } = inUse(open.map(({ health }) => health));
  const used = new Set(open.filter((_, index) => isUsed[index]));
  const isEnded = ({ member, health, isDraining }: (typeof backends)[number]): boolean =>
    (!isPanic && endsBy(balancer, health)) ||
    (isDraining && isOver(view, sights, balancer, member));
  const choices = backends.map((each) => {
    const isUsedHere = used.has(each);
    return { ...each, isUsed: isUsedHere, isEnded: !isUsedHere && isEnded(each) };
  });
  return { choices, isPanic };
};

const endsBy = ({ listen }: Balancer, health: Health): boolean =>
  listen.protocol === 'udp' ? health.state === 'down' : isHung(health);
