/**
 * Loop: operators — what an operator does with the mesh itself: invites, roles, recovery.
 *
 * Each act checks first whether this member may do it and says so before it tries; then it is one
 * signed frame. An act that others must know at once is done when one of them has it.
 */
import { isRecord } from '../crdt/entry.ts';
import { adoptionOf } from '../crdt/evicting.ts';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import { makeInvite } from '../crdt/invite.ts';
import { makeRoot, printRecoveryCode, readRecoveryCode, rootHashOf } from '../crdt/recovery.ts';
import { NUMBER_MAX } from '../crdt/schemas.table.ts';
import { printToken } from '../crdt/token.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock, Crypto, Random } from '../ports.ts';
import type { LocalState } from './local-state.ts';
import type { Replica } from './replica.ts';
import type { ListedInvite } from './rules/answers.ts';
import { findInvite, findMember, inviteState } from './rules/find.ts';
import { tokenEntries } from './rules/token-entries.ts';
import type { Sync } from './sync.ts';

/** What these acts need of the node. */
export interface OperatorContext {
  readonly self: MemberId;
  readonly local: LocalState;
  readonly replica: Replica;
  readonly sync: Sync;
  readonly connected: () => readonly PeerKey[];
  /** Connects with those of these members that live. */
  readonly meet: (members: readonly PeerKey[]) => Promise<void>;
}

export interface OperatorPorts {
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly random: Random;
}

