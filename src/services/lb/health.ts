/**
 * Rule: lb health — which backends serve, as this member sees it. What everybody else of this
 * service needs to know of it stands here:
 *
 *     const health = healthOf(self.sights, member, balancer);  // of one backend
 *     health.state   'up' | 'down' | 'unknown'     // unknown: used, for nothing is held against it
 *     health.why     '' or why, in words for people
 *     chooseBackends(view, self, balancer)         // all of one, and whom to use (`choice.ts`)
 *
 * Who is the judge (`probing.ts` decides, `loop.ts` probes, `health-word.ts` says):
 * 1. Each backend's own agent checks it every second, and says what it found to all members.
 * 2. What others say only makes a member look for itself: a backend leaves its balancers by its own
 *    failed probe. Only what a program on the backend's VM tells, none but its own member knows.
 * 3. Whom no probe of this member has failed is used, whoever says what.
 * 4. With more than half down it is likelier that this member is cut off than that all are: then
 *    all are used, and that is shown.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Sights } from '../loop.ts';
import type { Balancer } from './balancers.ts';
import { targetKey } from './checks.ts';
import { wordsOf } from './outcomes.ts';

/** Whether a backend serves. */
export type HealthState = 'up' | 'down' | 'unknown';

/** How a backend does. */
export interface Health {
  readonly state: HealthState;
  /** In words for people; empty where there is nothing to add. */
  readonly why: string;
}

/** Nothing is known of it, and nothing held against it. */
export const UNKNOWN: Health = { state: 'unknown', why: 'not checked yet' };
/**
 * No probe of this daemon has told yet, and one will within seconds: until then it is as the daemon
 * before this one left it.
 */
export const UNTRIED: Health = { state: 'unknown', why: 'not tried yet' };
/** The same, with why no probe could be made. */
export const untriedFor = (why: string): Health => ({
  state: 'unknown',
  why: `${UNTRIED.why}: ${why}`,
});

/** Down, as the kernel has it from the daemon before. */
const WAS_DOWN: Health = { state: 'down', why: 'was down when the daemon began' };

const STATES: readonly HealthState[] = ['up', 'down', 'unknown'];

/** A health as it stands in sights. */
export const sightOf = ({ state, why }: Health): string => (why === '' ? state : `${state} ${why}`);

/** How a member does as a backend of a balancer, by what the loop of this service shows. */
export function healthOf(
  sights: Sights,
  member: MemberId,
  balancer: Pick<Balancer, 'port' | 'check'>,
): Health {
  const sight = sights.get(targetKey(member, balancer));
  const [word = '', ...why] = (sight ?? '').split(' ');
  const state = STATES.find((each) => each === word);
  return state === undefined ? UNTRIED : { state, why: why.join(' ') };
}

/** The same, where the kernel's own set of those that are down counts until a probe has told. */
export const sinceBefore = (health: Health, wasDown: boolean): Health =>
  wasDown && health.why.startsWith(UNTRIED.why) ? WAS_DOWN : health;

/** Why a backend is down of which nobody can see more than that its VM is. */
export const VM_SILENT = 'its VM does not answer';

const HUNG: ReadonlySet<string> = new Set([wordsOf('silent'), VM_SILENT]);

/** Whether nothing comes back: what it has would hang. Who refuses may yet end what it has. */
export const isHung = ({ state, why }: Health): boolean => state === 'down' && HUNG.has(why);

/** Which of the backends of a balancer are used, in their order, by their health. */
export function inUse(healths: readonly Pick<Health, 'state'>[]): {
  /** More than half are down: all are used. */
  readonly isPanic: boolean;
  readonly isUsed: readonly boolean[];
} {
  const down = healths.filter(({ state }) => state === 'down').length;
  const isPanic = down * 2 > healths.length;
  return { isPanic, isUsed: healths.map(({ state }) => isPanic || state !== 'down') };
}
