/**
 * Rule: firewall import — the rules of the original CNSMO, unchanged: objects of six texts, and
 * `{"policy":"denyall"}`, alone or in a list.
 *
 * 1. Its rules spoke of all interfaces, so each becomes one rule of the mesh and one of the rest.
 * 2. Its order was that of the calls, and the first that matched decided: where one that allows
 *    stands before one that forbids, the priority grows; what is imported later comes later.
 * 3. A rule is called by what it says, so importing it twice is importing it once.
 */
import type { Meter } from '../../../crdt/meter.ts';
import type { View } from '../../../crdt/view.ts';
import { checksum } from '../../checksum.ts';
import { refuse } from '../../refuse.ts';
import type { PortRange } from '../../schema-parts.ts';
import { parseCidr } from '../../selectors/cidr.ts';
import { type Selector, ZONES } from '../../selectors/schemas.table.ts';
import { readSelectors } from '../../selectors/typed.ts';
import { readPorts } from '../../typed-words.ts';
import type { Scene, Verb } from '../../verb.ts';
import { policyOf } from '../policy.ts';
import { type Action, type Direction, PRIORITY_MAX, type RuleRecord } from '../schemas.table.ts';
import { type Change, changing } from './change.ts';
import { defaultChange, managementOf } from './objects.ts';
import { PRIORITY_DEFAULT } from './rules.ts';

/** What an imported rule's name begins with. */
const PREFIX = 'import-';
/** The rule that keeps SSH open where nobody knows from where the operator comes. */
const SSH_NAME = `${PREFIX}denyall-ssh`;
/** Most rules at a time: two objects each, and an operator may have 16,384 of all kinds. */
const RULES_MAX = 8_000;

interface Imported {
  readonly rules: number;
  readonly denyall: boolean;
  readonly undone: boolean;
  readonly notes: readonly string[];
}

/** `import`. */
export const importVerb: Verb = changing<Imported>({
  name: 'import',
  help: 'rules of the original CNSMO: its JSON, or {"policy":"denyall"}',
  example: 'rules.json',
  inputs: [
    {
      ...{ name: 'file', as: 'word', kind: 'content', isNeeded: true },
      help: 'a file of JSON, - for standard input',
    },
    {
      ...{ name: 'on', as: 'flag', kind: 'texts', value: 'selector' },
      help: 'which members enforce the rules (default: all)',
    },
    { name: 'undo', as: 'flag', kind: 'switch', help: 'take back what the file brought' },
  ],
  decide: function* decided(scene, given, meter) {
    const items = yield* readItems(given.text('file') ?? '', meter);
    const on = readSelectors(scene.view, 'on', given.texts('on'));
    const hasPolicy = items.includes('denyall');
    if (hasPolicy && on !== undefined) {
      const remedy = 'leave --on out; only rules can be of some';
      throw refuse('on', given.texts('on').join(' '), 'denyall holds on all members', remedy);
    }
    const isUndo = given.isSet('undo');
    const rules = items.filter((item) => item !== 'denyall');
    const changes = isUndo
      ? [...rules.flatMap(removalsOf), ...(hasPolicy ? undoneDenyall(scene.view) : [])]
      : [...(yield* written(scene.view, rules, on, meter)), ...(hasPolicy ? denyall(scene) : [])];
    const notes = isUndo || !hasPolicy || scene.caller !== null ? [] : [SSH_NOTE];
    return {
      changes,
      body: { rules: rules.length, denyall: hasPolicy, undone: isUndo, notes },
    };
  },
  show: ({ rules, denyall: hasPolicy, undone, notes }) => ({
    lines: [
      `${rules} rules${hasPolicy ? ' and denyall' : ''} ${undone ? 'taken back' : 'imported'}.`,
      ...notes,
    ],
  }),
});

const SSH_NOTE =
  `Note: nobody knows from where you come, so rule ${SSH_NAME} keeps SSH open; ` +
  'delete it where another way in is certain.';

