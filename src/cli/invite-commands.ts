/**
 * Loop: invite commands — invite, invite list, invite revoke: who may come into the mesh.
 */
import { Argument, Command } from 'commander';
import { Fault } from '../fault.ts';
import type { ListedInvite } from '../node/rules/answers.ts';
import { readDuration } from './duration.ts';
import type { Local } from './local.ts';
import { renderInvites } from './render.ts';
import type { Session } from './session.ts';

type Open = (command: Command) => Session;

interface InviteFlags {
  readonly ttl: string;
  readonly uses: string;
  readonly label: readonly string[];
}

/** `invite` and what is below it. */
export function inviteCommand(local: Local, session: Open): Command {
  const invite = new Command('invite')
    .description('print a token with which another VM can join')
    .option('--ttl <duration>', 'how long it is valid', '1h')
    .option('--uses <number>', 'how many VMs it lets in', '1')
    .option('--label <key=value>', 'label of who joins by it; may be repeated', collect, [])
    .addHelpText('after', '\nExample:\n  cnsmo invite --ttl 30m --label role=web\n')
    .action(async (flags: InviteFlags, command: Command) => {
      const { call, show, isForPeople, patiently } = session(command);
      const asked = call('POST', '/v1/invites', {
        ttlMs: readDuration('ttl', flags.ttl, { least: '1s', most: '7d' }),
        uses: readUses(flags.uses),
        labels: flags.label,
      });
      const made = (await patiently('spreading the invite', asked)) as {
        token: string;
        warning: string | null;
      };
      await show(made, () => `${made.token}\n`);
      if (made.warning !== null && isForPeople) local.err(`note: ${made.warning}\n`);
    });
  invite.addCommand(listCommand(session));
  invite.addCommand(revokeCommand(session));
  return invite;
}

const listCommand = (session: Open): Command =>
  new Command('list')
    .description('the invites')
    .addHelpText('after', '\nExample:\n  cnsmo invite list\n')
    .action(async (_flags, command: Command) => {
      const { call, show } = session(command);
      const invites = (await call('GET', '/v1/invites')) as readonly ListedInvite[];
      await show(invites, (page) => renderInvites(page, invites));
    });

const revokeCommand = (session: Open): Command =>
  new Command('revoke')
    .description('let nobody else in by an invite')
    .addArgument(new Argument('<id>', 'the invite, or the beginning of its id'))
    .addHelpText('after', '\nExample:\n  cnsmo invite revoke 4vq7zk2m\n')
    .action(async (id: string, _flags, command: Command) => {
      const { call, show } = session(command);
      await call('DELETE', `/v1/invites/${encodeURIComponent(id)}`);
      await show({ revoked: id }, () => `Invite ${id} is revoked.\n`);
    });

const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];

function readUses(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= 1000) return Number(text);
  const remedy = 'give a number from 1 to 1000';
  throw new Fault('refused', { field: 'uses', value: text, why: 'not a number of uses', remedy });
}
