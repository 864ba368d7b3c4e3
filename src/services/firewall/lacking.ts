/**
 * Rule: firewall lacking — what is left of the rules on a host that lacks what some of them ask
 * for: those alone are set aside or do less there, the rest is enforced whole.
 *
 * 1. What forbids goes on to forbid: it is not logged, or drops instead of refusing.
 * 2. What allows within a limit is as if it were not there: without its limit it would open more
 *    than anybody asked for.
 * 3. What only logs is left out.
 * 4. Whatever does not do all that it says is named with why, and does not count as in force.
 */
import type { Problem } from '../service.ts';
import type { Clause, Lane } from './lane.ts';
import type { DefaultRecord, RuleRecord } from './schemas.table.ts';

/** What some rules ask a host for, and others do not. */
export type Special = 'rate' | 'connections' | 'log' | 'reject';

/** One that a host cannot do, and why. */
export interface Lack {
  readonly special: Special;
  readonly why: Problem;
}

/** By the path of a rule or default that does not do all that it says: what it does, and why. */
export type Withheld = ReadonlyMap<string, Problem>;

/** Lanes as a host can have them. */
interface Left {
  readonly lanes: readonly Lane[];
  readonly withheld: Withheld;
}

/** What a rule asks for. */
const askedBy = ({ rate, connections, log, audit, action }: RuleRecord): readonly Special[] => [
  ...(rate === undefined ? [] : (['rate'] as const)),
  ...(connections === undefined ? [] : (['connections'] as const)),
  ...(log === undefined && audit === undefined ? [] : (['log'] as const)),
  ...(action === 'reject' && audit === undefined ? (['reject'] as const) : []),
];

/** What a default asks for: what it forbids is logged. */
const askedByDefault = ({ action, audit }: DefaultRecord): readonly Special[] => [
  ...(action === 'allow' ? [] : (['log'] as const)),
  ...(action === 'reject' && audit === undefined ? (['reject'] as const) : []),
];

/** What lanes ask for. */
export const askedOf = (lanes: readonly Lane[]): ReadonlySet<Special> =>
  new Set(
    lanes.flatMap(({ clauses, audits, fallback }) => [
      ...[...clauses, ...audits].flatMap(({ rule }) => askedBy(rule)),
      ...askedByDefault(fallback),
    ]),
  );

/** What is left of lanes where this lacks. The same object for the same two. */
export const leftOf = (lanes: readonly Lane[], lacking: readonly Lack[]): Left => {
  if (lacking.length === 0) return { lanes, withheld: NOTHING };
  const known = lefts.get(lanes) ?? new Map<string, Left>();
  const key = JSON.stringify(lacking);
  const left = known.get(key) ?? findLeft(lanes, lacking);
  lefts.set(lanes, known.set(key, left));
  return left;
};

const NOTHING: Withheld = new Map();

const lefts = new WeakMap<readonly Lane[], Map<string, Left>>();

const findLeft = (lanes: readonly Lane[], lacking: readonly Lack[]): Left => {
  const withheld = new Map<string, Problem>();
  const lacks = (special: Special): boolean => lacking.some((each) => each.special === special);
  const tell = (path: string, asked: readonly Special[], so: string): void => {
    const whys = lacking.filter(({ special }) => asked.includes(special)).map(({ why }) => why);
    if (whys.length > 0) withheld.set(path, `${so}: ${whys.join('; ')}`);
  };
  const clausesOf = (clause: Clause): readonly Clause[] => {
    const { rule } = clause;
    const asked = askedBy(rule);
    if (!asked.some(lacks)) return [clause];
    if (rule.audit === true) tell(rule.path, asked, 'not audited here');
    else if (lacks('rate') && rule.rate !== undefined) tell(rule.path, asked, SET_ASIDE);
    else if (lacks('connections') && rule.connections !== undefined) {
      tell(rule.path, asked, SET_ASIDE);
    } else {
      tell(rule.path, asked, `${rule.action === 'allow' ? 'allows' : 'drops'} without more here`);
      const { log, ...rest } = rule;
      const kept = lacks('log') || log === undefined ? {} : { log };
      const action = rule.action === 'reject' && lacks('reject') ? 'deny' : rule.action;
      return [{ ...clause, rule: { ...rest, ...kept, action } }];
    }
    return [];
  };
  const left = lanes.map((lane): Lane => {
    const { fallback } = lane;
    const asked = askedByDefault(fallback);
    if (asked.some(lacks)) {
      const isAudit = fallback.audit === true;
      tell(fallback.path, asked, isAudit ? 'not audited here' : 'drops without more here');
    }
    const isWeak = fallback.action === 'reject' && lacks('reject');
    return {
      ...lane,
      clauses: lane.clauses.flatMap(clausesOf),
      audits: lane.audits.flatMap(clausesOf),
      fallback: isWeak ? { ...fallback, action: 'deny' } : fallback,
      ...(lacks('log') ? { isSilent: true as const } : {}),
    };
  });
  return { lanes: left, withheld };
};

const SET_ASIDE = 'set aside here, as if it were not there';
