/**
 * Loop: naming commands — member rename, member label: what members are called.
 */
import { Command } from 'commander';
import type { Named } from '../node/naming.ts';
import type { Upheld } from '../node/uphold.ts';
import type { Local } from './local.ts';
import type { Session } from './session.ts';

type Open = (command: Command) => Session;

/** `member` and what is below it. */
export function memberCommand(local: Local, session: Open): Command {
  const member = new Command('member')
    .description('what a member is called, and its labels')
    .addHelpText('after', '\nExample:\n  cnsmo member label vm2 role=web\n');
  member.addCommand(
    new Command('rename')
      .description('call a member otherwise, everywhere')
      .argument('<member>', 'name or id')
      .argument('<name>', 'the new name')
      .addHelpText('after', '\nExample:\n  cnsmo member rename vm2 db-1\n')
      .action(async (text: string, name: string, _flags, command: Command) => {
        const { call, show } = session(command);
        const named = (await call('PUT', `${pathOf(text)}/name`, { name })) as Named;
        await show(named, () => `${text} is ${named.name} now.\n`);
      }),
  );
  member.addCommand(
    new Command('label')
      .description('set labels of a member, or remove them')
      .argument('<member>', 'name or id')
      .argument('<changes...>', 'KEY=VALUE to set one, KEY- to remove one')
      .option(
        '--force',
        'also where that cuts SSH or the mesh, or takes a balancer its last backend',
      )
      .addHelpText('after', '\nExample:\n  cnsmo member label vm2 role=web zone=a old-\n')
      .action(async (text: string, changes: readonly string[], flags, command: Command) => {
        const { call, show } = session(command);
        const body = { changes, ...(await askedOf(local, flags)) };
        const named = (await call('PUT', `${pathOf(text)}/labels`, body)) as Named &
          Partial<Upheld>;
        await show(named, () => `${labelsText(named)}${notesText(named)}`);
      }),
  );
  return member;
}

/** Who asks, and whether by force: what a change is weighed by that may cut ways. */
export const askedOf = async (local: Pick<Local, 'caller'>, { force }: { force?: true }) => ({
  caller: await local.caller(),
  ...(force === true ? { force } : {}),
});

/** What services had to say of a change, under what it did. An older daemon tells nothing of it. */
export const notesText = ({ notes = [] }: Partial<Upheld>): string =>
  notes.map((note) => `${note}\n`).join('');

const pathOf = (member: string): string => `/v1/members/${encodeURIComponent(member)}`;

const labelsText = ({ name, labels }: Named): string => {
  const all = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return `${name}: ${all.length === 0 ? 'no labels' : all.join(' ')}\n`;
};
