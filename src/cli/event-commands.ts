/**
 * Loop: event commands — events: what happened, as this VM saw it.
 */
import { Command } from 'commander';
import type { EventAnswer, MeshEvent } from '../node/events.ts';
import type { SeenAnswer, SeenEvent } from '../node/member-events.ts';
import type { Tone } from '../services/verb.ts';
import { readDuration } from './duration.ts';
import { follow } from './follow.ts';
import type { Local } from './local.ts';
import type { Session } from './session.ts';
import type { Page } from './table.ts';
import { utcText } from './utc-text.ts';

interface EventFlags {
  readonly follow?: boolean;
  readonly since?: string;
  readonly on?: string;
}

/** `events`. */
export const eventsCommand = (local: Local, session: (command: Command) => Session): Command =>
  new Command('events')
    .description('what happened in the mesh, as this VM saw it: the last 10,000')
    .option('-f, --follow', 'go on as things happen, also through a restart of the daemon')
    .option('--since <duration>', 'nothing that is older')
    .option('--on <member>', 'what that member saw, or all of them, by time; for operators')
    .addHelpText(
      'after',
      '\nOf all members the newest 50,000 are shown, of each its share. Programs get what\n' +
        'happens as a stream of the local API: GET /v1/events?stream=true.\n' +
        '\nExample:\n  cnsmo events -f --since 10m\n  cnsmo events --on all --since 1h\n',
    )
    .action(async (flags: EventFlags, command: Command) => {
      const open = session(command);
      const since = flags.since === undefined ? null : readDuration('since', flags.since);
      const on = flags.on === undefined ? {} : { on: flags.on };
      const age = since === null ? on : { ...on, ageMsMax: String(since) };
      const query = { ...age, waitMs: '0' };
      const first = (await open.call('GET', '/v1/events', null, { query })) as EventAnswer &
        Partial<SeenAnswer>;
      for (const { member, why } of first.missing ?? []) open.hint(`note: ${member}: ${why}\n`);
      if ((first.leftOut ?? 0) > 0) {
        open.hint(`note: ${first.leftOut} older ones are left out; see --since\n`);
      }
      const show = (answer: EventAnswer): Promise<void> => showAll(open, answer);
      await show(first);
      if (flags.follow === true) {
        await follow(local, open, { path: '/v1/events', query: on, show }, first.cursor);
      }
    });

async function showAll(open: Session, { events }: EventAnswer): Promise<void> {
  for (const event of events) await open.showLine(event, (page) => lineOf(page, event));
}

/** Date and time in UTC without its fractions, then what happened to whom. */
const lineOf = ({ paint }: Page, event: MeshEvent & Partial<SeenEvent>): string => {
  const { time, kind, member, text, cause, on } = event;
  const when = paint('dim', utcText(time));
  const tone = TONES[kind];
  const what = tone === undefined ? kind : paint(tone, kind);
  const blanks = ' '.repeat(Math.max(0, KIND_WIDTH - kind.length)); // Others may say other kinds.
  const seen = on === undefined ? '' : `${paint('dim', `${on}:`)} `;
  const why = (cause ?? null) === null ? '' : `: ${cause}`;
  return `${when}  ${what}${blanks}  ${seen}${member === null ? '' : `${member} `}${text}${why}\n`;
};

const TONES: Readonly<Partial<Record<MeshEvent['kind'], Tone>>> = {
  joined: 'good',
  connected: 'good',
  disconnected: 'warn',
  core: 'strong',
  drift: 'warn',
  conflict: 'warn',
  refused: 'warn',
  evicted: 'bad',
  alarm: 'bad',
};

/** Of the longest kind. */
const KIND_WIDTH = 'disconnected'.length;
