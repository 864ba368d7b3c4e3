/**
 * Rule: typed selectors — whom a person means: a member by name, `k=v[,k2=v2]`, `group:NAME`, a
 * CIDR, `mesh` or `any`, to selectors and back.
 *
 * 1. A member is kept by its id: a name can be taken by another.
 * 2. Labels that nobody has now are fine: who joins with them is meant. A name, a group or an
 *    address that means nothing is not.
 */
import { NAME_PATTERN, parseLabel } from '../../crdt/names.ts';
import type { View } from '../../crdt/view.ts';
import { refuse } from '../refuse.ts';
import { LIST_MAX } from '../schema-parts.ts';
import { addressNumber, parseCidr } from './cidr.ts';
import { groupsOf } from './groups.ts';
import type { Selector } from './schemas.table.ts';

/** Shortest beginning of an id that may stand for it. */
const ID_LENGTH_MIN = 6;
const FORMS = 'name a member, k=v, group:NAME, a CIDR, mesh or any';

/** The selectors of a flag; none for `any`, which is what absence means. */
export function readSelectors(
  view: View,
  field: string,
  texts: readonly string[],
): Selector[] | undefined {
  mustBeFew(field, texts);
  const selectors = texts.map((text) => readSelector(view, field, text));
  if (selectors.length === 0 || selectors.some(({ kind }) => kind === 'any')) return undefined;
  const distinct = new Map(selectors.map((each) => [JSON.stringify(each), each]));
  return [...distinct].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, selector]) => selector);
}

/** Fault 'refused' for a list that is too long for one object, before any of it is read. */
export function mustBeFew(field: string, texts: readonly string[]): void {
  const count = new Set(texts).size;
  if (count <= LIST_MAX) return;
  const remedy = 'name a CIDR that holds them or a label that they have, or make several';
  throw refuse(field, `${count} of them`, `names more than ${LIST_MAX}`, remedy);
}

/**
 * One selector. Fault 'refused' names `field` and says what is wrong with it. `forms`: what may be
 * written there.
 */
export function readSelector(
  view: View,
  field: string,
  text: string,
  forms: string = FORMS,
): Selector {
  if (text === '') throw refuse(field, text, 'would match nothing', forms);
  if (text === 'any' || text === 'mesh') return { kind: text };
  if (text.startsWith('group:')) return readGroup(view, field, text);
  if (text.includes('=')) return readLabels(field, text);
  if (text.includes('/')) {
    const cidr = parseCidr(text);
    if (cidr.ok) return { kind: 'cidr', cidr: cidr.value.text };
    throw refuse(field, text, cidr.why, 'write the network, as 192.0.2.0/24');
  }
  const address = addressNumber(text);
  if (address !== null) {
    const length = address.family === 'ip' ? 32 : 128;
    throw refuse(field, text, 'is an address without a length', `write ${text}/${length}`);
  }
  return readMember(view, field, text, forms);
}

function readGroup(view: View, field: string, text: string): Selector {
  const name = text.slice('group:'.length);
  const groups = groupsOf(view);
  if (NAME_PATTERN.test(name) && groups.has(name)) return { kind: 'group', name };
  const known = [...groups.keys()].slice(0, 8).join(', ');
  const remedy =
    known === '' ? 'make it with cnsmo firewall group set' : `there are ${known}; or make it first`;
  throw refuse(field, text, 'no such group', remedy);
}

function readLabels(field: string, text: string): Selector {
  const labels = new Map<string, string>();
  for (const part of text.split(',')) {
    const label = parseLabel(part);
    if (!label.ok) throw refuse(field, text, label.why, 'write it as role=web or role=web,zone=a');
    const [key, value] = label.value;
    if (labels.has(key)) {
      throw refuse(field, text, `names ${key} twice, and no member has both`, 'repeat the flag');
    }
    labels.set(key, value);
  }
  const sorted = [...labels].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { kind: 'labels', labels: Object.fromEntries(sorted) };
}

function readMember(view: View, field: string, text: string, forms: string): Selector {
  const present = view.members.filter(({ hasLeft }) => !hasLeft);
  const named = present.filter(({ name }) => name === text);
  const byId = text.length < ID_LENGTH_MIN ? [] : present.filter(({ id }) => id.startsWith(text));
  const [found, second] = named.length > 0 ? named : byId;
  if (found !== undefined && second === undefined) return { kind: 'member', id: found.id };
  const why = found === undefined ? 'no member, and nothing else that selects' : 'means several';
  throw refuse(field, text, why, `${forms}; see cnsmo members`);
}

/** As it is typed. A member that is gone is shown by its id. */
export const selectorText = (view: View, selector: Selector): string => {
  switch (selector.kind) {
    case 'any':
    case 'mesh':
      return selector.kind;
    case 'cidr':
      return selector.cidr;
    case 'group':
      return `group:${selector.name}`;
    case 'labels':
      return Object.entries(selector.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',');
    case 'member':
      return view.members.find(({ id }) => id === selector.id)?.name ?? selector.id;
  }
};
