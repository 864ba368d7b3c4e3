/**
 * Rule: firewall callers — whether new connections of others still come to the port by which people
 * manage this VM: asked just before a trial begins, and while it runs.
 *
 * 1. What nobody reached before is no evidence, nor is who does not tell. What one of those asked
 *    still reaches is open.
 * 2. A reset is a way that is open, with nobody listening: unless there was an answer before, or a
 *    rule of ours makes it.
 * 3. Rules may well close the port to members and leave it open to the operator: where they say so
 *    of all that is closed, and let the operator's own address in, nothing is wrong.
 * 4. The trial is in force at those asked as well: whom its own rules forbid to call does not tell.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Member, View } from '../../crdt/view.ts';
import { type Call, type Callers, callText, readCall, type Way } from '../callers.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import type { Results, Self } from '../service.ts';
import type { Flow, Judgement } from './judge.ts';
import type { Site } from './lane.ts';
import { policyOf, type TrialOrder } from './policy.ts';
import { isOverlay, judgedAt, operatorsOf, ownAddress, siteOnTrial } from './trial-site.ts';
import { isEnforcing } from './verbs/sites.ts';

/** The name of the probe. */
export const CALLERS = 'callers';

/** How sshd is reached where no trial says otherwise. */
const SSH = 22;

/** Members that are asked: enough to tell a cut from one that is away. */
const ASKED_MAX = 4;

/** How often they are asked whether a trial cut them off: so one lost packet withdraws none. */
const ROUNDS = 3;

/** Longest time that the question before a trial takes. Unit: ms. `node/callers.ts`. */
export const CALLERS_MS_MAX = 3_000;

const portOf = ({ management }: Pick<TrialOrder, 'management'>): number =>
  management?.[0]?.port ?? SSH;

/** Where members may be called: at the ports of trials, and where they are managed as a rule. */
export const callPorts = (view: View): readonly number[] => [
  SSH,
  ...policyOf(view).trials.map(portOf),
];

/** Who is asked before a trial: the author first, and some that are connected. */
export const callersBefore = (view: View, self: Self, order: TrialOrder): Callers => {
  const { author } = order.claim;
  const from = view.members
    .filter(({ id, hasLeft }) => id !== self.id && !hasLeft && self.seen.has(id))
    .map(({ id }) => id)
    .toSorted((a, b) => Number(b === author) - Number(a === author))
    .slice(0, ASKED_MAX);
  return { from, ways: ['outside', 'inside'], port: portOf(order), rounds: 1 };
};

/** Who is asked while it runs: those who reached this VM before, by the ways that tell. */
export const callersDuring = (site: Site, order: TrialOrder, kept: readonly string[]): Callers => {
  const before = evidenceIn(site, order, kept);
  const from = [...new Set(before.map(({ member }) => member))];
  const ways = [...new Set(before.map(({ way }) => way))];
  return { from, ways, port: portOf(order), rounds: ROUNDS };
};

/** What members told. */
export const callsIn = ({ [CALLERS]: result }: Results): readonly Call[] =>
  (result?.stdout ?? '').split('\n').flatMap((line) => readCall(line) ?? []);

/** Where those calls come from, as this VM's rules see them; the address of a member by its id. */
export type SeenAt = (member: MemberId) => string | null;

/** What members told, and where they are. */
interface Heard {
  readonly calls: readonly Call[];
  readonly seenAt: SeenAt;
}

/** How a comment begins that keeps what was reached before. */
const MARK = 'reached: ';

/** What is kept of the calls before a trial, as comments. */
export const keptOf = (
  site: Site,
  order: TrialOrder,
  { calls, seenAt }: Heard,
): readonly string[] =>
  calls
    .filter(({ reached }) => reached !== 'silent')
    .filter(
      (call) => call.reached === 'answered' || actionOn(site, order, call, seenAt) !== 'reject',
    )
    .map((call) => `${MARK}${callText(call)}`);

/** Whether a comment keeps something of that. */
export const isKept = (comment: string): boolean => comment.startsWith(MARK);

