/**
 * Loop: naming commands — member rename, member label: what members are called.
 */
import { Command } from 'commander';
import type { Named } from '../node/naming.ts';
import type { Session } from './session.ts';

type Open = (command: Command) => Session;

/** `member` and what is below it. */
export function memberCommand(session: Open): Command {
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
      .addHelpText('after', '\nExample:\n  cnsmo member label vm2 role=web zone=a old-\n')
      .action(async (text: string, changes: readonly string[], _flags, command: Command) => {
        const { call, show } = session(command);
        const named = (await call('PUT', `${pathOf(text)}/labels`, { changes })) as Named;
        await show(named, () => labelsText(named));
      }),
  );
  return member;
}

const pathOf = (member: string): string => `/v1/members/${encodeURIComponent(member)}`;

const labelsText = ({ name, labels }: Named): string => {
  const all = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return `${name}: ${all.length === 0 ? 'no labels' : all.join(' ')}\n`;
};
