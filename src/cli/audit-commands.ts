/**
 * Loop: audit commands — audit, conflicts, conflicts take: who changed what, and what lost unseen.
 */
import { Command, Option } from 'commander';
import { Fault } from '../fault.ts';
import type { AuditLimits } from '../node/audit-files.ts';
import type { AuditLine } from '../node/audit-list.ts';
import type { ListedChange, ListedConflict, Plain } from '../node/rules/audit-answer.ts';
import type { Upheld } from '../node/uphold.ts';
import { readDuration } from './duration.ts';
import type { Local } from './local.ts';
import { askedOf, notesText } from './naming-commands.ts';
import { shorten } from './plain-text.ts';
import type { Session } from './session.ts';
import type { Page } from './table.ts';
import { utcText } from './utc-text.ts';

type Open = (command: Command) => Session;

interface AuditFlags {
  readonly since?: string;
  readonly path?: string;
  readonly author?: string;
  readonly count?: string;
  readonly verify?: boolean;
  readonly raw?: boolean;
  readonly keepSize?: string;
  readonly keepAge?: string;
}

/** `audit`. */
export const auditCommand = (local: Local, session: Open): Command =>
  new Command('audit')
    .description('who changed what in the mesh, of the time that this VM keeps')
    .option('--since <duration>', 'nothing that is older')
    .option('--path <path>', 'only at paths that begin so')
    .option('--author <member>', 'only by this member')
    .option('--count <number>', 'only the latest so many')
    .option('--verify', 'fail when a signature does not hold, or the log was damaged')
    .option('--raw', 'with the signed frames (-o json)')
    .addOption(limitOption('--keep-size <size>', 'keep no more on this VM from now on (64MiB)'))
    .addOption(
      limitOption('--keep-age <duration>', 'keep nothing older on this VM from now on (90d)'),
    )
    .addHelpText(
      'after',
      '\nOf what was compacted while this VM was away, or before it joined, it has the\n' +
        'result alone: run cnsmo audit on a member that was up.\n' +
        '\nExample:\n  cnsmo audit --since 7d --path trust/\n',
    )
    .action(async (flags: AuditFlags, command: Command) => {
      const open = session(command);
      if (flags.keepSize !== undefined || flags.keepAge !== undefined) {
        await setLimits(open, flags);
        return;
      }
      const query = {
        ...(flags.since === undefined ? {} : { ageMs: String(readDuration('since', flags.since)) }),
        ...(flags.path === undefined ? {} : { path: flags.path }),
        ...(flags.author === undefined ? {} : { author: flags.author }),
        ...(flags.count === undefined ? {} : { count: readCount(flags.count) }),
        ...(flags.raw === true ? { frames: 'true' } : {}),
        stream: 'true',
      };
      await list(local, open, query, flags.verify === true);
    });

/** What sets a limit lists nothing, so that what would choose of a list contradicts it. */
const limitOption = (flags: string, description: string): Option =>
  new Option(flags, description).conflicts(['since', 'path', 'author', 'count', 'verify', 'raw']);

async function setLimits({ call, show }: Session, flags: AuditFlags): Promise<void> {
  const body = {
    ...(flags.keepSize === undefined ? {} : { bytesMax: readSize(flags.keepSize) }),
    ...(flags.keepAge === undefined
      ? {}
      : { ageMsMax: readDuration('keep-age', flags.keepAge, { least: '1h' }) }),
  };
  const limits = (await call('PUT', '/v1/audit/limits', body)) as AuditLimits;
  await show(limits, () => {
    const days = Math.round(limits.ageMsMax / 86_400_000);
    return `Kept from now on: ${Math.round(limits.bytesMax / 2 ** 20)} MiB, ${days} days.\n`;
  });
}

function readSize(text: string): number {
  const match = /^([1-9]\d{0,5})(MiB|GiB)$/.exec(text);
  if (match !== null) return Number(match[1]) * (match[2] === 'GiB' ? 2 ** 30 : 2 ** 20);
  const remedy = 'write a number and MiB or GiB, as 64MiB';
  throw new Fault('refused', { field: 'keep-size', value: text, why: 'not a size', remedy });
}

/** The latest so many, as the API reads them. */
function readCount(text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text;
  const remedy = 'write a number, as 50';
  throw new Fault('refused', { field: 'count', value: text, why: 'not a count', remedy });
}

/** What was seen of a list. */
interface Tally {
  changes: number;
  /** Of which the signature does not hold. */
  bad: number;
  firstBad: ListedChange | null;
  hasGap: boolean;
  end: AuditLine['end'] | null;
}

/** Shows the list as it comes: it may be longer than anybody wants to hold. */
async function list(
  local: Pick<Local, 'page'>,
  open: Session,
  query: Readonly<Record<string, string>>,
  isVerified: boolean,
): Promise<void> {
  const lines = open.lines('/v1/audit', query)[Symbol.asyncIterator]();
  const shown = open.showList();
  const tally: Tally = { changes: 0, bad: 0, firstBad: null, hasGap: false, end: null };
  const take = async (isFirst: boolean): Promise<boolean> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) return false;
      const { changes, end = null } = value as AuditLine;
      tally.end ??= end;
      for (const change of changes) {
        note(tally, change);
        await shown.add(change, (page) => rowOf(page, change));
      }
      if (isFirst && changes.length > 0) return true;
    }
  };
  const what = 'reading what is kept';
  try {
    const hasMore = await open.patiently(what, take(true));
    // On a terminal the rows themselves say that it goes on.
    const rest = (): Promise<boolean> => take(false);
    if (hasMore) await (local.page.isTerminal ? rest() : open.patiently(what, rest()));
  } finally {
    await lines.return?.();
  }
  const { end } = tally;
  if (end === null || end === undefined) throw cutShort();
  await shown.end((page) => footOf(page, tally, isVerified));
  if (isVerified) mustBeSound(tally);
}

