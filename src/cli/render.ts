/**
 * Rule: render — answers as people read them: tables, and lines.
 */
import type { ListedInvite, MemberStatus, Status } from '../node/rules/answers.ts';
import { type Cell, type Page, renderTable, type Tone } from './table.ts';

/** The overlay address is never shortened: it is what people copy. */
const MEMBER_COLUMNS = [
  { heading: 'NAME', least: 12 },
  { heading: 'ROLE' },
  { heading: 'STATE' },
  { heading: 'ADDRESS' },
  { heading: 'ENDPOINT', least: 9 },
  { heading: 'SEEN' },
  { heading: 'RTT' },
];

/** The members, one a line. SEEN: how long ago its tunnel shook hands. */
export const renderMembers = (page: Page, members: readonly MemberStatus[]): string =>
  renderTable(
    page,
    MEMBER_COLUMNS,
    members.map((member) => [
      member.name,
      member.role,
      { text: member.state, tone: STATE_TONES[member.state] },
      member.addresses[0] ?? '-',
      member.endpoint ?? '-',
      member.handshakeAgeMs === null ? '-' : printAge(member.handshakeAgeMs),
      member.rttMs === null ? '-' : `${Math.round(member.rttMs)} ms`,
    ]),
  );

const STATE_TONES: Readonly<Record<MemberStatus['state'], Tone>> = {
  alive: 'good',
  suspect: 'warn',
  dead: 'bad',
  left: 'dim',
};

const AGES = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
] as const;

/** An age in its largest whole unit, as `12 s` or `3 h`. */
const printAge = (ageMs: number): string => {
  const { unit, ms } = AGES.find((age) => ageMs >= age.ms) ?? { unit: 's', ms: 1_000 };
  return `${Math.floor(ageMs / ms)} ${unit}`;
};

/** The whole status. */
export function renderStatus(page: Page, status: Status): string {
  const { mesh, self, members, services } = status;
  const { paint } = page;
  const ready = self.ready ? paint('good', 'ready') : paint('warn', 'not ready yet');
  const engine = self.engine === null ? '' : ` · WireGuard: ${self.engine}`;
  const problems = services.flatMap(({ name, state, problems: lines }) =>
    state === 'ready'
      ? []
      : [`${name}: ${paint('warn', state)}\n`, ...lines.map((line) => `  ${line}\n`)],
  );
  return [
    `mesh ${paint('strong', mesh.name)} · ${self.name} (${self.role}) · ${ready}${engine}\n`,
    self.addresses.length === 0 ? '' : `${self.addresses.join(' · ')}\n`,
    partitionText(page, status),
    '\n',
    renderMembers(page, members),
    problems.length === 0 ? '' : `\n${problems.join('')}`,
    ...status.alarms.map((alarm) => `${paint('bad', 'alarm')}: ${alarm}\n`),
  ].join('');
}

/** How many of those who cannot be reached are named. */
const NAMED_MAX = 5;

const partitionText = ({ paint }: Page, { members, reachable, total }: Status): string => {
  const missing = members.filter(({ state }) => state !== 'alive' && state !== 'left');
  if (missing.length === 0) return '';
  const named = missing.slice(0, NAMED_MAX).map(({ name }) => name);
  const more = missing.length > NAMED_MAX ? ` and ${missing.length - NAMED_MAX} more` : '';
  return (
    `${paint('warn', `${reachable} of ${total} members reachable`)}, ` +
    `not ${named.join(', ')}${more};\nchanges made here reach them when they return\n`
  );
};

const INVITE_COLUMNS = [
  { heading: 'INVITE' },
  { heading: 'STATE' },
  { heading: 'USED' },
  { heading: 'EXPIRES (UTC)' },
  { heading: 'LABELS', least: 6 },
];

/** The invites, one a line. */
export const renderInvites = (page: Page, invites: readonly ListedInvite[]): string =>
  renderTable(
    page,
    INVITE_COLUMNS,
    invites.map((invite): readonly Cell[] => [
      invite.id.slice(0, 12),
      { text: invite.state, tone: invite.state === 'open' ? 'good' : 'dim' },
      `${invite.used} of ${invite.uses}`,
      new Date(invite.expiryMs).toISOString().slice(0, 16).replace('T', ' '),
      Object.entries(invite.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    ]),
  );
