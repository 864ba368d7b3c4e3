/**
 * Rule: firewall families — what a rule asks for must be of one family at least, or no packet fits.
 */
import { refuse } from '../../refuse.ts';
import { type Family, parseCidr } from '../../selectors/cidr.ts';
import type { Selector } from '../../selectors/schemas.table.ts';
import type { Protocol } from '../schemas.table.ts';

const BOTH: readonly Family[] = ['ip', 'ip6'];
const NAMES = { ip: 'IPv4', ip6: 'IPv6' } as const;
const OF_PROTOCOL: Partial<Readonly<Record<Protocol, Family>>> = { icmp: 'ip', icmpv6: 'ip6' };

type Ends = Readonly<Record<'from' | 'to', readonly Selector[] | undefined>>;

/** Fault 'refused' naming the first end whose addresses do not fit what was said before. */
export function mustMeet(protocol: Protocol, ends: Ends): void {
  const own = OF_PROTOCOL[protocol];
  let left = own === undefined ? BOTH : [own];
  let before = own === undefined ? '' : `${protocol} is ${NAMES[own]}`;
  for (const end of ['from', 'to'] as const) {
    const selectors = ends[end] ?? [];
    const meant = familiesOf(selectors);
    const [first] = meant;
    left = left.filter((family) => meant.includes(family));
    if (left.length === 0 && first !== undefined) {
      const value = selectors.map((each) => (each.kind === 'cidr' ? each.cidr : '')).join(' ');
      const why = `would match nothing: it is ${NAMES[first]}, and ${before}`;
      throw refuse(end, value, why, 'name addresses of one family, or say icmp or icmpv6');
    }
    if (meant.length === 1 && first !== undefined) before = `--${end} is ${NAMES[first]}`;
  }
}

/** Members have both, and so may groups. */
const familiesOf = (selectors: readonly Selector[]): readonly Family[] => {
  const named = selectors.map((each) => {
    const parsed = each.kind === 'cidr' ? parseCidr(each.cidr) : null;
    return parsed?.ok === true ? parsed.value.family : null;
  });
  return named.length === 0 || named.includes(null)
    ? BOTH
    : BOTH.filter((family) => named.includes(family));
};
