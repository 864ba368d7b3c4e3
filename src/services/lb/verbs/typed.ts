/**
 * Rule: lb typed — what a person writes for ports, backends, weights and checks, to the fields of a
 * balancer and back.
 */
import type { View } from '../../../crdt/view.ts';
import { oneOf, refuse } from '../../refuse.ts';
import { LIST_MAX, type PortRange } from '../../schema-parts.ts';
import { addressNumber } from '../../selectors/cidr.ts';
import type { Selector } from '../../selectors/schemas.table.ts';
import { mustBeFew, readSelector, selectorText } from '../../selectors/typed.ts';
import { readPorts } from '../../typed-words.ts';
import { addressesOf } from '../addresses.ts';
import { type BalancerRecord, type Check, PROTOCOLS, WEIGHT_MAX } from '../schemas.table.ts';

type Listen = BalancerRecord['listen'];
type Weights = NonNullable<BalancerRecord['weights']>;

const LISTEN = /^(?:(tcp|udp)\/)?([^/]*)(?:\/(tcp|udp))?$/;

/** `80`, `8000-8010`, `53/udp` or `udp/53`. `protocol`: what was typed for it, or null. */
export function readListen(text: string, protocol: string | null): Listen {
  const [, before, ports, after] = LISTEN.exec(text) ?? [];
  if (ports === undefined || (before !== undefined && after !== undefined)) {
    throw refuse('listen', text, 'is no port and no range', 'write 80, 8000-8010 or 53/udp');
  }
  const word = before ?? after ?? null;
  const wanted = protocol === null ? null : oneOf('protocol', protocol, PROTOCOLS);
  if (word !== null && wanted !== null && word !== wanted) {
    throw refuse('protocol', wanted, `--listen says ${word}`, 'say it once');
  }
  const said = oneOf('listen', word ?? wanted ?? 'tcp', PROTOCOLS);
  return { protocol: said, ports: readPorts('listen', ports) };
}

/** As it is typed. */
export const listenText = ({ protocol, ports: [first, last] }: Listen): string =>
  `${protocol}/${rangeText(first, last)}`;

const rangeText = (first: number, last: number): string =>
  first === last ? `${first}` : `${first}-${last}`;

/** Whose members serve, and at which port a range begins there. */
export interface Goal {
  readonly to: Selector[];
  readonly port: number;
}

const TO = /^((?:group:)?[^:]*)(?::([^:]*))?$/;
const TO_FORM = 'write whom and the port, as role=web:8080';

/**
 * `role=web:8080`, several for several. Without a port it is `port`, the one listened at.
 * `ports`: the range that is listened at.
 */
export function readTo(
  view: View,
  texts: readonly string[],
  { ports }: Listen,
  port: number,
): Goal {
  mustBeFew('to', texts);
  if (texts.length === 0) throw refuse('to', '', 'names nobody', TO_FORM);
  const read = [...new Set(texts)].map((text) => readOneTo(view, text, ports, port));
  const [first] = read;
  const other = read.find((each) => each.port !== first?.port);
  if (first === undefined || other !== undefined) {
    const why = `all backends of a balancer serve at one port, and ${first?.port} was said before`;
    throw refuse('to', other?.text ?? '', why, 'make one balancer for each port');
  }
  return { to: distinct(read.map(({ selector }) => selector)), port: first.port };
}

function readOneTo(view: View, text: string, ports: PortRange, port: number) {
  if (addressNumber(text) !== null) throw noMember(view, text, text);
  const [, whom = '', portText] = TO.exec(text) ?? [];
  if (whom === '') throw refuse('to', text, 'names nobody', TO_FORM);
  if (addressNumber(whom) !== null) throw noMember(view, text, whom);
  const selector = readMembers(view, 'to', whom);
  return { text, selector, port: portText === undefined ? port : readTarget(portText, ports) };
}

/** The first port of a backend; a range is as long as the one listened at. */
function readTarget(text: string, ports: PortRange): number {
  const [first, last] = readPorts('to', text);
  const [count, wanted] = [last - first, ports[1] - ports[0]];
  if (count === 0 || count === wanted) return first;
  const why = `is a range of ${count + 1} ports, and ${wanted + 1} are listened at`;
  throw refuse('to', text, why, 'write its first port');
}

/** Addresses do not serve; whose it is helps. */
function noMember(view: View, text: string, address: string) {
  const own = [...addressesOf(view)].find(
    ([, { ipv4, ipv6 }]) => ipv4 === address || ipv6 === address,
  );
  if (own !== undefined) {
    const why = `is the virtual address of balancer ${own[0]}, which serves nothing itself`;
    return refuse('to', text, why, 'name the members that serve, as role=web:8080');
  }
  const member = view.members.find(
    ({ ipv4, ipv6, hasLeft }) => !hasLeft && (ipv4 === address || ipv6 === address),
  );
  const remedy = member === undefined ? TO_FORM : `write ${member.name}`;
  return refuse('to', text, 'members serve, addresses do not', remedy);
}

