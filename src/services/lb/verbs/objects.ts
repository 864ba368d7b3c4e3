/**
 * Rule: lb objects — create, edit and delete.
 */
import { encode, isSameBytes } from '../../../crdt/codec.ts';
import type { Edit, Value } from '../../../crdt/entry.ts';
import { intentPath } from '../../../crdt/paths.ts';
import { readRecord } from '../../../crdt/records.ts';
import type { View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import { mustBeName } from '../../typed-words.ts';
import { type Input, type Verb, verb } from '../../verb.ts';
import { type Addresses, addressesOf, pickAddresses } from '../addresses.ts';
import { type Balancer, balancersOf, engineOf, SERVICE } from '../balancers.ts';
import { type BalancerRecord, balancerSchema } from '../schemas.table.ts';
import { meantBy, mustFit, notesOf } from './fit.ts';
import { listenText, toTexts } from './typed.ts';
import { CLEAR_INPUT, readWish, WISH_INPUTS, type Wish } from './wish.ts';

/** A balancer that was written, as it is answered. */
interface Written {
  readonly name: string;
  readonly isNew: boolean;
  readonly listen: string;
  readonly addresses: readonly string[];
  readonly to: readonly string[];
  readonly backends: readonly string[];
  readonly frontends: readonly string[];
  readonly engine: string;
  readonly notes: readonly string[];
}

/** The word that names a balancer. */
export const nameInput = (help: string): Input => ({
  ...{ name: 'name', as: 'word', kind: 'text', help, isNeeded: true },
});

/** `create`. */
export const createVerb: Verb = verb<Written>({
  name: 'create',
  help: 'balance connections over members',
  example: 'web --listen 80 --to role=web:8080',
  inputs: [nameInput('what to call it'), ...WISH_INPUTS],
  needs: 'operator',
  canPlan: true,
  decide: (scene, given) => {
    const name = given.text('name') ?? '';
    mustBeName('name', name);
    const wish = readWish(scene.view, given, null);
    const { balancers } = balancersOf(scene.view);
    const known = balancers.find((each) => each.name === name);
    if (known !== undefined && !isSame(known, wish)) {
      const remedy = `choose another, or change it: cnsmo lb edit ${name}`;
      throw refuse('name', name, 'another balancer has that name', remedy);
    }
    mustFit(scene, { name, wish, others: balancers }, given.isSet('force'));
    const addresses = known?.addresses ?? pickAddresses(scene.view, name);
    const edits = known === undefined ? [editOf(name, { ...wish, addresses })] : [];
    return { edits, body: writtenOf(scene.view, name, { ...wish, addresses }, edits.length > 0) };
  },
  show: ({ name, isNew, ...written }) => ({
    lines: [
      isNew ? `Balancer ${name} is made.` : `Balancer ${name} was there already.`,
      ...linesOf(written),
      `How it does: cnsmo lb show ${name}`,
    ],
  }),
});

/** `edit`. */
export const editVerb: Verb = verb<Written>({
  name: 'edit',
  help: 'change what is given, and nothing else',
  example: 'web --weight vm2=3 --clear sticky',
  inputs: [nameInput('as list shows it'), ...WISH_INPUTS, CLEAR_INPUT],
  needs: 'operator',
  canPlan: true,
  decide: (scene, given) => {
    const name = given.text('name') ?? '';
    const known = mustKnow(scene.view, name);
    const wish = readWish(scene.view, given, known);
    const { balancers: others } = balancersOf(scene.view);
    if (isMoved(known, wish)) mustFit(scene, { name, wish, others }, given.isSet('force'));
    const { addresses } = known;
    const edits = isSame(known, wish) ? [] : [editOf(name, { ...wish, addresses })];
    return { edits, body: writtenOf(scene.view, name, { ...wish, addresses }, edits.length > 0) };
  },
  show: ({ name, isNew, ...written }) => ({
    lines: [
      isNew ? `Balancer ${name} is changed.` : `Balancer ${name} is so already.`,
      ...linesOf(written),
    ],
  }),
});

/** `delete`. */
export const deleteVerb: Verb = verb<{ readonly deleted: readonly string[] }>({
  name: 'delete',
  help:
    'delete balancers: their addresses answer no more, and what nft balanced is ended after the ' +
    'time of --drain',
  example: 'web',
  inputs: [
    { name: 'names', as: 'word', kind: 'texts', help: 'as list shows them', isNeeded: true },
  ],
  needs: 'operator',
  canPlan: true,
  decide: ({ view }, given) => {
    const names = [...new Set(given.texts('names'))];
    if (names.length === 0) throw refuse('names', '', 'names none', 'see cnsmo lb list');
    for (const name of names) mustKnow(view, name, 'names');
    const edits = names.map((name): Edit => ({ path: pathOf(name), value: null }));
    return { edits: [...edits, ...forgottenDrains(view, names)], body: { deleted: names } };
  },
  show: ({ deleted }) => ({ lines: [`Deleted: ${deleted.join(', ')}.`] }),
});

/** The path of a balancer. */
const pathOf = (name: string): string => intentPath({ service: SERVICE, kind: 'balancer', name });

/** The balancer of that name. Fault 'refused' when there is none, or an unreadable one. */
export function mustKnow(view: View, name: string, field = 'name'): Balancer {
  const { balancers, unread } = balancersOf(view);
  const known = balancers.find((each) => each.name === name);
  if (known !== undefined) return known;
  const strange = unread.find(({ path }) => path === pathOf(name));
  if (strange !== undefined) {
    throw refuse(field, name, strange.why, 'upgrade cnsmo here, or write it anew');
  }
  throw refuse(field, name, 'no such balancer', 'see cnsmo lb list');
}

/** The edit that writes a balancer: read once more by its schema. */
export function editOf(name: string, record: BalancerRecord): Edit {
  const read = readRecord(balancerSchema, record);
  if (!read.ok) throw refuse('balancer', name, read.why, 'see cnsmo lb create --help');
  const value: Value = { ...record };
  return { path: pathOf(name), value };
}

/** Whether a balancer says just this. */
export function isSame(known: Balancer, wish: Wish): boolean {
  const { name: _name, path: _path, claim: _claim, addresses: _addresses, ...record } = known;
  return isSameBytes(encode({ ...record }), encode({ ...wish }));
}

/** Whether anything changes that has to fit; what stands is no reason to refuse the rest. */
const isMoved = (known: Balancer, wish: Wish): boolean =>
  (['listen', 'to', 'on', 'check', 'includesSelf'] as const).some(
    (field) => !isSameBytes(encode(known[field] ?? null), encode(wish[field] ?? null)),
  );

/** Who makes one of that name later drains nobody. */
function forgottenDrains(view: View, names: readonly string[]): readonly Edit[] {
  return [...balancersOf(view).drains].flatMap(([member, of]) => {
    if (!names.some((name) => of.has(name))) return [];
    const left = [...of].filter(([balancer]) => !names.includes(balancer));
    return [drainEdit(member, new Map(left))];
  });
}

/** The edit that says of which balancers a member is drained, and since when. */
export const drainEdit = (member: string, of: ReadonlyMap<string, number>): Edit => ({
  path: intentPath({ service: SERVICE, kind: 'drain', name: member }),
  value:
    of.size === 0
      ? null
      : { balancers: Object.fromEntries([...of].map(([name, sinceMs]) => [name, { sinceMs }])) },
});

/** Both addresses, as people read them. */
export const addressTexts = ({ ipv4, ipv6 }: Addresses): readonly string[] =>
  ipv4 === null ? [ipv6] : [ipv4, ipv6];

function writtenOf(view: View, name: string, record: BalancerRecord, isNew: boolean): Written {
  const addresses = addressesOf(view).get(name) ?? record.addresses;
  const noIpv4 = `Note: ${view.mesh.prefix} has no free address: it is reached by IPv6 only.`;
  return {
    ...{ name, isNew, listen: listenText(record.listen), to: toTexts(view, record) },
    addresses: addressTexts(addresses),
    backends: namesOf(meantBy(view, record.to)),
    frontends: record.on === undefined ? [] : namesOf(meantBy(view, record.on)),
    engine: engineOf(record),
    notes: [...notesOf(view, record), ...(addresses.ipv4 === null ? [noIpv4] : [])],
  };
}

/** Of members, sorted. */
export const namesOf = (members: readonly { readonly name: string }[]): readonly string[] =>
  members.map(({ name }) => name).toSorted();

const linesOf = (written: Omit<Written, 'name' | 'isNew'>): readonly string[] => [
  `Every member reaches it at ${written.addresses.join(' and ')}, ${written.listen}.`,
  ...(written.frontends.length === 0
    ? []
    : [`Whom the firewall lets in, at the other addresses of ${written.frontends.join(', ')}.`]),
  `Backends: ${written.to.join(' ')} (${written.backends.join(', ') || 'nobody now'}).`,
  ...written.notes,
];
