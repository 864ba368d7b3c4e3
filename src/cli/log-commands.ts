/**
 * Loop: log commands — logs: what the daemon of this VM writes about itself.
 */
import { Command } from 'commander';
import { Fault } from '../fault.ts';
import type { Tone } from '../services/verb.ts';
import type { Local } from './local.ts';
import { plainText } from './plain-text.ts';
import type { Session } from './session.ts';
import type { Page } from './table.ts';

interface LogFlags {
  readonly follow?: boolean;
  readonly lines: string;
}

/** `logs`. */
export const logsCommand = (local: Local, session: (command: Command) => Session): Command =>
  new Command('logs')
    .description('what the daemon of this VM writes: its last lines')
    .option('-f, --follow', 'go on as lines are written')
    .option('-n, --lines <count>', 'how many of the last lines', '50')
    .addHelpText('after', '\nExample:\n  cnsmo logs -f -n 100\n')
    .action(async (flags: LogFlags, command: Command) => {
      const open = session(command);
      const wish = { lines: readLines(flags.lines), isFollowed: flags.follow === true };
      let shown: Promise<void> = Promise.resolve();
      await local.logs(open.places, wish, (text) => {
        const line = readLine(text);
        shown = shown.then(() => open.showLine(line, (page) => lineOf(page, line)));
      });
      await shown;
    });

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
  const when = paint('dim', plainText(time.slice(0, 19).replace('T', ' ')));
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
