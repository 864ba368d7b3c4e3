/**
 * Loop: evict commands — evict: throws a member out of the mesh for good.
 */
import { Command } from 'commander';
import type { Evicted } from '../node/evict.ts';
import type { Eviction } from '../node/rules/answers.ts';
import type { Session } from './session.ts';

interface EvictFlags {
  readonly cascade?: boolean;
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** `evict`. */
export const evictCommand = (session: (command: Command) => Session): Command =>
  new Command('evict')
    .description('throw a member out for good, whether or not it can be reached')
    .argument('<member>', 'name or id')
    .option('--cascade', 'whom it admitted goes too; else they stay, by the word of this VM')
    .option('--reason <text>', 'why, for those who read it later')
    .option('--dry-run', 'only show what hangs on it')
    .addHelpText(
      'after',
      '\nIts key is refused from now on, and nobody comes by its invites; its name and\n' +
        'address are free. To evict this VM, or the last operator, takes --yes.\n' +
        '\nExample:\n  cnsmo evict vm3 --dry-run && cnsmo evict vm3 --reason stolen\n',
    )
    .action(async (member: string, _flags: unknown, command: Command) => {
      const open = session(command);
      const flags = command.optsWithGlobals<EvictFlags>();
      const cascade = flags.cascade === true;
      const path = `/v1/evictions/${encodeURIComponent(member)}`;
      const query = { cascade: String(cascade) };
      const foreseen = (await open.call('GET', path, null, { query })) as Eviction;
      if (flags.dryRun === true) {
        await open.show({ evicted: false, ...foreseen }, () => `${hangingText(foreseen)}`);
        return;
      }
      open.hint(hangingText(foreseen));
      const wish = { member: foreseen.id, cascade, sure: flags.yes === true };
      const reason = flags.reason === undefined ? {} : { reason: flags.reason };
      const evicting = open.call('POST', '/v1/evictions', { ...wish, ...reason });
      const evicted = (await open.patiently(`telling the others`, evicting)) as Evicted;
      await open.show({ evicted: true, ...evicted }, () => evictedText(evicted));
    });

/** What hangs on a member, a line each; that nothing does. */
function hangingText({ member, adopted, lost, ...rest }: Eviction): string {
  const { invites, operators, paths, warnings } = rest;
  const line = (what: string, items: readonly string[], end: string): readonly string[] =>
    items.length === 0 ? [] : [`  ${what}: ${items.join(', ')}: ${end}\n`];
  const lines = [
    ...line('members that came by it', adopted, 'stay, by the word of this VM'),
    ...line('members that came by it', lost, 'go with it'),
    ...line('operators', operators, 'keep the role, by the word of this VM'),
    ...line('policy, names and labels', paths, 'stay, by the word of this VM'),
    ...line(
      'open invites',
      invites.map((id) => id.slice(0, 12)),
      'open nothing any more',
    ),
    ...warnings.map((warning) => `  warning: ${warning}\n`),
  ];
  return lines.length === 0
    ? `Nothing hangs on ${member}.\n`
    : `What hangs on ${member}:\n${lines.join('')}`;
}

const evictedText = ({ member, told, others }: Evicted): string => {
  const rest = told < others ? '; the others hear of it when they can be reached' : '';
  return `${member} is evicted: ${told} of ${others} other members know${rest}.\n`;
};
