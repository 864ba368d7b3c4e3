/**
 * Loop: history — who changed what, what lost unseen, and the word that takes the loser instead.
 */
import { type Conflict, conflictsAmong } from '../crdt/conflicts.ts';
import type { MemberId } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Audit, KeptChange } from './audit.ts';
import { mustBeOperator, type OperatorContext, spread } from './operators.ts';
import {
  type AuditFilter,
  type ListedChange,
  type ListedConflict,
  listChanges,
  listConflicts,
} from './rules/audit-answer.ts';
import { findMember } from './rules/find.ts';
import { type Asked, mustUphold } from './uphold.ts';
import type { VerbContext } from './verbs.ts';

/** What it needs of the node. */
export interface HistoryContext extends OperatorContext {
  readonly audit: Pick<Audit, 'read'>;
}

/** Which changes are wanted, as typed; `author`: a name or an id. */
export interface AuditWish extends Omit<AuditFilter, 'author'> {
  readonly author: string | null;
}

/** The changes of the kept window. */
export async function auditChanges(
  { replica, audit }: HistoryContext,
  wish: AuditWish,
): Promise<readonly ListedChange[]> {
  const view = replica.view();
  const author = wish.author === null ? null : findMember(view, wish.author).id;
  return listChanges(view, await audit.read(), { ...wish, author });
}

/** Concurrent changes that lost without their winner having known of them. */
export async function conflictsNow(context: HistoryContext): Promise<readonly ListedConflict[]> {
  return listConflicts(context.replica.view(), await findConflicts(context));
}

/**
 * Says what lost at a path as what is in force. `author`: whose; null: the latest that lost. Fault
 * 'refused' also for what a service was asked for and would not hold any more.
 */
export async function takeLoser(
  context: HistoryContext & VerbContext,
  path: string,
  author: string | null,
  asked: Asked,
): Promise<{ readonly path: string }> {
  const view = context.replica.view();
  mustBeOperator(view, context.self, 'change what is in force');
  const found = (await findConflicts(context)).find((one) => one.path === path);
  const whose = author === null ? null : findMember(view, author).id;
  const loser = found?.losers.find((one) => whose === null || one.author === whose);
  if (loser === undefined) {
    const why = found === undefined ? 'nothing lost unseen there' : 'nothing of that author lost';
    throw new Fault('refused', { field: 'path', value: path, why, remedy: 'see cnsmo conflicts' });
  }
  const edits = [{ path, value: loser.value }];
  await mustUphold(context, edits, asked);
  await context.replica.write(edits);
  await spread(context);
  return { path };
}

async function findConflicts({ replica, audit }: HistoryContext): Promise<readonly Conflict[]> {
  const operators = new Set<MemberId>(replica.view().operators.map(({ member }) => member));
  const kept = await audit.read();
  const known = new Map(kept.map(({ name, replaces }: KeptChange) => [name, replaces]));
  return conflictsAmong(replica.claims(), operators, known);
}
