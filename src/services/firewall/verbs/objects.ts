/**
 * Rule: firewall objects — delete, groups and defaults.
 */
import { isAddress } from '../../../crdt/addresses.ts';
import { oneOf, refuse } from '../../refuse.ts';
import type { Selector, Zone } from '../../selectors/schemas.table.ts';
import { mustBeFew, readSelector, selectorText } from '../../selectors/typed.ts';
import { mustBeName } from '../../typed-words.ts';
import { type Input, type Scene, type Verb, verb } from '../../verb.ts';
import { defaultOf, policyOf } from '../policy.ts';
import type { Action, DefaultRecord, Direction } from '../schemas.table.ts';
import { type Change, changing } from './change.ts';
import { mustBeMeant, unreadAt } from './unread.ts';

const named = (help: string, name = 'name'): Input => ({
  ...{ name, as: 'word', kind: 'text', help, isNeeded: true },
});

/** Time to look whether a rule is meant. Unit: ms, as measured. */
const KNOWN_MS = 0.0005;

const deleteVerb: Verb = changing<{ readonly deleted: readonly string[] }>({
  name: 'delete',
  help: 'delete rules',
  example: 'web-in',
  inputs: [
    { name: 'names', as: 'word', kind: 'texts', help: 'as list shows them', isNeeded: true },
  ],
  *decide(scene, given, meter) {
    const names = [...new Set(given.texts('names'))];
    const { rules } = policyOf(scene.view);
    const known = new Set(rules.map(({ name }) => name));
    for (const name of names) {
      if (meter.isDue(rules.length * KNOWN_MS)) yield;
      const unread = unreadAt(scene.view, 'rule', name);
      if (unread !== null) mustBeMeant(given, 'names', name, unread);
      else if (!known.has(name)) {
        throw refuse('names', name, 'no such rule', 'see cnsmo firewall list');
      }
    }
    const changes = names.map((name): Change => ({ kind: 'rule', name, value: null }));
    return { changes, body: { deleted: names } };
  },
  show: ({ deleted }) => ({ lines: [`Deleted: ${deleted.join(', ')}.`] }),
});

interface ListedGroup {
  readonly name: string;
  readonly members: readonly string[];
}

const groupSet: Verb = changing<ListedGroup>({
  name: 'group set',
  help: 'make a group, or say anew who is in it',
  example: 'offices 203.0.113.0/24 198.51.100.7/32',
  inputs: [
    named('what to call it'),
    {
      ...{ name: 'members', as: 'word', kind: 'texts', isNeeded: true },
      help: 'members, k=v or CIDRs',
    },
  ],
  decide: (scene, given) => {
    const name = given.text('name') ?? '';
    mustBeName('name', name);
    const texts = given.texts('members');
    if (texts.length === 0) throw refuse('members', '', 'would match nothing', 'name some');
    mustBeFew('members', texts);
    const members = texts.map((text) => readMember(scene, text));
    const change: Change = { kind: 'group', name, value: { members } };
    const body = { name, members: members.map((each) => selectorText(scene.view, each)) };
    return { changes: [change], body };
  },
  show: ({ name, members }) => ({ lines: [`group:${name} is ${members.join(', ')}.`] }),
});

function readMember({ view }: Scene, text: string): Selector {
  const selector = readSelector(view, 'members', text);
  if (selector.kind !== 'group') return selector;
  throw refuse('members', text, 'a group holds no group', 'name its members');
}

const groupDelete: Verb = changing<{ readonly deleted: string }>({
  name: 'group delete',
  help: 'delete a group that no rule names',
  example: 'offices',
  inputs: [named('as group list shows it')],
  decide: (scene, given) => {
    const name = given.text('name') ?? '';
    const { groups, rules } = policyOf(scene.view);
    const unread = unreadAt(scene.view, 'group', name);
    if (unread !== null) mustBeMeant(given, 'name', name, unread);
    else if (!groups.has(name)) {
      throw refuse('name', name, 'no such group', 'see cnsmo firewall group list');
    }
    const isNamed = (selectors: readonly Selector[] | undefined): boolean =>
      selectors?.some((each) => each.kind === 'group' && each.name === name) === true;
    const user = rules.find(({ from, to, on }) => [from, to, on].some(isNamed));
    if (user !== undefined) {
      throw refuse('name', name, `rule ${user.name} names it`, 'delete or change that rule first');
    }
    return { changes: [{ kind: 'group', name, value: null }], body: { deleted: name } };
  },
  show: ({ deleted }) => ({ lines: [`group:${deleted} is deleted.`] }),
});

const groupList: Verb = verb<readonly ListedGroup[]>({
  name: 'group list',
  help: 'the groups',
  example: '',
  inputs: [],
  needs: 'anybody',
  decide: ({ view }) => ({
    edits: [],
    body: [...policyOf(view).groups].map(([name, { members }]) => ({
      name,
      members: members.map((each) => selectorText(view, each)),
    })),
  }),
  show: (groups) =>
    groups.length === 0
      ? { lines: ['No groups.'] }
      : {
          table: {
            columns: [{ heading: 'GROUP' }, { heading: 'MEMBERS', least: 20 }],
            rows: groups.map(({ name, members }) => [name, members.join(' ')]),
          },
        },
});

