/**
 * Loop: mesh commands — status, members, invite, operator: what concerns the mesh.
 */
import { Command } from 'commander';
import { Fault } from '../fault.ts';
import type { MemberStatus, Status } from '../node/rules/answers.ts';
import { auditCommand, conflictsCommand } from './audit-commands.ts';
import { coreCommands } from './core-commands.ts';
import { eventsCommand } from './event-commands.ts';
import { evictCommand } from './evict-commands.ts';
import { inviteCommand } from './invite-commands.ts';
import { linksCommand } from './link-commands.ts';
import type { Local } from './local.ts';
import { memberCommand } from './naming-commands.ts';
import { operatorCommand } from './operator-commands.ts';
import { recoverMemberCommand } from './recover-commands.ts';
import { renderMembers, renderStatus } from './render.ts';
import type { Session } from './session.ts';

type Open = (command: Command) => Session;

/** The commands of the mesh. */
export const meshCommands = (local: Local, session: Open): readonly Command[] => [
  statusCommand(local, session),
  membersCommand(session),
  memberCommand(local, session),
  eventsCommand(local, session),
  inviteCommand(local, session),
  operatorCommand(local, session),
  evictCommand(session),
  ...coreCommands(session),
  linksCommand(session),
  recoverMemberCommand(session),
  auditCommand(local, session),
  conflictsCommand(local, session),
];

/** Who is behind is looked up for whoever reads; scripts that wait for readiness need not. */
const COMPARED = { compare: 'true' };

function statusCommand(local: Local, session: Open): Command {
  return new Command('status')
    .description('this VM and its mesh')
    .option('--wait <what>', 'wait until this VM is ready', (what: string) => {
      if (what === 'ready') return what;
      const remedy = 'write --wait ready';
      throw new Fault('refused', { field: 'wait', value: what, why: 'not a state', remedy });
    })
    .addHelpText('after', '\nExample:\n  cnsmo status --wait ready --timeout 60s\n')
    .action(async (flags: { wait?: string }, command: Command) => {
      const open = session(command);
      const status =
        flags.wait === undefined
          ? ((await open.call('GET', '/v1/status', null, { query: COMPARED })) as Status)
          : await open.patiently('waiting until this VM is ready', waitReady(local, open));
      await open.show(status, (page) => renderStatus(page, status));
    });
}

/** Pause between two looks of `--wait`. Unit: ms. */
const LOOK_MS = 200;

async function waitReady(local: Local, open: Session): Promise<Status> {
  let last = '';
  const deadlineMs = local.monotonicMs() + open.timeoutMs;
  for (;;) {
    const leftMs = Math.max(LOOK_MS, deadlineMs - local.monotonicMs());
    try {
      const status = (await open.call('GET', '/v1/status', null, { waitMs: leftMs })) as Status;
      if (status.self.ready) return status;
      last = whyNotReady(status);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'no-daemon') throw error;
      last = `daemon: ${error.facts.why}`;
    }
    if (local.monotonicMs() >= deadlineMs) break;
    await local.sleep(LOOK_MS);
  }
  throw new Fault('timeout', {
    field: 'status',
    value: 'not ready',
    why: last,
    remedy: 'wait longer with --timeout, or see cnsmo status',
  });
}

function whyNotReady(status: Status): string {
  const service = status.services.find(({ state }) => state !== 'ready');
  if (service !== undefined) {
    const [problem] = service.problems;
    const why = `service ${service.name} is ${service.state}`;
    return problem === undefined ? why : `${why}: ${problem}`;
  }
  return `${status.reachable} of ${status.total} members reachable and not all in step`;
}

const membersCommand = (session: Open): Command =>
  new Command('members')
    .description('the members of the mesh')
    .addHelpText('after', '\nExample:\n  cnsmo members -o json\n')
    .action(async (_flags: unknown, command: Command) => {
      const { call, show } = session(command);
      const members = (await call('GET', '/v1/members')) as readonly MemberStatus[];
      await show(members, (page) => renderMembers(page, members));
    });
