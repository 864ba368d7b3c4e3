/**
 * Loop: daemon commands — daemon, start, stop, restart: the process of this VM.
 */
import { Command } from 'commander';
import { Fault } from '../fault.ts';
import type { Status } from '../node/rules/answers.ts';
import type { Local } from './local.ts';
import type { Session } from './session.ts';

type Open = (command: Command) => Session;

/** Starts the daemon, and says so where that takes its time. */
export const start = (local: Local, { places, watch, patiently }: Session): Promise<void> =>
  patiently('starting the daemon', local.start(places, watch.timeoutMs));

const stop = (local: Local, { places, watch, patiently }: Session): Promise<void> =>
  patiently('stopping the daemon', local.stop(places, watch.timeoutMs));

/** The commands of the process. */
export function daemonCommands(local: Local, session: Open): readonly Command[] {
  const act = (name: string, description: string, run: (open: Session) => Promise<void>): Command =>
    new Command(name)
      .description(description)
      .addHelpText('after', `\nExample:\n  cnsmo ${name}\n`)
      .action((_flags: unknown, command: Command) => run(session(command)));
  return [
    act('daemon', 'run the member in this process (as the unit does)', async (open) => {
      await local.daemon(open.places);
      await open.show({ running: false }, () => '');
    }),
    act('start', 'start the daemon', async (open) => {
      await start(local, open);
      await open.show({ running: true }, () => 'The daemon runs.\n');
    }),
    act('stop', 'stop the daemon; the VPN keeps running', async (open) => {
      await stop(local, open);
      const isMember = (await local.isMember(open.places)) !== false;
      const rest = isMember ? 'the VPN keeps running' : 'this VM is in no mesh';
      await open.show({ running: false }, () => `The daemon is stopped; ${rest}.\n`);
    }),
    act('restart', 'stop and start the daemon; after an upgrade the new one runs', async (open) => {
      const before = await buildOf(open);
      await stop(local, open);
      await start(local, open);
      const now = await buildOf(open);
      await open.show({ running: true, before, now }, () => restartedText(before, now));
    }),
  ];
}

/** What any daemon says of itself; one of another version perhaps no commit. */
interface Said {
  readonly self: Pick<Status['self'], 'version'> & { readonly commit?: string };
}

/** Version and commit of the daemon that runs; null when none does, or none that answers. */
async function buildOf(open: Session): Promise<string | null> {
  try {
    const { self } = (await open.call('GET', '/v1/status')) as Said;
    const { version, commit } = self;
    return commit === undefined ? version : `${version} (${commit})`;
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

function restartedText(before: string | null, now: string | null): string {
  if (before === null || now === null)
    return `The daemon runs: ${now ?? 'it does not say which'}.\n`;
  return before === now
    ? `The daemon was restarted: still ${now}.\n`
    : `The daemon was restarted: ${before} before, ${now} now.\n`;
}