interface ListedDefault {
  readonly zone: Zone;
  readonly direction: Direction;
  readonly action: Action;
  readonly audit: boolean;
  /** What stays open whatever the default is, as `address port`. */
  readonly management: readonly string[];
}

const defaultSet: Verb = changing<ListedDefault>({
  name: 'default',
  help: 'what happens to what no rule decides on',
  example: 'in deny --zone wan',
  inputs: [
    named('in or out', 'direction'),
    named('allow, deny or reject', 'action'),
    {
      name: 'zone',
      as: 'flag',
      kind: 'text',
      value: 'mesh|wan',
      help: 'the VPN, or the rest (mesh)',
    },
    {
      ...{ name: 'manage', as: 'flag', kind: 'texts', value: 'address/port' },
      help: 'stays open beside your own SSH connection, as 203.0.113.7/22',
    },
    { name: 'audit', as: 'flag', kind: 'switch', help: 'forbid nothing, log what would be' },
  ],
  decide: (scene, given) => {
    const direction = oneOf<Direction>('direction', given.text('direction') ?? '', ['in', 'out']);
    const action = oneOf<Action>('action', given.text('action') ?? '', ACTIONS);
    const zone = oneOf<Zone>('zone', given.text('zone') ?? 'mesh', ['mesh', 'wan']);
    const kept = managementOf(scene, given.texts('manage'), zone, direction);
    // Where all is open, nothing stays so.
    const management = action === 'allow' ? [] : kept;
    const audit = given.isSet('audit') && action !== 'allow';
    return {
      changes: [defaultChange(zone, direction, { action, audit, management })],
      body: listedDefault(zone, direction, { action, audit, management }),
    };
  },
  show: ({ zone, direction, action, audit, management }) => ({
    lines: [
      `${zone} ${direction}: ${action}${audit ? ', only logged' : ''}.`,
      ...management.map((each) => `Stays open: ${each}.`),
    ],
  }),
});

const ACTIONS: readonly Action[] = ['allow', 'deny', 'reject'];

type Management = NonNullable<DefaultRecord['management']>;

/** The change that sets a default; to allow is to say nothing. */
export const defaultChange = (
  zone: Zone,
  direction: Direction,
  wish: { readonly action: Action; readonly audit: boolean; readonly management: Management },
): Change => {
  const { action, audit, management } = wish;
  const name = `${zone}-${direction}`;
  if (action === 'allow') return { kind: 'default', name, value: null };
  const kept = management.length > 0 ? { management } : {};
  return { kind: 'default', name, value: { action, ...kept, ...(audit ? { audit } : {}) } };
};

/** What stays open: what did before, the operator's own connection, and what was named. */
export function managementOf(
  { view, caller }: Scene,
  texts: readonly string[],
  zone: Zone,
  direction: Direction,
): Management {
  if (direction === 'out') return [];
  mustBeFew('manage', texts);
  const before = defaultOf(policyOf(view), zone, direction).management ?? [];
  const own = caller === null ? [] : [{ address: caller.remote.host, port: caller.local.port }];
  const named = texts.map(readManagement);
  const all = [...before, ...own, ...named].map(
    (each) => [`${each.address} ${each.port}`, each] as const,
  );
  return [...new Map(all).values()];
}

function readManagement(text: string): Management[number] {
  const [address = '', port = '', ...rest] = text.split('/');
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  const isGood = isAddress(address) && number >= 1 && number <= 65_535 && rest.length === 0;
  if (isGood) return { address, port: number };
  throw refuse('manage', text, 'is no address with a port', 'write it as 203.0.113.7/22');
}

const listedDefault = (
  zone: Zone,
  direction: Direction,
  {
    action,
    audit,
    management = [],
  }: Pick<DefaultRecord, 'action' | 'management'> & {
    readonly audit: boolean;
  },
): ListedDefault => ({
  ...{ zone, direction, action, audit },
  management: management.map(({ address, port }) => `${address} ${port}`),
});

const defaultList: Verb = verb<readonly ListedDefault[]>({
  name: 'default list',
  help: 'the defaults of each zone and direction',
  example: '',
  inputs: [],
  needs: 'anybody',
  decide: ({ view }) => ({
    edits: [],
    body: policyOf(view).defaults.map((each) =>
      listedDefault(each.zone, each.direction, { ...each, audit: each.audit === true }),
    ),
  }),
  show: (defaults) => ({
    table: {
      columns: [
        { heading: 'ZONE' },
        { heading: 'DIR' },
        { heading: 'ACTION' },
        { heading: 'STAYS OPEN', least: 10 },
      ],
      rows: defaults.map(({ zone, direction, action, audit, management }) => [
        ...[zone, direction],
        { text: audit ? `${action} (audit)` : action, tone: action === 'allow' ? 'good' : 'bad' },
        management.join(', ') || '-',
      ]),
    },
  }),
});

/** The verbs of groups and defaults. */
export const objectVerbs: readonly Verb[] = [
  ...[deleteVerb, groupSet, groupDelete, groupList],
  ...[defaultSet, defaultList],
];
