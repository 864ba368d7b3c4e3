/**
 * Loop: log commands — logs: what the daemon of this VM, or of another one, writes about itself.
 */
import { Command } from 'commander';
import { Fault } from '../fault.ts';
import type { LogPage } from '../log-book.ts';
import type { Tone } from '../services/verb.ts';
import { follow } from './follow.ts';
import type { Local } from './local.ts';
import { plainText } from './plain-text.ts';
import type { Session } from './session.ts';
import { inNoMesh } from './silence.ts';
import type { Page } from './table.ts';
import { utcText } from './utc-text.ts';

/** Lines asked for at once while another member's log is followed. */
const FOLLOWED_LINES = '1000';

interface LogFlags {
  readonly follow?: boolean;
  readonly on?: string;
  readonly lines: string;
}

/** `logs`. */
export const logsCommand = (local: Local, session: (command: Command) => Session): Command =>
  new Command('logs')
    .description('what the daemon of this VM writes, or that of another member: its last lines')
    .option('-f, --follow', 'go on as lines are written')
    .option('-n, --lines <count>', 'how many of the last lines', '50')
    .option('--on <member>', 'the log of that member; only operators get it')
    .addHelpText('after', '\nExample:\n  cnsmo logs -f -n 100\n  cnsmo logs --on vm2\n')
    .action(async (flags: LogFlags, command: Command) => {
      const open = session(command);
      const lines = readLines(flags.lines);
      if (flags.on !== undefined)
        return await showLogOf(local, open, flags.on, { ...flags, lines });
      const wish = { lines, isFollowed: flags.follow === true };
      let shown: Promise<void> = Promise.resolve();
      const showing = local.logs(open.places, wish, (text) => {
        shown = shown.then(() => showText(open, text));
      });
      await showing.catch(async (error: unknown) => {
        throw (await local.isMember(open.places)) === false ? inNoMesh(open.places) : error;
      });
      await shown;
    });

async function showText(open: Session, text: string): Promise<void> {
  const line = readLine(text);
  await open.showLine(line, (page) => lineOf(page, line));
}

/** Asks this VM's daemon, which asks that of the member. */
async function showLogOf(
  local: Local,
  open: Session,
  member: string,
  { lines, follow: isFollowed }: { readonly lines: number; readonly follow?: boolean },
): Promise<void> {
  const path = `/v1/members/${encodeURIComponent(member)}/log`;
  const query = { lines: String(lines) };
  const first = (await open.call('GET', path, null, { query })) as LogPage;
  const show = async (answer: LogPage): Promise<void> => {
    for (const text of answer.lines) await showText(open, text);
  };
  await show(first);
  const followed = { path, query: { lines: FOLLOWED_LINES }, show };
  if (isFollowed === true) await follow(local, open, followed, first.cursor);
}

function readLines(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  const remedy = 'give a number from 0 to 999999';
  throw new Fault('refused', { field: 'lines', value: text, why: 'not a number', remedy });
}

/** A line as the daemon writes it, or what systemd and Node write in between. */
type LogLine = Readonly<Record<string, unknown>> | { readonly text: string };

function readLine(text: string): LogLine {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === 'object' && line !== null) return line as LogLine;
  } catch {
    // Not ours.
  }
  return { text };
}

const TONES: Readonly<Record<string, Tone>> = { warn: 'warn', error: 'bad' };

/** Time, level, event and its facts; what has another form as it is. */
function lineOf({ paint }: Page, line: LogLine): string {
  const { time, level, event, facts } = line as Readonly<Record<string, unknown>>;
  if (typeof time !== 'string' || typeof level !== 'string' || typeof event !== 'string') {
    return `${plainText('text' in line ? String(line.text) : JSON.stringify(line))}\n`;
  }
  const when = paint('dim', plainText(utcText(time)));
  const tone = TONES[level];
  const padded = plainText(level).padEnd(5);
  const shown = tone === undefined ? padded : paint(tone, padded);
  const said = Object.entries(facts ?? {}).map(
    ([name, value]) => ` ${plainText(name)}=${printValue(value)}`,
  );
  return `${when}  ${shown}  ${plainText(event)}${said.join('')}\n`;
}

/** A text without blanks as it is, everything else as JSON. */
const printValue = (value: unknown): string =>
  plainText(
    typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : (JSON.stringify(value) ?? '-'),
  );