/** One of the original's rules, in our words. */
interface Item {
  readonly direction: Direction;
  readonly protocol: 'tcp' | 'udp';
  readonly ports: PortRange;
  readonly end: 'src' | 'dst';
  readonly cidr: string;
  readonly action: Action;
}

/** All that the file says. Fault 'refused' names the first field that does not fit. */
function* readItems(text: string, meter: Meter): Generator<void, readonly (Item | 'denyall')[]> {
  const parsed = readJson(text);
  const list: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (list.length > RULES_MAX) {
    throw refuse('file', `${list.length} rules`, `more than ${RULES_MAX}`, 'import it in parts');
  }
  const items: (Item | 'denyall')[] = [];
  for (const [index, item] of list.entries()) {
    items.push(readItem(item, Array.isArray(parsed) ? `[${index}].` : ''));
    if (meter.isDue(ITEM_MS)) yield;
  }
  return items;
}

/** Times to read a rule, and to write those that it becomes. Unit: ms, as measured. */
const ITEM_MS = 0.008;
const WRITTEN_MS = 0.003;

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('file', text.trim(), 'is no JSON', 'write one rule, or a list of rules');
  }
}

const FIELDS = ['direction', 'protocol', 'dst_port', 'dst_src', 'ip_range', 'action'] as const;
type Field = (typeof FIELDS)[number];

function readItem(item: unknown, at: string): Item | 'denyall' {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    const remedy = 'write {"direction":…} with its six fields, or {"policy":"denyall"}';
    throw refuse(`${at}rule`, JSON.stringify(item) ?? '', 'is no rule', remedy);
  }
  const given = item as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(given, 'policy')) return readPolicy(given, at);
  const strange = Object.keys(given).find((name) => !FIELDS.some((field) => field === name));
  if (strange !== undefined) {
    throw refuse(
      `${at}${plain(strange)}`,
      '(given)',
      'no field of a rule',
      `use ${FIELDS.join(', ')}`,
    );
  }
  const text = (field: Field): string => readText(given, field, at);
  const cidrText = text('ip_range');
  const cidr = parseCidr(cidrText);
  if (!cidr.ok) throw refuse(`${at}ip_range`, cidrText, cidr.why, 'write 0.0.0.0/0 or 10.0.0.5/32');
  return {
    direction: pick(`${at}direction`, text('direction'), { in: 'in', out: 'out' }),
    protocol: pick(`${at}protocol`, text('protocol'), { tcp: 'tcp', udp: 'udp' }),
    ports: readItemPorts(`${at}dst_port`, text('dst_port')),
    end: pick(`${at}dst_src`, text('dst_src'), { dst: 'dst', src: 'src' }),
    cidr: cidr.value.text,
    action: pick(`${at}action`, text('action'), { acpt: 'allow', drop: 'deny' }),
  };
}

function readPolicy(given: Readonly<Record<string, unknown>>, at: string): 'denyall' {
  const isAlone = Object.keys(given).length === 1;
  if (given.policy === 'denyall' && isAlone) return 'denyall';
  const value = JSON.stringify(isAlone ? given.policy : given) ?? '';
  throw refuse(`${at}policy`, value, 'not known', 'write {"policy":"denyall"}');
}

/** A name out of a file, as a terminal may show it. */
const NAME_MAX = 40;
const plain = (name: string): string => name.slice(0, NAME_MAX).replaceAll(/[^ -~]/g, '?');

function readText(given: Readonly<Record<string, unknown>>, field: Field, at: string): string {
  const value = Object.hasOwn(given, field) ? given[field] : undefined;
  if (typeof value === 'string') return value;
  const why = value === undefined ? 'missing; a rule has six fields' : 'not a text';
  const shown = value === undefined ? '(none)' : (JSON.stringify(value) ?? '');
  throw refuse(`${at}${field}`, shown, why, `give ${FIELDS.join(', ')}, each as a text`);
}

const pick = <Word extends string>(
  field: string,
  value: string,
  words: Readonly<Record<string, Word>>,
): Word => {
  const word = Object.hasOwn(words, value) ? words[value] : undefined;
  if (word !== undefined) return word;
  throw refuse(field, value, 'not known', `choose of ${Object.keys(words).join(', ')}`);
};

