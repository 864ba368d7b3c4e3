/**
 * Rule: firewall ways — the ways that a change may not cut without --force: the operator's own
 * session, SSH to the members, and the mesh between them.
 *
 * 1. Only what passes before the change and would not after it counts; and what passes by a rule
 *    whose limits are too low for it is as good as cut.
 * 2. Both families count, each by itself.
 */
import type { MemberId } from '../../../crdt/ids.ts';
import type { Meter } from '../../../crdt/meter.ts';
import type { Member, View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import { addressNumber, type Family, hostCidr } from '../../selectors/cidr.ts';
import type { Zone } from '../../selectors/schemas.table.ts';
import type { Scene } from '../../verb.ts';
import type { Flow } from '../judge.ts';
import { countRules, policyOf } from '../policy.ts';
import type { RuleRecord } from '../schemas.table.ts';
import { type End, endName, mainFlowsOf, type Probe, readEnd, type Step, stepsOf } from './ends.ts';
import { mustKeepOverlay } from './overlay-ways.ts';
import { type Court, openCourt } from './sites.ts';
import { mayDecide, namedBy, type Touched, touchedBy } from './touched.ts';

/** A way that must stay: who goes it, and what it is for people. */
interface Way {
  readonly from: End;
  readonly to: End;
  readonly zone: Zone;
  readonly probe: Probe;
  readonly what: string;
  /** Of which family alone; absent: of all that both ends have. */
  readonly family?: Family;
  /** How much of it a rule has to let through at least. */
  readonly needs: Needs;
}

/** Connections at a time from one address, and new ones in a minute. */
interface Needs {
  readonly connections: number;
  readonly perMinute: number;
}

/**
 * What an operator needs of SSH: a session, another one to mend it, and one that hangs. Fewer new
 * ones in a minute and a typing error in a password shuts out.
 */
const SSH_NEEDS: Needs = { connections: 3, perMinute: 3 };
/**
 * What the mesh needs of its port, for each other member: after a cut all dial anew, by TCP and
 * UDP, and behind one NAT all have one address.
 */
const MESH_NEEDS_EACH = 2;

/**
 * Members whose ways to each member are looked at: first those that the change singles out, then
 * as many as would be the same rules again.
 */
const NAMED_MAX = 256;
const OTHERS_MAX = 32;
const SSH_PORT = 22;
/** Somebody outside: addresses of the documentation (RFC 5737, RFC 9637), which are nobody's. */
const OUTSIDE: readonly End[] = ['203.0.113.1', '3fff::1'].map((address) => {
  return { kind: 'address', address };
});

/** Time that a rule takes of finding out what becomes of a way. Unit: ms, as measured. */
const RULE_MS = 0.001;

/** Fault 'refused' when a way would be cut. In pieces. */
export function* mustKeepWays(scene: Scene, after: View, meter: Meter): Generator<void, void> {
  const wayMs = countRules(scene.view, after) * RULE_MS;
  const touched = yield* touchedBy(scene.view, after, meter);
  const named = yield* namedBy(touched, meter);
  const changed = [touched.before, touched.after].map((view) => openCourt(scene, view));
  const [before, then] = [openRegister(scene, scene.view), openRegister(scene, after)];
  for (const way of waysOf(scene, touched, named)) {
    const { from, to, zone, probe, what } = way;
    for (const flow of flowsOf(way)) {
      if (meter.isDue(wayMs)) yield;
      // Where no changed rule matches, all stays as it was; the whole policy is asked for the rest.
      const isMoved = changed.some((court) =>
        isRuled(stepsOf(court, [from, to], zone, flow).steps),
      );
      if (!isMoved && !touched.isAll) continue;
      const why = then.whyCut(way, flow);
      if (why === null || before.whyCut(way, flow) !== null) continue;
      const value = `${endName(from)} to ${endName(to)}, ${probe.protocol}/${probe.value}`;
      throw refuse(what, value, `${why}${byIPv6(from, to, flow)}`, REMEDY);
    }
  }
  yield* mustKeepOverlay(scene, after, touched, meter);
}

const flowsOf = ({ from, to, zone, probe, family }: Way): readonly Flow[] =>
  mainFlowsOf(from, to, zone, probe).filter(
    ({ source }) => family === undefined || hostCidr(source).family === family,
  );

/** What to do about a way that would be cut. */
const REMEDY = 'allow it first, with a lower --priority; or say --confirm 60s or --force';

const byIPv6 = (from: End, to: End, { source }: Flow): string =>
  from.kind === 'member' && to.kind === 'member' && source.includes(':') ? ' for IPv6' : '';

/** What becomes of ways in one view. */
const openRegister = (scene: Scene, view: View) => {
  const court: Court = openCourt(scene, view);
  const rules = new Map(policyOf(view).rules.map((rule) => [rule.name, rule]));
  return {
    /** Why it does not pass, or not enough of it; null where it does. */
    whyCut: ({ from, to, zone, needs }: Way, flow: Flow): string | null => {
      const { steps, stop } = stepsOf(court, [from, to], zone, flow);
      if (stop !== null) return `${byText(stop)} would cut it at ${stop.member}`;
      for (const { judgement, member } of steps) {
        const rule = judgement.by.kind === 'rule' ? rules.get(judgement.by.name) : undefined;
        const low = rule === undefined ? null : tooLow(rule, needs);
        if (low !== null) return `rule ${rule?.name} at ${member} lets through only ${low}`;
      }
      return null;
    },
  };
};

const byText = ({ judgement: { by } }: Step): string =>
  by.kind === 'rule' ? `rule ${by.name}` : 'the default';

const MINUTES = { second: 1 / 60, minute: 1, hour: 60, day: 1_440 } as const;

/** The limit of a rule that is below what is needed, in words, or null. */
const tooLow = ({ rate, connections }: RuleRecord, needs: Needs): string | null => {
  if (connections !== undefined && connections < needs.connections) {
    return `${connections} at a time from one address, and ${needs.connections} are needed`;
  }
  if (rate === undefined || rate.count / MINUTES[rate.per] >= needs.perMinute) return null;
  return `${rate.count} new ones a ${rate.per}, and ${needs.perMinute} a minute are needed`;
};

const isRuled = (steps: readonly Step[]): boolean =>
  steps.some(({ judgement }) => judgement.by.kind === 'rule');

function* waysOf(scene: Scene, touched: Touched, ids: ReadonlySet<MemberId>): Generator<Way, void> {
  const members = scene.view.members.filter(({ hasLeft }) => !hasLeft);
  const named = members.filter(({ id }) => ids.has(id)).slice(0, NAMED_MAX);
  const others = [...named, ...members.filter(({ id }) => !ids.has(id)).slice(0, OTHERS_MAX)];
  yield* sessionWays(scene);
  for (const member of members) yield* sshWays(scene, member);
  const ports = [...new Set(members.flatMap(({ endpoints }) => endpoints?.port ?? []))];
  const probes = (['tcp', 'udp'] as const)
    .flatMap((protocol) => ports.map((value): Probe => ({ protocol, value })))
    .filter((probe) => mayDecide(touched, 'wan', probe));
  const least = MESH_NEEDS_EACH * (members.length - 1);
  for (const member of members) {
    for (const other of others) yield* meshWays(other, member, probes, least);
  }
}

/** The connection by which the operator is here. */
const sessionWays = ({ view, self, caller }: Scene): readonly Way[] => {
  const here = view.members.find(({ id }) => id === self);
  if (caller === null || here === undefined) return [];
  const isInMesh = [here.ipv4, here.ipv6].includes(caller.local.host);
  const way: Way = {
    from: readEnd(view, 'session', caller.remote.host),
    to: { kind: 'member', member: isInMesh ? here : reachedAt(here, caller.local.host) },
    zone: isInMesh ? 'mesh' : 'wan',
    probe: { protocol: 'tcp', value: caller.local.port },
    ...{ what: 'your session', needs: SSH_NEEDS, ...familyOf(caller.local.host) },
  };
  return [way];
};

/** The family by which somebody is here. */
const familyOf = (host: string): Pick<Way, 'family'> =>
  addressNumber(host) === null ? {} : { family: hostCidr(host).family };

/** The member, at the one address at which it was reached; its own port is what it was. */
const reachedAt = (member: Member, host: string): Member => {
  const port = member.endpoints?.port ?? 0;
  return {
    ...member,
    endpoints: { port, advertised: null, observed: { host, port }, local: [] },
  };
};

/** SSH from where the operator is; for who is not known to come by SSH, from somewhere outside. */
const sshWays = ({ view, caller }: Scene, member: Member): readonly Way[] => {
  const own = caller === null ? null : readEnd(view, 'session', caller.remote.host);
  if (own?.kind === 'member' && own.member.id === member.id) return [];
  const probe: Probe = { protocol: 'tcp', value: caller?.local.port ?? SSH_PORT };
  const zone: Zone = own?.kind === 'member' ? 'mesh' : 'wan';
  return (own === null ? OUTSIDE : [own]).map((from): Way => {
    return { from, to: { kind: 'member', member }, zone, probe, what: 'SSH', needs: SSH_NEEDS };
  });
};

/** What carries the mesh: the one port of each member, from another one. */
const meshWays = (
  other: Member,
  member: Member,
  probes: readonly Probe[],
  least: number,
): readonly Way[] => {
  if (other.id === member.id) return [];
  const [from, to]: readonly [End, End] = [
    { kind: 'member', member: other },
    { kind: 'member', member },
  ];
  const needs: Needs = { connections: least, perMinute: least };
  return probes
    .filter(({ value }) => value === member.endpoints?.port)
    .map((probe): Way => ({ from, to, zone: 'wan', probe, what: 'mesh', needs }));
};
