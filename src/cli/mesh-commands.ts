/**
 * Loop: mesh commands — status, members, invite, operator: what concerns the mesh.
 */
import { Argument, Command } from 'commander';
import { Fault } from '../fault.ts';
import type { ListedInvite, MemberStatus, Status } from '../node/rules/answers.ts';
import { readDuration } from './duration.ts';
import type { Local } from './local.ts';
import { renderInvites, renderMembers, renderStatus } from './render.ts';
import type { Session } from './session.ts';

type Open = (command: Command) => Session;

/** The commands of the mesh. */
export const meshCommands = (local: Local, session: Open): readonly Command[] => [
  statusCommand(local, session),
  membersCommand(session),
  inviteCommand(local, session),
  operatorCommand(local, session),
];

function statusCommand(local: Local, session: Open): Command {
  return new Command('status')
    .description('this VM and its mesh')
    .option('--wait <what>', 'wait until this VM is ready', (what: string) => {
      if (what === 'ready') return what;
      const remedy = 'write --wait ready';
      throw new Fault('usage', { field: 'wait', value: what, why: 'not a state', remedy });
    })
    .addHelpText('after', '\nExample:\n  cnsmo status --wait ready --timeout 60s\n')
    .action(async (flags: { wait?: string }, command: Command) => {
      const open = session(command);
      const status =
        flags.wait === undefined
          ? ((await open.call('GET', '/v1/status')) as Status)
          : await waitReady(local, open);
      await open.show(status, () => renderStatus(status));
    });
}

/** Pause between two looks of `--wait`. Unit: ms. */
const LOOK_MS = 200;

async function waitReady(local: Local, open: Session): Promise<Status> {
  let last = 'the daemon does not answer yet';
  for (let waitedMs = 0; waitedMs <= open.timeoutMs; waitedMs += LOOK_MS) {
    try {
      const status = (await open.call('GET', '/v1/status')) as Status;
      if (status.self.ready) return status;
      last = whyNotReady(status);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'no-daemon') throw error;
    }
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
    return `service ${service.name} is ${service.state} ${service.problems[0] ?? ''}`.trim();
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
      await show(members, () => renderMembers(members));
    });

interface InviteFlags {
  readonly ttl: string;
  readonly uses: string;
  readonly label: readonly string[];
}

function inviteCommand(local: Local, session: Open): Command {
  const invite = new Command('invite')
    .description('print a token with which another VM can join')
    .option('--ttl <duration>', 'how long it is valid', '1h')
    .option('--uses <number>', 'how many VMs it lets in', '1')
    .option('--label <key=value>', 'label of who joins by it; may be repeated', collect, [])
    .addHelpText('after', '\nExample:\n  cnsmo invite --ttl 30m --label role=web\n')
    .action(async (flags: InviteFlags, command: Command) => {
      const { call, show } = session(command);
      const made = (await call('POST', '/v1/invites', {
        ttlMs: readDuration('ttl', flags.ttl),
        uses: readUses(flags.uses),
        labels: flags.label,
      })) as { token: string; warning: string | null };
      await show(made, () => `${made.token}\n`);
      if (made.warning !== null) local.err(`note: ${made.warning}\n`);
    });
  invite.addCommand(
    new Command('list').description('the invites').action(async (_flags, command: Command) => {
      const { call, show } = session(command);
      const invites = (await call('GET', '/v1/invites')) as readonly ListedInvite[];
      await show(invites, () => renderInvites(invites));
    }),
  );
  invite.addCommand(
    new Command('revoke')
      .description('let nobody else in by an invite')
      .addArgument(new Argument('<id>', 'the invite, or the beginning of its id'))
      .action(async (id: string, _flags, command: Command) => {
        const { call, show } = session(command);
        await call('DELETE', `/v1/invites/${encodeURIComponent(id)}`);
        await show({ revoked: id }, () => `Invite ${id} is revoked.\n`);
      }),
  );
  return invite;
}

const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];

function readUses(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= 1000) return Number(text);
  const remedy = 'give a number from 1 to 1000';
  throw new Fault('refused', { field: 'uses', value: text, why: 'not a number of uses', remedy });
}

function operatorCommand(local: Local, session: Open): Command {
  const operator = new Command('operator')
    .description('who may change the mesh')
    .addHelpText('after', '\nExample:\n  cnsmo operator add vm2\n');
  operator.addCommand(
    new Command('add')
      .description('give a member the operator role; done when it has it')
      .argument('<member>', 'name or id')
      .action(async (member: string, _flags, command: Command) => {
        const { call, show } = session(command);
        await call('POST', '/v1/operators', { member });
        await show({ operator: member }, () => `${member} is an operator.\n`);
      }),
  );
  operator.addCommand(
    new Command('remove')
      .description('take the role back; who joined by its invites stays, nobody else does')
      .argument('<member>', 'name or id')
      .action(async (member: string, _flags, command: Command) => {
        const { call, show } = session(command);
        await call('DELETE', `/v1/operators/${encodeURIComponent(member)}`);
        await show({ removed: member }, () => `${member} is no operator any more.\n`);
      }),
  );
  operator.addCommand(recoverCommand(local, session));
  return operator;
}

const recoverCommand = (local: Local, session: Open): Command =>
  new Command('recover')
    .description('make this VM an operator with the recovery code; prints the next code')
    .option('--code-file <file>', 'read the code from a file (else from standard input)')
    .option('--recovery-file <file>', 'write the next code there instead of printing it')
    .addHelpText('after', '\nExample:\n  cnsmo operator recover --code-file ./code\n')
    .action(async (flags: { codeFile?: string; recoveryFile?: string }, command: Command) => {
      const { call, show, hint } = session(command);
      if (flags.codeFile === undefined && local.isInputTerminal) hint('Recovery code: ');
      const code =
        flags.codeFile === undefined
          ? await local.readInput()
          : await local.readSecret(flags.codeFile);
      const next = (await call('POST', '/v1/recovery-codes')) as { code: string };
      if (flags.recoveryFile !== undefined) {
        await local.writeSecret(flags.recoveryFile, `${next.code}\n`);
      }
      await call('POST', '/v1/operators/recover', { code: code.trim(), nextCode: next.code });
      const isPrinted = flags.recoveryFile === undefined;
      await show(
        { recovered: true, ...(isPrinted ? { recoveryCode: next.code } : {}) },
        () =>
          'This VM is an operator. The old recovery code is void.\n' +
          (isPrinted
            ? `Next recovery code, shown only now: ${next.code}\n`
            : `The next recovery code is in ${flags.recoveryFile ?? 'its file'}.\n`),
      );
    });
