/**
 * Rule: render — answers as people read them: plain tables, and lines.
 */

import type { ListedInvite, MemberStatus, Status } from '../node/rules/answers.ts';

/** Rows under headings, each column as wide as its widest cell. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [headings, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** The members, one a line. */
export const renderMembers = (members: readonly MemberStatus[]): string =>
  table(
    ['NAME', 'ROLE', 'STATE', 'ADDRESS', 'ENDPOINT', 'HANDSHAKE', 'RTT'],
    members.map((member) => [
      member.name,
      member.role,
      member.state,
      member.addresses[0] ?? '-',
      member.endpoint ?? '-',
      member.handshakeAgeMs === null ? '-' : `${Math.round(member.handshakeAgeMs / 1000)} s ago`,
      member.rttMs === null ? '-' : `${Math.round(member.rttMs)} ms`,
    ]),
  );

/** The whole status. */
export function renderStatus(status: Status): string {
  const { mesh, self, members, services, reachable, total } = status;
  const ready = self.ready ? 'ready' : 'not ready yet';
  const engine = self.engine === null ? '' : ` · WireGuard: ${self.engine}`;
  const missing = members.filter(({ state }) => state !== 'alive' && state !== 'left');
  const partition =
    missing.length === 0
      ? ''
      : `${reachable} of ${total} members reachable, not ${names(missing)}; ` +
        'changes made here reach them when they return\n';
  const problems = services.flatMap(({ name, state, problems: lines }) =>
    state === 'ready' ? [] : [`${name}: ${state}\n`, ...lines.map((line) => `  ${line}\n`)],
  );
  return [
    `mesh ${mesh.name} · ${self.name} (${self.role}) ${self.addresses.join(' ')} · `,
    `${ready}${engine}\n`,
    partition,
    '\n',
    renderMembers(members),
    problems.length === 0 ? '' : `\n${problems.join('')}`,
    ...status.alarms.map((alarm) => `alarm: ${alarm}\n`),
  ].join('');
}

const names = (members: readonly MemberStatus[]): string =>
  members.map(({ name }) => name).join(', ');

/** The invites, one a line. */
export const renderInvites = (invites: readonly ListedInvite[]): string =>
  table(
    ['INVITE', 'STATE', 'USED', 'EXPIRES', 'LABELS'],
    invites.map((invite) => [
      invite.id.slice(0, 12),
      invite.state,
      `${invite.used} of ${invite.uses}`,
      new Date(invite.expiryMs).toISOString().slice(0, 19).replace('T', ' '),
      Object.entries(invite.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    ]),
  );
