/**
 * Rule: firewall rules — allow, deny and reject: what is typed, to a rule.
 */
import { encode, isSameBytes } from '../../../crdt/codec.ts';
import type { Value } from '../../../crdt/entry.ts';
import type { View } from '../../../crdt/view.ts';
import { oneOf, refuse } from '../../refuse.ts';
import { parseCidr } from '../../selectors/cidr.ts';
import type { Selector, Zone } from '../../selectors/schemas.table.ts';
import { membersOf } from '../../selectors/selectors.ts';
import { readSelectors } from '../../selectors/typed.ts';
import { mustBeName, readComment } from '../../typed-words.ts';
import type { Arguments, Input, Scene, Verb } from '../../verb.ts';
import { ESSENTIAL } from '../judge.ts';
import { policyOf } from '../policy.ts';
import { type Action, type Direction, PRIORITY_MAX, type RuleRecord } from '../schemas.table.ts';
import { changing } from './change.ts';
import { mustMeet } from './families.ts';
import { readTraffic, trafficText } from './traffic.ts';
import { unreadAt } from './unread.ts';

/** Where a rule stands that names no priority: scripts go by it. */
export const PRIORITY_DEFAULT = 100;
/** Shortest and longest life of a rule that ends by itself. Unit: ms. A second; ten years. */
const LIFE_MS = [1_000, 315_360_000_000] as const;

const flag = (name: string, kind: Input['kind'], value: string, help: string): Input => ({
  ...{ name, as: 'flag', kind, help },
  ...(value === '' ? {} : { value }),
});

const TRAFFIC: Input = {
  ...{ name: 'traffic', as: 'word', kind: 'text', isNeeded: true },
  help: 'tcp/443, tcp/80,8000-8090, udp/53, icmp/echo-request or any',
};
const SELECTION: readonly Input[] = [
  flag('from', 'texts', 'selector', 'who opens the connection: a member, k=v, group:NAME, a CIDR'),
  flag('to', 'texts', 'selector', 'whom it goes to, likewise'),
  flag('on', 'texts', 'selector', 'which members enforce it (default: all)'),
  flag('direction', 'text', 'in|out', 'what comes to the members, or what leaves them (in)'),
  flag('zone', 'text', 'mesh|wan', 'the VPN, or all other networks (by the CIDRs, else mesh)'),
];
const ORDER: readonly Input[] = [
  flag('name', 'text', 'name', 'what to call it (by what it does)'),
  { ...flag('priority', 'count', 'n', 'lower first (100)'), range: [0, PRIORITY_MAX] },
  flag('comment', 'text', 'text', 'why'),
  flag('replace', 'switch', '', 'change the rule of that name'),
  flag('disabled', 'switch', '', 'write it, but do not enforce it'),
  flag('log', 'switch', '', 'log connections that it decides on'),
  { ...flag('for', 'duration', 'duration', 'it ends after that'), range: LIFE_MS },
];
const LIMITS: readonly Input[] = [
  flag('rate', 'text', 'n/unit', 'new connections at most, as 10/second or 10/minute:20'),
  {
    ...flag('connections', 'count', 'n', 'at a time from one address at most'),
    range: [1, 1_000_000],
  },
];
const AUDIT: Input = flag('audit', 'switch', '', 'forbid nothing, log what would be forbidden');

/** What a rule verb answers. */
interface Written {
  readonly name: string;
  readonly rule: Value;
  readonly isNew: boolean;
  readonly notes: readonly string[];
}

/** The verb of an action. */
export const ruleVerb = (action: Action, help: string, example: string): Verb =>
  changing<Written>({
    name: action,
    help,
    example,
    inputs: [...[TRAFFIC, ...SELECTION, ...ORDER], ...(action === 'allow' ? LIMITS : [AUDIT])],
    decide: (scene, given) => {
      const rule = readRule(scene, action, given);
      const name = nameOf(scene.view, given, rule);
      const isNew = !isSame(scene.view, name, rule);
      const value: Value = { ...rule };
      return {
        changes: isNew ? [{ kind: 'rule', name, value }] : [],
        body: { name, rule: value, isNew, notes: notesOf(scene, rule) },
      };
    },
    show: ({ name, isNew, notes }) => ({
      lines: [isNew ? `Rule ${name} is written.` : `Rule ${name} was there already.`, ...notes],
    }),
  });

/** The record of what was typed. Fault 'refused' names the first flag that does not fit. */
function readRule(scene: Scene, action: Action, given: Arguments): RuleRecord {
  const { view } = scene;
  const traffic = readTraffic('traffic', given.text('traffic') ?? '');
  const from = readSelectors(view, 'from', given.texts('from'));
  const to = readSelectors(view, 'to', given.texts('to'));
  mustMeet(traffic.protocol, { from, to });
  const on = readSelectors(view, 'on', given.texts('on'));
  const address = on?.find(({ kind }) => kind === 'cidr');
  if (address?.kind === 'cidr') {
    throw refuse('on', address.cidr, 'members enforce rules, addresses do not', 'name members');
  }
  const direction = oneOf<Direction>('direction', given.text('direction') ?? 'in', ['in', 'out']);
  const comment = readComment(given.text('comment'));
  const lifeMs = given.number('for');
  return {
    action,
    direction,
    zone: readZone(view, given.text('zone'), [...(from ?? []), ...(to ?? [])]),
    ...traffic,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(on === undefined ? {} : { on }),
    priority: given.number('priority') ?? PRIORITY_DEFAULT,
    ...(comment === null ? {} : { comment }),
    enabled: !given.isSet('disabled'),
    ...(given.isSet('log') ? { log: true as const } : {}),
    ...(lifeMs === null ? {} : { expiry: scene.wallMs + lifeMs }),
    ...(action === 'allow'
      ? limitsOf(given)
      : given.isSet('audit')
        ? { audit: true as const }
        : {}),
  };
}

