/**
 * Loop: history — who changed what, what lost unseen, and the word that takes the loser instead.
 */
import type { Change } from '../crdt/change.ts';
import { type Ancestry, type Conflict, conflictsAmong } from '../crdt/conflicts.ts';
import { compareHlc, type Hlc } from '../crdt/hlc.ts';
import { type MemberId, memberIdOf } from '../crdt/ids.ts';
import { openMeter } from '../crdt/meter.ts';
import type { View } from '../crdt/view.ts';
import { openVoices } from '../crdt/voices.ts';
import { Fault } from '../fault.ts';
import type { Clock, Crypto } from '../ports.ts';
import { breathe, isLarge } from './agent-look.ts';
import { type Audit, changesOf } from './audit.ts';
import { type AuditLine, listAudit } from './audit-list.ts';
import { carryOut } from './decisions.ts';
import { mustBeOperator, type OperatorContext } from './operators.ts';
import {
  type AuditFilter,
  type ListedChange,
  type ListedConflict,
  listConflicts,
} from './rules/audit-answer.ts';
import { findMember } from './rules/find.ts';
import { type Asked, decideUpheld, type Upheld } from './uphold.ts';
import type { VerbContext } from './verbs.ts';

/** What it needs of the node. */
export interface HistoryContext extends OperatorContext {
  readonly ports: {
    readonly clock: Pick<Clock, 'sleep' | 'monotonicMs'>;
    readonly crypto: Crypto;
  };
  readonly audit: Pick<Audit, 'pages'>;
}

/** Which changes are wanted, as typed; `author`: a name or an id. */
export interface AuditWish extends Omit<AuditFilter, 'author'> {
  readonly author: string | null;
}

/** The changes of the kept window, line by line. Fault 'refused' at once for an author unknown. */
export const auditLines = (
  { ports, replica, audit, local }: HistoryContext,
  wish: AuditWish,
): AsyncIterable<AuditLine> => {
  const view = replica.view();
  const author = wish.author === null ? null : findMember(view, wish.author).id;
  const scene = { view, founder: founderOf(local), spokenOf: replica.spokenOf };
  return listAudit(ports, audit, scene, { ...wish, author });
};

/** The same at once. */
export async function auditChanges(
  context: HistoryContext,
  wish: AuditWish,
): Promise<readonly ListedChange[]> {
  const all: ListedChange[] = [];
  for await (const { changes } of auditLines(context, wish)) all.push(...changes);
  return all;
}

/** Concurrent changes that lost without their winner having known of them. */
export async function conflictsNow(context: HistoryContext): Promise<readonly ListedConflict[]> {
  return listConflicts(context.replica.view(), await findConflicts(context));
}

/**
 * Says what lost at a path as what is in force. `author`: whose; null: the latest that lost. Fault
 * 'refused' also for what a service was asked for and would not hold any more, and where somebody
 * said something else there meanwhile.
 */
export const takeLoser = (
  context: HistoryContext & VerbContext,
  path: string,
  author: string | null,
  asked: Asked,
): Promise<{ readonly path: string } & Upheld> =>
  carryOut(context, async () => {
    mustBeOperator(context.replica.view(), context.self, 'change what is in force');
    const { winner, value } = await findLoser(context, path, author);
    return decideUpheld(context, asked, (view) => {
      mustBeOperator(view, context.self, 'change what is in force');
      const now = context.replica.winner(path, operatorsOf(view));
      const isStill = now?.author === winner.author && compareHlc(now.hlc, winner.hlc) === 0;
      if (!isStill) throw badPath(path, 'somebody changed it just now');
      return { edits: [{ path, value }], body: { path } };
    });
  });

async function findLoser(context: HistoryContext, path: string, author: string | null) {
  const found = (await findConflicts(context)).find((one) => one.path === path);
  const whose = author === null ? null : findMember(context.replica.view(), author).id;
  const loser = found?.losers.find((one) => whose === null || one.author === whose);
  if (found === undefined) throw badPath(path, 'nothing lost unseen there');
  if (loser === undefined) throw badPath(path, 'nothing of that author lost');
  return { winner: found.winner, value: loser.value };
}

const badPath = (path: string, why: string): Fault =>
  new Fault('refused', { field: 'path', value: path, why, remedy: 'see cnsmo conflicts' });

async function findConflicts({
  ports,
  replica,
  audit,
  local,
}: HistoryContext): Promise<readonly Conflict[]> {
  const { clock } = ports;
  const view = replica.view();
  const past = openPast();
  const [latest, meter] = [new Map<MemberId, Hlc>(), openMeter(clock.monotonicMs)];
  for await (const { frames } of audit.pages()) {
    for await (const { changes } of changesOf(ports, frames, latest, meter)) {
      for (const change of changes) past.note(change);
    }
  }
  await breathe(clock, isLarge(view));
  const claims = replica.claims();
  await breathe(clock, isLarge(view));
  const operators = operatorsOf(view);
  const voices = past.voices.all([founderOf(local), ...operators], replica.spokenOf);
  return conflictsAmong(claims, operators, past.ancestryOf(voices), voices);
}

/** What each author's statements replaced, by name, and who ever had the role. */
const openPast = () => {
  const said = new Map<MemberId, Map<string, string | null>>();
  const voices = openVoices();
  return {
    voices,
    note: (change: Pick<Change, 'author' | 'path' | 'name' | 'replaces'>): void => {
      voices.note(change);
      const own = said.get(change.author) ?? new Map<string, string | null>();
      said.set(change.author, own.set(change.name, change.replaces));
    },
    ancestryOf: (authors: Iterable<MemberId>): Ancestry => {
      const all = [...authors].flatMap((author) => said.get(author) ?? []);
      return { get: (name) => all.find((own) => own.has(name))?.get(name) };
    },
  };
};

const founderOf = ({ genesis }: HistoryContext['local']): MemberId =>
  memberIdOf(genesis.founderKey);

const operatorsOf = (view: View): ReadonlySet<MemberId> =>
  new Set(view.operators.map(({ member }) => member));