function note(tally: Tally, change: ListedChange): void {
  tally.changes += 1;
  tally.hasGap ||= !change.isBeforeKnown;
  if (change.isSigned) return;
  tally.bad += 1;
  tally.firstBad ??= change;
}

const cutShort = (): Fault =>
  new Fault('internal', {
    field: 'daemon',
    value: 'audit',
    why: 'ended while answering: the list is not whole',
    remedy: 'look at its log, then try again',
  });

function mustBeSound({ firstBad, bad, changes, end }: Tally): void {
  const damaged = end?.damaged ?? 0;
  if (firstBad === null && damaged > 0) {
    throw new Fault('internal', {
      field: 'log',
      value: damaged === 1 ? '1 damaged stretch' : `${damaged} damaged stretches`,
      why: 'changes may be missing',
      remedy: 'ask another member by its own cnsmo audit',
    });
  }
  if (firstBad === null) return;
  throw new Fault('internal', {
    field: 'signature',
    value: `${bad} of ${changes}`,
    why: `of ${firstBad.author} at ${firstBad.path} does not hold: the log of this VM was changed`,
    remedy: 'ask another member by its own cnsmo audit',
  });
}

/** Digits of a signature that a list shows; `-o json` has it whole. */
const PROOF_DIGITS = 8;

const GAP =
  '?: what stood there before is older than this log, or was said while this VM was away;\n' +
  '   ask a member that was up, by cnsmo audit there.\n';

/** A change in two lines. */
function rowOf(page: Page, change: ListedChange): string {
  const when = page.paint('dim', utcText(change.time));
  const before = change.isBeforeKnown ? textOf(change.before) : '?';
  const what = `${before} → ${textOf(change.after)}`;
  const mark = change.isSigned ? '' : page.paint('bad', ' signature does not hold');
  const word = change.isVoid ? page.paint('warn', ' void: not its to say') : '';
  const proof = page.paint('dim', change.signature.slice(0, PROOF_DIGITS));
  const head = `${when}  ${change.author}  ${change.path}  ${proof}${mark}${word}`;
  return `${head}\n  ${cut(page, what)}\n`;
}

/** What is to be said below all rows. */
function footOf(page: Page, { changes, bad, hasGap, end }: Tally, isVerified: boolean): string {
  const older = end?.older ?? 0;
  const damaged = end?.damaged ?? 0;
  const none = changes === 0 && older === 0 ? 'No changes in the time that is kept.\n' : '';
  const gap = hasGap ? page.paint('dim', GAP) : '';
  const left = older === 0 ? '' : page.paint('dim', `${older} older not shown.\n`);
  const stretches = damaged === 1 ? '1 stretch' : `${damaged} stretches`;
  const were = damaged === 1 ? 'was' : 'were';
  const what = `${stretches} of this log ${were} damaged: changes may be missing.`;
  const loss = damaged === 0 ? '' : `${page.paint('bad', what)}\n`;
  const isProven = isVerified && changes > 0 && bad + damaged === 0;
  return none + gap + left + loss + (isProven ? `${changes} changes, all signatures hold.\n` : '');
}

interface TakeFlags {
  readonly author?: string;
  readonly force?: true;
}

/** `conflicts` and what is below it. */
export function conflictsCommand(local: Local, session: Open): Command {
  const conflicts = new Command('conflicts')
    .description('changes made at the same time as others, which lost')
    .addHelpText('after', '\nExample:\n  cnsmo conflicts\n')
    .action(async (_flags: unknown, command: Command) => {
      const { call, show } = session(command);
      const listed = (await call('GET', '/v1/conflicts')) as readonly ListedConflict[];
      await show(listed, (page) => renderConflicts(page, listed));
    });
  conflicts.addCommand(
    new Command('take')
      .description('say what lost instead of what is in force')
      .argument('<path>', 'as cnsmo conflicts lists it')
      .option('--author <member>', 'whose, where several lost (else the latest)')
      .option('--force', 'also where that cuts SSH or the mesh')
      .addHelpText('after', '\nExample:\n  cnsmo conflicts take intent/firewall/rule/web\n')
      .action(async (path: string, flags: TakeFlags, command: Command) => {
        const { call, show } = session(command);
        const author = flags.author === undefined ? {} : { author: flags.author };
        const asked = await askedOf(local, flags);
        const body = { path, ...author, ...asked };
        const taken = (await call('POST', '/v1/conflicts/take', body)) as Partial<Upheld>;
        const text = `What had lost at ${path} is in force.\n${notesText(taken)}`;
        await show({ ...taken, path }, () => text);
      }),
  );
  return conflicts;
}

function renderConflicts(page: Page, conflicts: readonly ListedConflict[]): string {
  if (conflicts.length === 0) return 'Nothing lost unseen.\n';
  const lineOf = (mark: string, one: ListedConflict['winner']): string =>
    `  ${mark} ${cut(page, `${utcText(one.time)}  ${one.author}  ${textOf(one.value)}`)}\n`;
  return conflicts
    .map(({ path, winner, losers }) => {
      const lost = losers.map((one) => lineOf(page.paint('warn', 'lost'), one)).join('');
      return `${page.paint('strong', path)}\n${lineOf('now ', winner)}${lost}`;
    })
    .join('');
}

const textOf = (value: Plain): string => (value === null ? 'nothing' : JSON.stringify(value));

/** Room for the indent and a mark. */
const cut = ({ columns, isTerminal }: Page, text: string): string =>
  isTerminal ? shorten(text, Math.max(20, columns - 8)) : text;
