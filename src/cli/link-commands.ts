/**
 * Loop: link commands — with whom this VM keeps connections, and how many.
 */
import { Command } from 'commander';
import { Fault } from '../fault.ts';
import type { LinksView } from '../node/rules/answers.ts';
import type { Session } from './session.ts';
import { type Page, renderTable } from './table.ts';

/** `links`. */
export const linksCommand = (session: (command: Command) => Session): Command =>
  new Command('links')
    .description('with whom this VM keeps connections for the state; the VPN joins all of them')
    .option('--degree <count>', 'set how many a member keeps in a large mesh: 6, 8, 10 or 12')
    .option('--at <addr[:port]>', 'where another member is now; for when all have moved')
    .addHelpText(
      'after',
      '\nTwo members find each other while one is where the other knows it to be.\n' +
        'Have all moved at once, name the address of another, on each VM but one.\n' +
        '\nExample:\n  cnsmo links --degree 10\n  cnsmo links --at 203.0.113.9\n',
    )
    .action(async ({ degree, at }: { degree?: string; at?: string }, command: Command) => {
      const { call, show, patiently } = session(command);
      if (at !== undefined) {
        const finding = call('POST', '/v1/links/at', { at });
        const found = (await patiently('looking there', finding)) as { member: string };
        return await show(found, () => `${found.member} is there.\n`);
      }
      if (degree !== undefined) {
        await call('PUT', '/v1/links/degree', { degree: readCount(degree) });
      }
      const view = (await call('GET', '/v1/links')) as LinksView;
      await show(view, (page) => linksText(page, view));
    });

function readCount(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  const facts = { field: 'degree', value: text, why: 'not a number', remedy: 'give one as 8' };
  throw new Fault('usage', facts);
}

const COLUMNS = [
  { heading: 'MEMBER', least: 12 },
  { heading: 'LINK', least: 9 },
  { heading: 'REMOTE', least: 8 },
  { heading: 'RTT', least: 8 },
];

function linksText(page: Page, { degree, links }: LinksView): string {
  const rows = links.map(({ name, neighbour, connected, remote, rttMs }) => [
    name,
    connected ? (neighbour ? 'neighbour' : 'spare') : 'missing',
    remote ?? '-',
    rttMs === null ? '-' : `${rttMs.toFixed(1)} ms`,
  ]);
  const rule = `a member keeps connections with ${degree} neighbours, in a small mesh with all\n`;
  return links.length === 0 ? rule : `${rule}\n${renderTable(page, COLUMNS, rows)}`;
}
