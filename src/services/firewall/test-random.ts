/**
 * Rule: test random — policies out of chance, for whoever has a reference to compare with: an
 * interpreter of what is compiled, and real kernels.
 */
import fc from 'fast-check';
import type { Value } from '../../crdt/entry.ts';
import type { Member } from '../../crdt/view.ts';
import { idOf, memberOf } from '../test-view.ts';
import { ruleOf } from './test-policy.ts';

/** Who is in the mesh. */
export const members = [
  memberOf(1, { role: 'db' }),
  memberOf(2, { role: 'web' }),
  memberOf(3, { role: 'web' }),
];
/** Ports and types of ICMP that the rules name. */
export const PORTS = [22, 80, 443, 7300, 8080];
export const TYPES = [3, 8, 13, 128, 135];

const selector = fc.oneof(
  fc.constant({ kind: 'any' }),
  fc.constant({ kind: 'mesh' }),
  fc.constantFrom(1, 2, 3).map((n) => ({ kind: 'member', id: idOf(n) })),
  fc.constantFrom('web', 'db').map((role) => ({ kind: 'labels', labels: { role } })),
  fc.constantFrom('g', 'none').map((name) => ({ kind: 'group', name })),
  fc
    .constantFrom(
      '203.0.113.0/25',
      '203.0.113.7/32',
      '10.0.0.0/8',
      '10.10.0.2/32',
      '10.10.0.4/32',
      '0.0.0.0/0',
      '2001:db8::/64',
      'fd00:1::2/128',
      '::/0',
    )
    .map((cidr) => ({ kind: 'cidr', cidr })),
);
const selectors = fc.array(selector, { minLength: 1, maxLength: 3 });
const ports = fc.array(
  fc.oneof(
    fc.constantFrom(...PORTS).map((port) => [port, port]),
    fc.constantFrom([1, 79], [80, 443], [8000, 9000], [1, 65_535]),
  ),
  { minLength: 1, maxLength: 3 },
);
const kind = fc.oneof(
  fc.record({ protocol: fc.constantFrom('tcp', 'udp'), ports }),
  fc.record({ protocol: fc.constantFrom('any', 'tcp', 'udp', 'icmp', 'icmpv6') }),
  fc.record({
    protocol: fc.constantFrom('icmp', 'icmpv6'),
    types: fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 2 }),
  }),
);
const rule = fc
  .tuple(
    kind,
    fc.record(
      {
        action: fc.constantFrom('allow', 'deny', 'reject'),
        direction: fc.constantFrom('in', 'out'),
        zone: fc.constantFrom('mesh', 'wan'),
        priority: fc.constantFrom(10, 20, 100),
        from: selectors,
        to: selectors,
        log: fc.constant(true),
      },
      { requiredKeys: ['action', 'direction', 'zone', 'priority'] },
    ),
    fc.boolean(),
  )
  .map(([what, fields, isAudit]) =>
    ruleOf({
      ...fields,
      ...what,
      ...(isAudit && fields.action !== 'allow' ? { audit: true } : {}),
    }),
  );
const fallback = fc.record(
  { action: fc.constantFrom('allow', 'deny', 'reject'), audit: fc.constant(true) },
  { requiredKeys: ['action'] },
);
/** Up to eight rules, some defaults, and a group. */
export const policy = fc
  .tuple(
    fc.array(rule, { maxLength: 8 }),
    fc.dictionary(fc.constantFrom('mesh-in', 'mesh-out', 'wan-in', 'wan-out'), fallback),
  )
  .map(([rules, defaults]) => ({
    'group/g': {
      members: [
        { kind: 'labels', labels: { role: 'web' } },
        { kind: 'cidr', cidr: '203.0.113.128/25' },
      ],
    },
    ...Object.fromEntries(rules.map((each, index) => [`rule/r${index}`, each])),
    ...Object.fromEntries(
      Object.entries(defaults).map(([name, each]) => [`default/${name}`, each]),
    ),
  }));

/** Many rules of one lane with far ends, in runs that one without cuts in two. */
export const crowd = fc
  .tuple(
    fc.constantFrom('mesh', 'wan'),
    fc.constantFrom('in', 'out'),
    fc.array(fc.tuple(rule, selectors, fc.boolean()), { minLength: 40, maxLength: 50 }),
    fc.dictionary(fc.constantFrom('mesh-in', 'wan-out'), fallback),
  )
  .map(([zone, direction, rules, defaults]) => ({
    ...Object.fromEntries(
      rules.map(([each, chosen, isNear], index) => {
        const far = chosen.filter((one) => one.kind !== 'any' && one.kind !== 'mesh');
        const { from: _from, to: _to, ...rest } = each as Readonly<Record<string, Value>>;
        const [theirs, ours] = direction === 'in' ? ['from', 'to'] : ['to', 'from'];
        const some = far.length > 0 ? far : [{ kind: 'cidr', cidr: '203.0.113.0/25' }];
        const ends = index === 25 ? {} : { [theirs]: some };
        const own: Value = { ...rest, zone, direction, priority: index };
        const near = isNear ? { [ours]: [{ kind: 'cidr', cidr: '10.0.0.0/8' }] } : {};
        return [`rule/r${index}`, { ...own, ...ends, ...near }] as const;
      }),
    ),
    ...Object.fromEntries(
      Object.entries(defaults).map(([name, each]) => [`default/${name}`, each]),
    ),
  }));

/** Who may be in the mesh beside the first, as somebody comes, goes, or is labelled anew. */
export const crew = fc
  .tuple(
    ...[2, 3, 4].map((n) =>
      fc
        .option(
          fc.record({
            role: fc.constantFrom('web', 'db', 'none'),
            port: fc.constantFrom(7300, 9300),
          }),
        )
        .map((found) =>
          found === null ? [] : [movedTo(memberOf(n, { role: found.role }), found.port)],
        ),
    ),
  )
  .map((found) => found.flat());

const movedTo = (member: Member, port: number): Member => {
  const { endpoints } = member;
  return endpoints === null ? member : { ...member, endpoints: { ...endpoints, port } };
};
