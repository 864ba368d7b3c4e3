/**
 * Rule: membership — who is in the mesh, given who its operators are.
 *
 * 1. A member is adopted by an operator, or admitted by a member with an invite of an operator. So
 *    all chains begin at an operator; members that only admit each other are none.
 * 2. An adoption stands above every admission. Of several admissions the one of the lowest (hlc,
 *    author) counts: that is what a joiner was told first, and a repeat through a second entry
 *    changes nothing.
 * 3. The moment of an admission is the one in its record: its author's stamps are renewed with a
 *    generation.
 * 4. How often an invite was used is counted here, and never decides. Whoever came by it above its
 *    uses, in the order of admissions, is told of until it is gone or an operator adopts it.
 */
import { type InviteId, type MemberId, memberIdOf } from './ids.ts';
import type { AdmissionRecord, InviteRecord } from './schemas.table.ts';
import {
  compareOrder,
  type Flaw,
  type Statement,
  type Testimony,
  winnersOf,
} from './statements.ts';

/** What was said of a member when it was adopted or admitted. */
export interface Enrolment {
  readonly id: MemberId;
  readonly memberKey: Uint8Array;
  readonly wgKey: Uint8Array;
  readonly name: string;
  readonly ipv4: string;
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Number and id of its invite; what its adoption says of them. No invite: the founder, mostly.
   */
  readonly number: number;
  readonly invite: InviteId | null;
  /** On whose admission it stands; null: on an adoption. */
  readonly admittedBy: MemberId | null;
}

export interface Membership {
  readonly members: ReadonlyMap<MemberId, Enrolment>;
  readonly invites: ReadonlyMap<InviteId, Statement<'invite'>>;
  /** Whom each invite admitted, those that were evicted later included. */
  readonly admittedBy: ReadonlyMap<InviteId, ReadonlySet<MemberId>>;
  /** Invites by which more came than were meant, and those who did are still here. */
  readonly overUsed: readonly InviteId[];
  /** Admissions that came too late. */
  readonly flaws: readonly Flaw[];
}

/** The sub-documents of all authors, by author. */
export type Testimonies = ReadonlyMap<MemberId, Testimony>;

/** Who is a member, when these are the operators and `isVoid` says whom they evicted. */
export function findMembers(
  testimonies: Testimonies,
  operators: Iterable<MemberId>,
  isVoid: (id: MemberId) => boolean,
): Membership {
  const ofOperators = [...operators].flatMap((id) => testimonies.get(id) ?? []);
  const invites = winnersOf('invite', ofOperators) as ReadonlyMap<InviteId, Statement<'invite'>>;
  const adopted = new Map<MemberId, Enrolment>();
  for (const [key, { record }] of winnersOf('adopt', ofOperators)) {
    const id = key as MemberId;
    if (!isVoid(id)) adopted.set(id, { id, ...record, admittedBy: null });
  }
  const admitted = followAdmissions(testimonies, invites, { roots: adopted.keys(), isVoid });
  const members = new Map(adopted);
  for (const [id, admission] of admitted.first) {
    const invite = invites.get(admission.record.invite);
    if (adopted.has(id) || isVoid(id) || invite === undefined) continue;
    members.set(id, enrolmentOf(id, admission, invite.record));
  }
  const isUnmeant = (id: MemberId): boolean => members.has(id) && !adopted.has(id);
  const overUsed = findOverUsed(admitted, invites, isUnmeant);
  return { members, invites, admittedBy: admitted.byInvite, overUsed, flaws: admitted.flaws };
}

const findOverUsed = (
  { first, byInvite }: Admitted,
  invites: ReadonlyMap<InviteId, Statement<'invite'>>,
  isUnmeant: (id: MemberId) => boolean,
): readonly InviteId[] =>
  [...byInvite].flatMap(([invite, ids]) => {
    const uses = invites.get(invite)?.record.uses ?? 0;
    if (ids.size <= uses) return [];
    const late = [...ids]
      .flatMap((id) => first.get(id) ?? [])
      .sort(compareAdmissions)
      .slice(uses);
    return late.some(({ record }) => isUnmeant(memberIdOf(record.memberKey))) ? [invite] : [];
  });

interface Admitted {
  /** The admission that counts, by member. */
  readonly first: Map<MemberId, Statement<'admission'>>;
  readonly byInvite: Map<InviteId, Set<MemberId>>;
  readonly flaws: Flaw[];
}

/** Walks from the adopted members along the admissions that hold. */
const followAdmissions = (
  testimonies: Testimonies,
  invites: ReadonlyMap<InviteId, Statement<'invite'>>,
  start: { readonly roots: Iterable<MemberId>; readonly isVoid: (id: MemberId) => boolean },
): Admitted => {
  const admitted: Admitted = { first: new Map(), byInvite: new Map(), flaws: [] };
  const seen = new Set(start.roots);
  // A set iterates over what is added meanwhile, so this reaches everyone.
  for (const author of seen) {
    for (const [key, admission] of testimonies.get(author)?.said.admission ?? []) {
      const invite = invites.get(admission.record.invite);
      if (invite === undefined) continue;
      const why = whyLate(admission.record, invite.record);
      if (why !== null) {
        admitted.flaws.push({ kind: 'admission', path: admission.path, author, why });
        continue;
      }
      const id = key as MemberId;
      // Nobody admits itself: it could backdate that, and take a name or an address from another.
      if (id === author) continue;
      note(admitted, id, admission);
      if (!start.isVoid(id)) seen.add(id);
    }
  }
  return admitted;
};

const note = ({ first, byInvite }: Admitted, id: MemberId, admission: Statement<'admission'>) => {
  const known = first.get(id);
  if (known === undefined || compareAdmissions(admission, known) < 0) first.set(id, admission);
  const users = byInvite.get(admission.record.invite) ?? new Set();
  byInvite.set(admission.record.invite, users.add(id));
};

const compareAdmissions = (a: Statement<'admission'>, b: Statement<'admission'>): number =>
  compareOrder({ hlc: a.record.hlc, author: a.author }, { hlc: b.record.hlc, author: b.author });

const whyLate = ({ hlc: [ms] }: AdmissionRecord, invite: InviteRecord): string | null => {
  if (ms > invite.expiry) return 'its invite had expired';
  const { revokedAt } = invite;
  return revokedAt !== undefined && ms > revokedAt ? 'its invite had been revoked' : null;
};

/** Labels are the operator's word, so they come from the invite. */
const enrolmentOf = (
  id: MemberId,
  { author, record }: Statement<'admission'>,
  invite: InviteRecord,
): Enrolment => ({
  id,
  memberKey: record.memberKey,
  wgKey: record.wgKey,
  name: record.name,
  ipv4: record.ipv4,
  labels: invite.labels,
  number: invite.number,
  invite: record.invite,
  admittedBy: author,
});