/** The original took ranges that begin at 0, where no port is. */
const readItemPorts = (field: string, text: string): PortRange =>
  readPorts(field, text.replace(/^0:(?=[1-9])/, '1:'));

/** What they become: in both zones, after what was imported before. */
function* written(
  view: View,
  items: readonly Item[],
  on: Selector[] | undefined,
  meter: Meter,
): Generator<void, readonly Change[]> {
  const known = policyOf(view).rules.filter(({ name }) => name.startsWith(PREFIX));
  let priority = Math.max(PRIORITY_DEFAULT, ...known.map((each) => each.priority));
  let last: Action = known.some((each) => each.priority === priority && each.action === 'allow')
    ? 'allow'
    : 'deny';
  const names = new Set(known.map(({ name }) => name));
  const changes: Change[] = [];
  for (const item of items) {
    if (meter.isDue(WRITTEN_MS)) yield;
    const name = nameOf(item, 'wan');
    if (names.has(name)) continue;
    names.add(name);
    if (last === 'allow' && item.action === 'deny') priority += 1;
    last = item.action;
    if (priority > PRIORITY_MAX) {
      throw refuse('file', `priority ${priority}`, 'too many changes of action', 'sort the rules');
    }
    for (const zone of ZONES) {
      const rule: RuleRecord = { ...recordOf(item), zone, priority, ...(on ? { on } : {}) };
      changes.push({ kind: 'rule', name: nameOf(item, zone), value: { ...rule } });
    }
  }
  return changes;
}

const recordOf = (item: Item): Omit<RuleRecord, 'zone' | 'priority'> => ({
  action: item.action,
  direction: item.direction,
  protocol: item.protocol,
  ports: [item.ports],
  [item.end === 'src' ? 'from' : 'to']: [{ kind: 'cidr', cidr: item.cidr }],
  enabled: true,
});

const removalsOf = (item: Item): readonly Change[] =>
  ZONES.map((zone) => ({ kind: 'rule', name: nameOf(item, zone), value: null }));

/** By what it says. IPv6 prefixes are up to 43 characters, so the rest is short. */
const nameOf = ({ direction, protocol, ports, end, cidr, action }: Item, zone: string): string => {
  const range = ports[0] === ports[1] ? `${ports[0]}` : `${ports[0]}-${ports[1]}`;
  const what = `${action === 'allow' ? 'a' : 'd'}${direction === 'in' ? 'i' : 'o'}`;
  const where = `${end === 'src' ? 's' : 'd'}${cidr.replaceAll(/[^0-9a-f]/g, '-')}`;
  const name = `${PREFIX}${what}-${protocol}-${range}-${where}-${zone}`;
  return name.length <= 63 ? name : `${name.slice(0, 50)}-${checksum(name)}`;
};

/** All that comes from outside the mesh is dropped, but what stays open whatever happens. */
const denyall = (scene: Scene): readonly Change[] => {
  const management = managementOf(scene, [], 'wan', 'in');
  const policy = defaultChange('wan', 'in', { action: 'deny', audit: false, management });
  return management.length > 0 ? [policy] : [policy, SSH_RULE];
};

const SSH_RULE: Change = {
  kind: 'rule',
  name: SSH_NAME,
  value: {
    ...{ action: 'allow', direction: 'in', zone: 'wan', protocol: 'tcp', ports: [[22, 22]] },
    ...{ priority: PRIORITY_MAX, comment: 'the management path under denyall', enabled: true },
  },
};

const undoneDenyall = (view: View): readonly Change[] => {
  const isKnown = policyOf(view).rules.some(({ name }) => name === SSH_NAME);
  const ssh: Change = { kind: 'rule', name: SSH_NAME, value: null };
  const policy = defaultChange('wan', 'in', { action: 'allow', audit: false, management: [] });
  return isKnown ? [policy, ssh] : [policy];
};
