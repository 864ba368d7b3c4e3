/**
 * Loop: core commands — core, drain, undrain: who has the core role, and how it moves.
 */
import { Command } from 'commander';
import type { CoreReport, CoreStatus } from '../node/rules/answers.ts';
import { readDuration } from './duration.ts';
import type { Session } from './session.ts';
import { type Page, renderTable } from './table.ts';
import { utcText } from './utc-text.ts';

type Open = (command: Command) => Session;

const DRAIN =
  'take no new load on this VM, end what balancers sent it, and hand the core role over';

/** `core`, `drain` and `undrain`. */
export const coreCommands = (session: Open): readonly Command[] => [
  coreCommand(session),
  drainCommand(session, 'drain', DRAIN, true),
  drainCommand(session, 'undrain', 'take load on this VM again', false),
];

function coreCommand(session: Open): Command {
  const core = new Command('core')
    .description('who has the core role, since when, why, and who is next')
    .option('--epoch <duration>', 'set how long a turn is, 30s to 24h, in the whole mesh')
    .addHelpText('after', '\nExample:\n  cnsmo core --epoch 5m\n')
    .action(async ({ epoch }: { epoch?: string }, command: Command) => {
      const { call, show } = session(command);
      if (epoch !== undefined) {
        const epochMs = readDuration('epoch', epoch);
        await call('PUT', '/v1/core/epoch', { epochMs });
      }
      const view = (await call('GET', '/v1/core')) as CoreReport;
      await show(view, (page) => coreText(page, view));
    });
  core.addCommand(
    new Command('step-down')
      .description('give the role away for the rest of this turn; done when another has it')
      .addHelpText('after', '\nExample:\n  cnsmo core step-down\n')
      .action(async (_flags: unknown, command: Command) => {
        const { call, show, patiently } = session(command);
        const given = call('POST', '/v1/core/step-down');
        const now = (await patiently('waiting until another has the role', given)) as CoreStatus;
        await show(now, () => `${now.name} has the core role now, term ${termOf(now)}.\n`);
      }),
  );
  return core;
}

const drainCommand = (session: Open, name: string, what: string, isDrain: boolean): Command =>
  new Command(name)
    .description(what)
    .addHelpText('after', `\nExample:\n  cnsmo ${name}\n`)
    .action(async (_flags: unknown, command: Command) => {
      const { call, show } = session(command);
      const said = await call('PUT', '/v1/drain', { draining: isDrain });
      const text = isDrain
        ? 'This VM takes no new load, and what balancers have running here is ended after the ' +
          'time of their --drain; to take it back: cnsmo undrain\n'
        : 'This VM takes load again.\n';
      await show(said, () => text);
    });

const termOf = ({ epoch, term }: CoreStatus): string => `${epoch}.${term}`;

const COLUMNS = [
  { heading: 'RING', least: 12 },
  { heading: 'NOW', least: 8 },
];

function coreText(page: Page, view: CoreReport): string {
  const { holder, elected, why, next, ring, epochMs, isEligible, duties } = view;
  const has =
    holder === null
      ? `${elected?.name ?? 'nobody'} is to have the core role, and does not say so yet: ${why}`
      : `${page.paint('strong', holder.name)} has the core role: ${why}`;
  const since =
    holder === null ? '' : `term ${termOf(holder)}, since ${utcText(holder.since)} UTC\n`;
  const then = next === null ? '' : `next: ${next.name}, at ${utcText(next.at)} UTC\n`;
  const turn = `a turn is ${epochMs / 1_000} s`;
  const own = isEligible ? '' : '; this VM may not have it (cnsmo consent --eligible)';
  const rows = ring.map(({ name, unfit }) => [name, unfit ?? 'fit']);
  const found = duties.flatMap((duty) => duty.found.map((line) => `${line}\n`));
  const rest = found.length === 0 ? '' : `\n${found.join('')}`;
  return `${has}\n${since}${then}${turn}${own}\n\n${renderTable(page, COLUMNS, rows)}${rest}`;
}
