/**
 * Rule: render — answers as people read them: tables, and lines.
 */
import type { ListedInvite, MemberStatus, Status } from '../node/rules/answers.ts';
import type { Cell, Tone } from '../services/verb.ts';
import { wrapText } from './plain-text.ts';
import { type Page, renderTable } from './table.ts';
import { utcText } from './utc-text.ts';

/** The overlay address is never shortened: it is what people copy. */
const MEMBER_COLUMNS = [
  { heading: 'NAME', least: 12 },
  { heading: 'ROLE', spare: 1 },
  { heading: 'STATE' },
  { heading: 'ADDRESS' },
  { heading: 'ENDPOINT', least: 15, spare: 4 },
  { heading: 'SEEN', spare: 2 },
  { heading: 'RTT', spare: 3 },
];
/** Only where a member has any. */
const LABELS_COLUMN = { heading: 'LABELS', least: 8, spare: 3 };

/**
 * The members, one a line, and who evicted those that are none any more. SEEN: how long ago its
 * tunnel shook hands.
 */
export function renderMembers(page: Page, members: readonly MemberStatus[]): string {
  const isLabelled = members.some(({ labels }) => Object.keys(labels).length > 0);
  const table = renderTable(
    page,
    isLabelled ? [...MEMBER_COLUMNS, LABELS_COLUMN] : MEMBER_COLUMNS,
    members.map((member) => [
      member.name,
      member.role,
      {
        text: member.draining ? `${member.state}, draining` : member.state,
        tone: STATE_TONES[member.state],
      },
      member.addresses[0] ?? '-',
      member.endpoint ?? '-',
      member.handshakeAgeMs === null ? '-' : printAge(member.handshakeAgeMs),
      member.rttMs === null ? '-' : `${Math.round(member.rttMs)} ms`,
      printLabels(member.labels),
    ]),
  );
  return [table, ...members.map((member) => evictionText(page, member))].join('');
}

function evictionText({ columns }: Page, { name, evicted }: MemberStatus): string {
  if (evicted === undefined) return '';
  const { by, at, reason } = evicted;
  const when = at === null ? '' : `, ${utcText(at, 'minute')} UTC`;
  const how = by === null ? 'went with whoever let it in' : `was evicted by ${by}`;
  const why = reason === '' ? '' : `: ${reason}`;
  return `${wrapText(`${name} ${how}${when}${why}`, columns, '  ')}\n`;
}

/** Labels as they are typed. */
const printLabels = (labels: MemberStatus['labels']): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

const STATE_TONES: Readonly<Record<MemberStatus['state'], Tone>> = {
  alive: 'good',
  suspect: 'warn',
  degraded: 'warn',
  dead: 'bad',
  left: 'dim',
  evicted: 'dim',
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
  const held = status.core === null ? '' : ` · core: ${status.core.name}`;
  const problems = services.flatMap(({ name, state, problems: lines }) =>
    state === 'ready' && lines.length === 0
      ? []
      : [
          `${name}: ${paint(state === 'ready' ? 'good' : 'warn', state)}\n`,
          ...lines.map((line) => `  ${wrapText(line, page.columns - 2, '  ')}\n`),
        ],
  );
  return [
    `mesh ${paint('strong', mesh.name)} · ${self.name} (${self.role}) · ${ready}${engine}${held}\n`,
    self.addresses.length === 0 ? '' : `${self.addresses.join(' · ')}\n`,
    partitionText(page, status),
    '\n',
    renderMembers(page, members),
    problems.length === 0 ? '' : `\n${problems.join('')}`,
    ...(status.outOfStep ?? []).map((line) => `${wrapText(line, page.columns, '  ')}\n`),
    ...status.alarms.map((alarm) => alarmText(page, alarm)),
  ].join('');
}

/** How many of those who cannot be reached are named. */
const NAMED_MAX = 5;

/** States that are nothing to worry about: within reach, or in the mesh no more. */
export const HERE_OR_GONE: ReadonlySet<MemberStatus['state']> = new Set([
  'alive',
  'degraded',
  'left',
  'evicted',
]);

/** What nobody can find out by itself. */
const ALL_MOVED = 'if all have new addresses, say where one of them is: cnsmo links --at ADDRESS';

function partitionText({ paint, columns }: Page, { members, reachable, total }: Status): string {
  const missing = members.filter(({ state }) => !HERE_OR_GONE.has(state));
  if (missing.length === 0) return '';
  const named = missing.slice(0, NAMED_MAX).map(({ name }) => name);
  const more = missing.length > NAMED_MAX ? ` and ${missing.length - NAMED_MAX} more` : '';
  const count = `${reachable} of ${total} members reachable`;
  const rest = 'changes made here reach the rest when they return';
  const who = `not reachable: ${named.join(', ')}${more}`;
  const text = wrapText(`${count}; ${rest}`, columns);
  const lines = [text.replace(count, paint('warn', count)), wrapText(who, columns)];
  if (reachable === 1) lines.push(wrapText(ALL_MOVED, columns));
  return lines.map((line) => `${line}\n`).join('');
}

const ALARM = 'alarm';

const alarmText = ({ paint, columns }: Page, alarm: string): string =>
  `${wrapText(`${ALARM}: ${alarm}`, columns, '  ').replace(ALARM, paint('bad', ALARM))}\n`;

const INVITE_COLUMNS = [
  { heading: 'INVITE' },
  { heading: 'STATE' },
  { heading: 'USED', spare: 1 },
  { heading: 'EXPIRES (UTC)' },
  { heading: 'LABELS', least: 6, spare: 2 },
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
      utcText(new Date(invite.expiryMs).toISOString(), 'minute'),
      printLabels(invite.labels),
    ]),
  );