/** What was reached before by the ways that the operator may come. */
const evidenceIn = (site: Site, order: TrialOrder, kept: readonly string[]): readonly Call[] => {
  const zones = new Set(operatorsOf(site, order).map(({ zone }) => zone));
  return kept
    .flatMap((comment) => readCall(comment.slice(MARK.length)) ?? [])
    .filter(({ way }) => zones.size === 0 || zones.has(ZONES[way]));
};

const ZONES: Readonly<Record<Way, Zone>> = { outside: 'wan', inside: 'mesh' };

/** Why nobody comes here any more, or null. `kept`: what was before; `calls`: what is told now. */
export const lockedOut = (
  site: Site,
  order: TrialOrder,
  kept: readonly string[],
  { calls, seenAt }: Heard,
): string | null => {
  const before = evidenceIn(site, order, kept);
  const onTrial = siteOnTrial(site, order);
  const told = before.flatMap((each) => {
    const call = calls.find(({ member, way }) => member === each.member && way === each.way);
    if (call === undefined) return [];
    const isStopped = call.reached !== 'answered' && isForbidden(onTrial, order, call, seenAt);
    return isStopped ? [] : [{ ...call, before: each.reached }];
  });
  const action = (call: Call) => actionOn(onTrial, order, call, seenAt);
  const isOpen = (call: (typeof told)[number]): boolean =>
    call.reached === 'answered' ||
    (call.reached === 'refused' && call.before === 'refused' && action(call) !== 'reject');
  if (told.length === 0 || told.some(isOpen)) return null;
  const isMeant = told.every((call) => (action(call) ?? 'allow') !== 'allow');
  const isOperatorIn = operatorsOf(site, order).some(
    ({ zone, flow }) => judgedAt(onTrial, zone, 'in', flow)?.action === 'allow',
  );
  if (isMeant && isOperatorIn) return null;
  const [name, ...others] = site.view.members
    .filter(({ id }) => told.some(({ member }) => member === id))
    .map((member) => member.name);
  const ways = [...new Set(told.map(({ way }) => way))].join(' or ');
  const by = `${name}${others.length > 0 ? ` and ${others.length} more` : ''}`;
  return `no new connection from ${ways} comes to port ${portOf(order)} here: ${by} tried`;
};

/** What rules say of a call; null where they cannot tell. */
const actionOn = (
  site: Site,
  order: TrialOrder,
  call: Call,
  seenAt: SeenAt,
): Judgement['action'] | null => {
  const visit = visitOf(site, order, call, seenAt);
  return visit === null ? null : (judgedAt(site, visit.zone, 'in', visit.flow)?.action ?? null);
};

/** Whether the rules of the member that is to call stop it there. */
const isForbidden = (site: Site, order: TrialOrder, call: Call, seenAt: SeenAt): boolean => {
  const visit = visitOf(site, order, call, seenAt);
  if (visit === null || !isEnforcing(visit.there)) return false;
  // What this member's services need open counts for `in` only.
  const there: Site = { ...site, member: call.member, lacking: [] };
  return judgedAt(there, visit.zone, 'out', visit.flow)?.action !== 'allow';
};

/** A call as a connection that rules judge. */
interface Visit {
  readonly there: Member;
  readonly zone: Zone;
  readonly flow: Flow;
}

/** Null where it is not known. */
const visitOf = (
  site: Site,
  order: TrialOrder,
  { member, way }: Call,
  seenAt: SeenAt,
): Visit | null => {
  const there = site.view.members.find(({ id }) => id === member);
  const source = way === 'inside' ? (there?.ipv4 ?? there?.ipv6) : seenAt(member);
  if (there === undefined || source === undefined || source === null) return null;
  const zone = isOverlay(site.view, source) ? 'mesh' : 'wan';
  const destination = ownAddress(site, zone, source);
  if (destination === null) return null;
  return { there, zone, flow: { protocol: 'tcp', source, destination, value: portOf(order) } };
};