export interface InviteWish {
  readonly ttlMs: number;
  readonly uses: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Longest wait for the target of a grant to have it. Unit: ms. */
const GRANT_MS = 10_000;

/**
 * Makes an invite. Done when a second member holds it, where one is reachable. `warning`: null or
 * a line for people.
 */
export async function createInvite(
  ports: OperatorPorts,
  context: OperatorContext,
  wish: InviteWish,
): Promise<{
  readonly id: string;
  readonly token: string;
  readonly expiryMs: number;
  readonly warning: string | null;
}> {
  const view = context.replica.view();
  mustBeOperator(view, context.self, 'make invites');
  const seed = ports.random.bytes(32);
  const expiryMs = ports.clock.wallMs() + wish.ttlMs;
  const number = nextNumber(view.invites.map((invite) => invite.number));
  const fields = { number, labels: wish.labels, expiry: expiryMs, uses: wish.uses };
  const invite = makeInvite(ports.crypto, seed, fields);
  await context.replica.write([{ path: `trust/invite/${invite.id}`, value: invite.value }]);
  await spread(context);
  const { entries, warning } = tokenEntries(view, context.self, new Set(context.connected()));
  const { meshId, psk } = context.local;
  const token = printToken(ports.crypto, { meshId, psk, seed, expiry: expiryMs, entries });
  return { id: invite.id, token, expiryMs, warning };
}

/** All invites, the newest first. */
export const listInvites = (view: View, wallMs: number): readonly ListedInvite[] =>
  view.invites
    .map(({ isRevoked, author: _, ...invite }) => ({
      ...invite,
      state: inviteState({ ...invite, isRevoked }, wallMs),
    }))
    .toSorted((a, b) => b.number - a.number);

/** Revokes an invite: who came by it stays, nobody else comes. */
export async function revokeInvite(
  ports: OperatorPorts,
  context: OperatorContext,
  text: string,
): Promise<void> {
  const view = context.replica.view();
  mustBeOperator(view, context.self, 'revoke invites');
  const invite = findInvite(view, text);
  const stands = context.replica.valueOf(invite.author, `trust/invite/${invite.id}`);
  if (invite.isRevoked || !isRecord(stands)) return;
  const value = { ...stands, revokedAt: ports.clock.wallMs() };
  await context.replica.write([{ path: `trust/invite/${invite.id}`, value }]);
  await spread(context);
}

/** Above all that were given; at the highest they stay, and ids decide. */
const nextNumber = (given: readonly number[]): number =>
  Math.min(NUMBER_MAX, Math.max(0, ...given) + 1);

/** Gives a member the operator role. Done when that member has it. */
export async function addOperator(
  ports: OperatorPorts,
  context: OperatorContext,
  text: string,
): Promise<void> {
  const view = context.replica.view();
  mustBeOperator(view, context.self, 'give the role');
  const member = findMember(view, text);
  if (member.role !== 'operator') {
    const number = nextNumber(view.operators.map(({ grant }) => grant));
    const role = { path: `trust/role/${member.id}`, value: { number } };
    // Whoever let it in could else take the role with its own word.
    await context.replica.write([role, ...adoptionOf(view, member.id)]);
  }
  if (!(await reaches(ports, context, member.id))) {
    throw new Fault('timeout', {
      field: 'member',
      value: member.name,
      why: 'not reachable now; the role is given and takes effect when it is',
      remedy: 'start the member, then repeat the command to see it confirmed',
    });
  }
}

/** The seed of the recovery code. Fault 'refused' when it is not the one that the mesh expects. */
function readNextCode(crypto: Crypto, view: View, code: string): Uint8Array {
  const root = readRecoveryCode(crypto, code);
  if (!root.ok) throw badCode(root.why, 'type it as it was printed');
  const hash = rootHashOf(crypto, root.seed);
  if (hash.every((byte, index) => byte === view.nextRootHash[index])) return root.seed;
  const remedy = 'use the code that the last recovery printed, or the one from init';
  throw badCode('not the recovery code that this mesh expects next', remedy);
}

/**
 * A fresh recovery code, of which nobody knows yet. `code`: the one in force, so that a wrong one
 * is refused before its owner puts the next one anywhere; null: not known yet.
 */
export function makeNextCode(
  { crypto, random }: OperatorPorts,
  { replica }: OperatorContext,
  code: string | null,
): { readonly code: string } {
  if (code !== null) readNextCode(crypto, replica.view(), code);
  return { code: printRecoveryCode(crypto, random.bytes(32)) };
}

/** Makes this member an operator with the recovery code; `nextCode` becomes the mesh's next one. */
export async function recoverOperator(
  ports: OperatorPorts,
  context: OperatorContext,
  codes: { readonly code: string; readonly nextCode: string },
): Promise<void> {
  const { crypto } = ports;
  const view = context.replica.view();
  const rootSeed = readNextCode(crypto, view, codes.code);
  const next = readRecoveryCode(crypto, codes.nextCode);
  if (!next.ok) throw badCode(next.why, 'let the command make the next code');
  const number = view.recovery + 1;
  const value = makeRoot(crypto, rootSeed, {
    mesh: view.mesh.id,
    number,
    member: context.self,
    nextRootHash: rootHashOf(crypto, next.seed),
  });
  const root = { path: `trust/root/${number}`, value };
  await context.replica.write([root, ...adoptionOf(view, context.self)]);
  await spread(context);
}

/** Fault 'forbidden' for who is no operator. `what`: the act, for people. */
export const mustBeOperator = (view: View, self: MemberId, what: string): void => {
  if (view.operators.some(({ member }) => member === self)) return;
  throw new Fault('forbidden', {
    field: 'role',
    value: 'node',
    why: `only an operator may ${what}`,
    remedy: 'run it on an operator, or let one run: cnsmo operator add THIS-MEMBER',
  });
};

/** Until one connected member has what we just wrote; nobody connected: done at once. */
export async function spread(context: OperatorContext): Promise<void> {
  for (const peer of context.connected()) {
    if (await context.sync.with(peer)) return;
  }
}

async function reaches(
  { clock }: OperatorPorts,
  context: OperatorContext,
  member: MemberId,
): Promise<boolean> {
  const deadlineMs = clock.monotonicMs() + GRANT_MS;
  if (member === context.self) return true;
  while (clock.monotonicMs() < deadlineMs) {
    await context.meet([member]);
    if (context.connected().includes(member) && (await context.sync.with(member))) return true;
    await clock.sleep(200, new AbortController().signal);
  }
  return false;
}

const badCode = (why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'code', value: '(hidden)', why, remedy });
