/** Rule: firewall list rows — what a rule is listed as, for programs and for people. */
import { type Behind, lateIn } from '../../behind.ts';
import type { Cell, Shown } from '../../verb.ts';

/**
 * A rule as it is listed, or a default that was set, which decides after all of them. Selectors as
 * they are typed; an empty list means any.
 */
export interface ListedRule {
  readonly kind: 'rule' | 'default';
  readonly name: string;
  /** Null for a default. */
  readonly priority: number | null;
  readonly action: string;
  readonly direction: string;
  readonly zone: string;
  readonly traffic: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly on: readonly string[];
  readonly comment: string | null;
  readonly enabled: boolean;
  readonly log: boolean;
  readonly audit: boolean;
  readonly rate: string | null;
  readonly connections: number | null;
  /** When it ends, RFC 3339; null: never. */
  readonly expires: string | null;
  /** Members that have read it back from their kernel, of those that are to enforce it. */
  readonly applied: number;
  readonly of: number;
  /** Of those, who did not tell. */
  readonly unknown: number;
  readonly behind: readonly Behind[];
  /** How many tries in turn it costs each new connection on this VM: 0 where it is in a map. */
  readonly ordered: number;
  /** What it decided on, on all members that told; who passed is not counted again. */
  readonly packets: number;
  readonly bytes: number;
  /** The trial that brings it or takes it away, by its id; null: it lasts. */
  readonly trial: string | null;
  /** Whether that trial takes it away; `applied` then counts the members without it. */
  readonly isTriedWithout: boolean;
}

const COLUMNS = [
  { heading: 'NAME', least: 12 },
  { heading: 'PRIO' },
  { heading: 'ACTION' },
  { heading: 'DIR', spare: 1 },
  { heading: 'ZONE', spare: 2 },
  { heading: 'WHAT', least: 8 },
  { heading: 'FROM', least: 6 },
  { heading: 'TO', least: 6, spare: 3 },
  { heading: 'PACKETS', spare: 4 },
  { heading: 'APPLIED' },
];
/** Members that are named beneath the table. */
const NAMED_MAX = 8;

/** The list as a table. */
export function showRules(rules: readonly ListedRule[]): Shown {
  if (rules.length === 0) return { lines: ['No rules.'] };
  const late = lateIn(rules);
  const named = late.slice(0, NAMED_MAX);
  const ordered = rules.reduce((sum, rule) => sum + rule.ordered, 0);
  const turns =
    ordered === 0 ? [] : [`${ordered} tried one after the other on this VM; the rest are in maps.`];
  const more = late.length > NAMED_MAX ? [`and ${late.length - NAMED_MAX} more; see -o json`] : [];
  const rows = rules.map(rowOf);
  return { table: { columns: COLUMNS, rows }, lines: [...named, ...more, ...turns] };
}

const rowOf = (rule: ListedRule): Cell[] => {
  const tone = rule.action === 'allow' ? 'good' : 'bad';
  const isOff = rule.of === 0 && rule.applied === 0;
  const tried = rule.isTriedWithout ? ', gone on trial' : ', on trial';
  const unknown = rule.unknown === 0 ? '' : `, ${rule.unknown} unknown`;
  const count = `${rule.applied} of ${rule.of}${unknown}${rule.trial === null ? '' : tried}`;
  return [
    rule.kind === 'default' ? `default ${rule.name}` : rule.name,
    String(rule.priority ?? ''),
    { text: rule.audit ? `${rule.action} (audit)` : rule.action, tone },
    rule.direction,
    rule.zone,
    rule.traffic,
    rule.from.join(' ') || 'any',
    rule.to.join(' ') || 'any',
    String(rule.packets),
    isOff
      ? { text: rule.enabled ? 'nowhere' : 'disabled', tone: 'dim' }
      : { text: count, tone: rule.behind.length === 0 ? 'good' : 'warn' },
  ];
};