const MEMBER_FORMS = 'name a member, k=v, group:NAME or mesh';

/** A selector that means members. */
function readMembers(view: View, field: string, text: string): Selector {
  const selector = readSelector(view, field, text, MEMBER_FORMS);
  if (selector.kind !== 'cidr' && selector.kind !== 'any') return selector;
  const remedy = selector.kind === 'any' ? 'write mesh for all members' : 'name members, or k=v';
  throw refuse(field, text, 'means addresses, not members', remedy);
}

/** Several of those, in one order. */
export function readWhom(view: View, field: string, texts: readonly string[]): Selector[] {
  mustBeFew(field, texts);
  return distinct(texts.map((text) => readMembers(view, field, text)));
}

const distinct = (selectors: readonly Selector[]): Selector[] => {
  const known = new Map(selectors.map((each) => [JSON.stringify(each), each]));
  return [...known].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, selector]) => selector);
};

/** `vm2=3` or `role=web=3`: the first that means a backend holds, so their order stays. */
export function readWeights(view: View, texts: readonly string[]): Weights {
  if (texts.length > LIST_MAX) mustBeFew('weight', texts);
  const weights = texts.map((text) => {
    const split = text.lastIndexOf('=');
    const number = /^\d{1,4}$/.test(text.slice(split + 1)) ? Number(text.slice(split + 1)) : -1;
    if (split <= 0 || number < 0) {
      throw refuse('weight', text, 'ends in no weight', 'write vm2=3 or role=web=3');
    }
    if (number === 0) {
      throw refuse('weight', text, 'would send it nothing', 'drain it: cnsmo lb drain --help');
    }
    if (number > WEIGHT_MAX) {
      throw refuse('weight', text, `is over ${WEIGHT_MAX}`, `choose from 1 to ${WEIGHT_MAX}`);
    }
    return { text, of: readMembers(view, 'weight', text.slice(0, split)), weight: number };
  });
  const keys = weights.map(({ of }) => JSON.stringify(of));
  const again = weights.find((_, at) => keys.indexOf(keys[at] ?? '') < at);
  if (again === undefined) return weights.map(({ of, weight }) => ({ of, weight }));
  throw refuse('weight', again.text, 'has a weight already', 'name it once');
}

/** Words of a command that no shell sees: what a shell would obey is not what they do. */
const WORD = /^[A-Za-z0-9_./:=@%+,-]{1,1024}$/;
const CHECK_FORM = 'write tcp, http:/path, exec:/path/of/program or none';

/** `tcp`, `http:/path`, `exec:/program word …` or `none`. */
export function readCheck(text: string): Check {
  if (text === 'tcp' || text === 'none') return { kind: text };
  const [, kind, rest = ''] = /^(http|exec):(.*)$/.exec(text) ?? [];
  if (kind === 'http') {
    if (/^\/[!-~]{0,1023}$/.test(rest)) return { kind, path: rest };
    throw refuse('check', text, 'has no path that begins with /', 'write http:/health');
  }
  if (kind !== 'exec') throw refuse('check', text, 'is no check', CHECK_FORM);
  const argv = rest.split(' ').filter((word) => word !== '');
  const strange = argv.find((word) => !WORD.test(word));
  if (strange !== undefined) {
    const why = 'has signs that only a shell would obey, and none runs';
    throw refuse('check', strange, why, 'put it into a script, and name that');
  }
  if (argv[0]?.startsWith('/') === true && argv.length <= LIST_MAX) return { kind, argv };
  throw refuse('check', text, 'names no program by its path', 'write exec:/path/of/program');
}

/** As it is typed. */
export const checkText = (check: Check): string => {
  if (check.kind === 'http') return `http:${check.path}`;
  return check.kind === 'exec' ? `exec:${check.argv.join(' ')}` : check.kind;
};

/** As they are typed. */
export const weightTexts = (view: View, weights: Weights | undefined): readonly string[] =>
  (weights ?? []).map(({ of, weight }) => `${selectorText(view, of)}=${weight}`);

/** As they are typed, each with its port. */
export const toTexts = (view: View, { to, port, listen }: BalancerRecord): readonly string[] => {
  const last = port + listen.ports[1] - listen.ports[0];
  return to.map((each) => `${selectorText(view, each)}:${rangeText(port, last)}`);
};
