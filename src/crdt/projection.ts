/**
 * Rule: projection — what all sub-documents together say: the view.
 *
 * 1. Total and deterministic: equal sub-documents make an equal view, in whatever order they came
 *    and were written.
 * 2. It remembers nothing but answers of pure functions.
 * 3. In this order: each sub-document by itself, the lineage of recoveries, operators and members,
 *    names and addresses.
 * 4. A name and labels that an operator gave go before those of the enrolment; of several the one
 *    of the highest (hlc, author). A given name ties as one by enrolment does.
 */
import type { Crypto, Endpoint } from '../ports.ts';
import { ipv6Of } from './addresses.ts';
import type { Project } from './chains.ts';
import { foreseeEntry } from './checking.ts';
import type { AuthorState } from './entry.ts';
import type { Statement as SaidStatement } from './entry-bytes.ts';
import { findEvicted, findEvictions } from './evicted.ts';
import type { Genesis } from './genesis.ts';
import type { InviteId, MemberId, MeshId } from './ids.ts';
import { openIntents } from './intents.ts';
import { findLineage, type Lineage } from './lineage.ts';
import type { Enrolment, Testimonies } from './membership.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';
import { settleOverlay, type Tenancy, type Tenant } from './overlay.ts';
import type { FactKind } from './paths.ts';
import { type Roster, settleRoster } from './roster.ts';
import type { EndpointsRecord } from './schemas.table.ts';
import {
  compareText,
  type Ground,
  openGround,
  type RecordOf,
  readTestimony,
  type Testimony,
  winnersOf,
} from './statements.ts';
import { alarmsOf, quarantinedOf } from './trouble.ts';
import { openVerdicts, type Verdicts } from './verdicts.ts';
import type { Invite, Member, MemberEndpoints, Proposal, View } from './view.ts';

/** What a stage costs for each author and member, and an IPv6 address. Unit: ms, as measured. */
const [STAGE_MS, IPV6_MS] = [0.005, 0.015];

/**
 * Opens the projection of one mesh. What it remembers of signatures is bounded, and never changes a
 * view. An `AuthorState` that it was given may not be changed afterwards: while the caller keeps
 * it, it is not read a second time.
 * `verdicts`: what was found out of join requests before, and where it is noted.
 */
export function openProjector(
  crypto: Crypto,
  genesis: Genesis,
  meshId: MeshId,
  verdicts: Verdicts = openVerdicts(crypto, new Uint8Array(), null),
): Project {
  const ground = openGround(crypto, genesis, meshId, verdicts);
  const { founder } = ground;
  const known = new WeakMap<AuthorState, Testimony>();
  const readIntents = openIntents();
  const testimonyOf = (state: AuthorState): Testimony => {
    const testimony = known.get(state) ?? finish(readTestimony(ground, state, UNMETERED));
    known.set(state, testimony);
    return testimony;
  };
  function* inPieces(authors: readonly AuthorState[], meter: Meter): Generator<void, View> {
    let stageMs = authors.length * STAGE_MS;
    const testimonies: Testimonies = new Map(
      authors.map((state) => [state.author, testimonyOf(state)]),
    );
    if (meter.isDue(stageMs)) yield;
    const lineage = findLineage(ground, [...testimonies.values()]);
    const roster = settleRoster(testimonies, founder, lineage);
    stageMs = Math.max(stageMs, roster.membership.members.size * STAGE_MS);
    if (meter.isDue(stageMs)) yield;
    const enrolments = enrolmentsOf(testimonies, roster);
    const intent = readIntents(testimoniesOf(testimonies, roster));
    if (meter.isDue(stageMs)) yield;
    const outcome = { testimonies, lineage, roster, enrolments };
    const isDue = (): boolean => meter.isDue(stageMs);
    return { ...(yield* render(ground, outcome, isDue)), intent };
  }
  const project = (authors: readonly AuthorState[]): View => finish(inPieces(authors, UNMETERED));
  const foresee = (statement: SaidStatement): number =>
    statement.kind === 'entry' ? foreseeEntry(ground, statement.entry) : 0;
  function* digest(state: AuthorState, meter: Meter): Generator<void, void> {
    if (known.has(state)) return;
    const testimony = yield* readTestimony(ground, state, meter);
    known.set(state, testimony);
    const { admission, adopt } = testimony.said;
    for (const [id, { record }] of [...admission, ...adopt]) {
      if (meter.isDue(IPV6_MS)) yield;
      ipv6At(ground, id, record.memberKey);
    }
  }
  return Object.assign(project, { foresee, digest, inPieces });
}

/** Everything that the view shows. */
interface Outcome {
  readonly testimonies: Testimonies;
  readonly lineage: Lineage;
  readonly roster: Roster;
  readonly enrolments: readonly Enrolment[];
}

function* render(
  ground: Ground,
  outcome: Outcome,
  isDue: () => boolean,
): Generator<void, Omit<View, 'intent'>> {
  const { testimonies, lineage, roster, enrolments } = outcome;
  const tenants = enrolments.map((enrolment) =>
    tenantOf(ground, testimonies.get(enrolment.id), enrolment),
  );
  if (isDue()) yield;
  const overlay = settleOverlay(tenants);
  if (isDue()) yield;
  const members = membersOf(ground, outcome, overlay.tenancies);
  if (isDue()) yield;
  const evicted = findEvicted(testimonies, roster);
  if (isDue()) yield;
  return {
    mesh: ground.mesh,
    members,
    enrolments: [...roster.membership.members.values()].sort((a, b) => compareText(a.id, b.id)),
    evicted,
    evictions: findEvictions(testimonies, roster, evicted),
    operators: roster.operators,
    invites: invitesOf(roster),
    proposals: proposalsOf(testimonies, roster),
    nextRootHash: lineage.nextRootHash,
    recovery: lineage.recovered.length,
    alarms: alarmsOf(outcome, overlay.alarms),
    quarantined: quarantinedOf(outcome),
  };
}

