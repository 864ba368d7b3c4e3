/**
 * Rule: firewall ways — the ways that a change may not cut without --force: the operator's own
 * session, SSH to the members, and the mesh between them.
 *
 * Only what passes before the change and would not after it counts.
 */
import type { Meter } from '../../../crdt/meter.ts';
import type { Member, View } from '../../../crdt/view.ts';
import type { Scene } from '../../verb.ts';
import { policyOf } from '../policy.ts';
import type { Zone } from '../schemas.table.ts';
import { type End, endName, flowOf, type Probe, readEnd, type Step, stepsOf } from './ends.ts';
import { refuse } from './refuse.ts';
import { openCourt } from './sites.ts';
import { touchedBy } from './touched.ts';

/** A way that must stay: who goes it, and what it is for people. */
interface Way {
  readonly from: End;
  readonly to: End;
  readonly zone: Zone;
  readonly probe: Probe;
  readonly what: string;
}

/** Members whose ways are looked at from each member. More would be the same rules again. */
const OTHERS_MAX = 32;
const SSH_PORT = 22;
/** Somebody outside: an address of RFC 5737's documentation, which is nobody's. */
const OUTSIDE: End = { kind: 'address', address: '203.0.113.1' };

/** Time that a rule takes of finding out what becomes of a way. Unit: ms, as measured. */
const RULE_MS = 0.001;

/** Fault 'refused' when a way would be cut. In pieces. */
export function* mustKeepWays(scene: Scene, after: View, meter: Meter): Generator<void, void> {
  const wayMs = policyOf(after).rules.length * RULE_MS;
  const touched = touchedBy(scene.view, after);
  const changed = [touched.before, touched.after].map((view) => openCourt(scene, view));
  const [before, then] = [openCourt(scene, scene.view), openCourt(scene, after)];
  for (const { from, to, zone, probe, what } of waysOf(scene)) {
    const flow = flowOf(from, to, zone, probe);
    if (flow === null) continue;
    if (meter.isDue(wayMs)) yield;
    // Where no changed rule matches, all stays as it was; the whole policy is asked for the rest.
    const isMoved = changed.some((court) => isRuled(stepsOf(court, [from, to], zone, flow).steps));
    if (!isMoved && !touched.isDefault) continue;
    const { stop } = stepsOf(then, [from, to], zone, flow);
    if (stop === null) continue;
    if (stepsOf(before, [from, to], zone, flow).stop !== null) continue;
    const by = stop.judgement.by.kind === 'rule' ? `rule ${stop.judgement.by.name}` : 'the default';
    const way = `${endName(from)} to ${endName(to)}, ${probe.protocol}/${probe.value}`;
    const remedy = 'allow it first, with a lower --priority; or say --confirm 60s or --force';
    throw refuse(what, way, `${by} would cut it at ${stop.member}`, remedy);
  }
}

const isRuled = (steps: readonly Step[]): boolean =>
  steps.some(({ judgement }) => judgement.by.kind === 'rule');

const waysOf = (scene: Scene): readonly Way[] => {
  const members = scene.view.members.filter(({ hasLeft }) => !hasLeft);
  return [
    ...sessionWays(scene),
    ...members.flatMap((member) => sshWays(scene, member)),
    ...members.flatMap((member) => meshWays(members, member)),
  ];
};

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
    what: 'your session',
  };
  return [way];
};

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
  const from = caller === null ? OUTSIDE : readEnd(view, 'session', caller.remote.host);
  if (from.kind === 'member' && from.member.id === member.id) return [];
  const probe: Probe = { protocol: 'tcp', value: caller?.local.port ?? SSH_PORT };
  const zone: Zone = from.kind === 'member' ? 'mesh' : 'wan';
  return [{ from, to: { kind: 'member', member }, zone, probe, what: 'SSH' }];
};

/** What carries the mesh: the one port of each member, from the others. */
const meshWays = (members: readonly Member[], member: Member): readonly Way[] => {
  const port = member.endpoints?.port;
  if (port === undefined) return [];
  return members
    .filter(({ id }) => id !== member.id)
    .slice(0, OTHERS_MAX)
    .flatMap((other) =>
      (['tcp', 'udp'] as const).map(
        (protocol): Way => ({
          from: { kind: 'member', member: other },
          to: { kind: 'member', member },
          zone: 'wan',
          probe: { protocol, value: port },
          what: 'mesh',
        }),
      ),
    );
};