/** `mesh` unless addresses outside the mesh are named. */
function readZone(view: View, text: string | null, selectors: readonly Selector[]): Zone {
  const zone = text === null ? null : oneOf<Zone>('zone', text, ['mesh', 'wan']);
  const outside = selectors.find((each) => each.kind === 'cidr' && !isInMesh(view, each.cidr));
  if (zone === 'mesh' && outside?.kind === 'cidr') {
    const why = `lies outside ${view.mesh.prefix} and ${view.mesh.prefix6}`;
    throw refuse('zone', outside.cidr, why, 'write --zone wan');
  }
  return zone ?? (outside === undefined ? 'mesh' : 'wan');
}

const isInMesh = ({ mesh }: View, text: string): boolean => {
  const inner = parseCidr(text);
  return [mesh.prefix, mesh.prefix6].map(parseCidr).some((outer) => {
    if (!inner.ok || !outer.ok || inner.value.family !== outer.value.family) return false;
    return outer.value.first <= inner.value.first && inner.value.last <= outer.value.last;
  });
};

const UNITS = { s: 'second', m: 'minute', h: 'hour', d: 'day' } as const;
type Unit = (typeof UNITS)[keyof typeof UNITS];

function limitsOf(given: Arguments): Pick<RuleRecord, 'rate' | 'connections'> {
  const text = given.text('rate');
  const connections = given.number('connections');
  return {
    ...(text === null ? {} : { rate: readRate(text) }),
    ...(connections === null ? {} : { connections }),
  };
}

function readRate(text: string): { count: number; per: Unit; burst: number } {
  const match = /^(\d{1,7})\/(s|m|h|d|second|minute|hour|day)(?::(\d{1,7}))?$/.exec(text);
  const [, count = '0', unit = '', burst = count] = match ?? [];
  const per = Object.entries(UNITS).find(([short, long]) => unit === short || unit === long)?.[1];
  const rate = { count: Number(count), burst: Number(burst) };
  const isGood = [rate.count, rate.burst].every((each) => each >= 1 && each <= 1_000_000);
  if (per !== undefined && isGood) return { ...rate, per };
  throw refuse('rate', text, 'is no rate', 'write it as 10/second, or with a burst 10/minute:20');
}

/** The name that was given, or one that says what it does. Fault 'refused' for a taken one. */
function nameOf(view: View, given: Arguments, rule: RuleRecord): string {
  const name = given.text('name');
  if (name === null) return freeName(view, rule);
  mustBeName('name', name);
  if (isTaken(view, name) && !given.isSet('replace') && !isSame(view, name, rule)) {
    throw refuse('name', name, 'another rule has that name', 'choose another, or add --replace');
  }
  return name;
}

function freeName(view: View, rule: RuleRecord): string {
  const words = [rule.action, rule.direction === 'out' ? 'out' : '', trafficText(rule)];
  const base = words
    .join('-')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/-$/, '');
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!isTaken(view, name) || isSame(view, name, rule)) return name;
  }
}

/** Also by a rule that this version cannot read. */
const isTaken = (view: View, name: string): boolean =>
  policyOf(view).rules.some((each) => each.name === name) || unreadAt(view, 'rule', name) !== null;

/** Whether the rule of that name says just this. */
function isSame(view: View, name: string, rule: RuleRecord): boolean {
  const known = policyOf(view).rules.find((each) => each.name === name);
  if (known === undefined) return false;
  const { name: _name, path: _path, claim: _claim, ...record } = known;
  return isSameBytes(encode({ ...record }), encode({ ...rule }));
}

function notesOf({ view }: Scene, rule: RuleRecord): readonly string[] {
  const who = { view, groups: policyOf(view).groups };
  const isMeant = ([selectors]: readonly [readonly Selector[] | undefined, string]): boolean =>
    selectors?.some(({ kind }) => kind === 'labels' || kind === 'group') === true &&
    membersOf(who, selectors).size === 0;
  const voids = essentialNote(rule);
  const nobody = (
    [
      [rule.from, '--from'],
      [rule.to, '--to'],
      [rule.on, '--on'],
    ] as const
  )
    .filter(isMeant)
    .map(
      ([, name]) => `Note: ${name} means no member now; whoever comes to fit is covered at once.`,
    );
  return [...voids, ...nobody];
}

/** What a rule forbids in vain: without it networks do not work. */
const essentialNote = ({ action, protocol, types }: RuleRecord): readonly string[] => {
  if (action === 'allow' || (protocol !== 'icmp' && protocol !== 'icmpv6')) return [];
  const essential: readonly number[] = ESSENTIAL[protocol];
  const vain = (types ?? essential).filter((type) => essential.includes(type));
  if (vain.length === 0) return [];
  const what = trafficText({ protocol, types: vain });
  const why = 'always passes, for networks need it (errors, path MTU, neighbours)';
  const isAll = types?.length === vain.length;
  return [`Note: ${what} ${why}${isAll ? ': this rule does nothing' : ''}.`];
};