const testimoniesOf = (testimonies: Testimonies, { operators }: Roster): readonly Testimony[] =>
  operators.flatMap(({ member }) => testimonies.get(member) ?? []);

/** Everybody as enrolled, with the name and the labels that operators gave since. */
const enrolmentsOf = (testimonies: Testimonies, roster: Roster): readonly Enrolment[] => {
  const ofOperators = testimoniesOf(testimonies, roster);
  const names = winnersOf('name', ofOperators);
  const labels = winnersOf('label', ofOperators);
  return [...roster.membership.members.values()].map((enrolment) => ({
    ...enrolment,
    name: names.get(enrolment.id)?.record.name ?? enrolment.name,
    labels: labels.get(enrolment.id)?.record.labels ?? enrolment.labels,
  }));
};

const tenantOf = (
  { founder }: Ground,
  testimony: Testimony | undefined,
  enrolment: Enrolment,
): Tenant => ({
  ...enrolment,
  isFounder: enrolment.id === founder,
  claim: factOf(testimony, 'ipv4')?.ipv4 ?? null,
  hasLeft: factOf(testimony, 'left') !== null,
});

/** What a member says of itself. The path names nobody: it is its own sub-document that says it. */
const factOf = <K extends FactKind>(
  testimony: Testimony | undefined,
  kind: K,
): RecordOf<K> | null => testimony?.said[kind].get('')?.record ?? null;

const membersOf = (
  ground: Ground,
  { testimonies, roster, enrolments }: Outcome,
  tenancies: ReadonlyMap<MemberId, Tenancy>,
): readonly Member[] => {
  const operators = new Set(roster.operators.map(({ member }) => member));
  return enrolments
    .map(({ id, memberKey, wgKey, labels, name, ipv4 }): Member => {
      const testimony = testimonies.get(id);
      const endpoints = factOf(testimony, 'endpoints');
      return {
        id,
        role: operators.has(id) ? 'operator' : 'node',
        labels,
        wgKey,
        ...(tenancies.get(id) ?? { name, ipv4 }),
        ipv6: ipv6At(ground, id, memberKey),
        endpoints: endpoints === null ? null : endpointsOf(endpoints),
        services: factOf(testimony, 'consent')?.services ?? null,
        allowsRun: factOf(testimony, 'consent')?.allowRun ?? null,
        version: factOf(testimony, 'version')?.version ?? null,
        mayBeCore: factOf(testimony, 'consent')?.eligible ?? true,
        isDraining: factOf(testimony, 'drain') !== null,
        steppedDown: factOf(testimony, 'core')?.steppedDown ?? null,
        hasLeft: factOf(testimony, 'left') !== null,
      };
    })
    .sort((a, b) => compareText(a.id, b.id));
};

const ipv6At = ({ crypto, genesis, ipv6Memo }: Ground, id: string, memberKey: Uint8Array): string =>
  ipv6Memo(id, () => ipv6Of(crypto, genesis.prefix6, memberKey));

/** The same object for the same record, in all views: much follows from it. */
function endpointsOf(record: EndpointsRecord): MemberEndpoints {
  const { port, advertised, observed, local } = record;
  const endpoints = shownEndpoints.get(record) ?? {
    port,
    advertised: advertised && plainEndpoint(advertised),
    observed: observed && plainEndpoint(observed),
    local,
  };
  shownEndpoints.set(record, endpoints);
  return endpoints;
}

const shownEndpoints = new WeakMap<EndpointsRecord, MemberEndpoints>();

const plainEndpoint = ({ host, port }: Endpoint): Endpoint => ({ host, port });

const invitesOf = ({ membership }: Roster): readonly Invite[] => {
  const invites: Invite[] = [];
  for (const [id, { author, record }] of membership.invites) {
    invites.push(inviteOf(id, author, record, membership.admittedBy.get(id)));
  }
  return invites.sort((a, b) => a.number - b.number || compareText(a.id, b.id));
};

const proposalsOf = (
  testimonies: Testimonies,
  { membership: { members } }: Roster,
): readonly Proposal[] =>
  [...members.keys()]
    .flatMap((author) => [...(testimonies.get(author)?.said.absent ?? [])])
    .filter(([about]) => members.has(about as MemberId))
    .map(
      ([
        about,
        {
          author,
          record: { epoch, n, since },
        },
      ]) => ({
        ...{ about: about as MemberId, author, epoch, n, absentSinceMs: since },
      }),
    )
    .sort((a, b) => compareText(a.about, b.about) || compareText(a.author, b.author));

const inviteOf = (
  id: InviteId,
  author: MemberId,
  { number, labels, expiry, uses, revokedAt }: RecordOf<'invite'>,
  admitted: ReadonlySet<MemberId> | undefined,
): Invite => ({
  id,
  number,
  author,
  labels,
  expiryMs: expiry,
  uses,
  used: admitted?.size ?? 0,
  isRevoked: revokedAt !== undefined,
});
