/**
 * Policies and packets for `packets-engine.test.ts`: a sample of what chance writes, each form that
 * a rule can have, and all that can be asked between two namespaces.
 */
import fc from 'fast-check';
import type { View } from '../src/crdt/view.ts';
import type { Flow } from '../src/services/firewall/judge.ts';
import type { Direction } from '../src/services/firewall/schemas.table.ts';
import { ruleOf, viewOf } from '../src/services/firewall/test-policy.ts';
import { crowd, members, policy } from '../src/services/firewall/test-random.ts';
import type { Zone } from '../src/services/selectors/schemas.table.ts';
import type { Objects } from '../src/services/test-view.ts';
import { ANSWERER, ASKERS, LISTENED, MESH } from './engine-firewall.ts';
import type { Talker, Verdict } from './talker.ts';

/** The same sample each day: one in which each verdict of each lane comes six times and more. */
const SEED = 105;
/** How long an answer is waited for. Unit: ms. Loaded machines take a tenth of it. */
const WAIT_MS = 900;
const ECHO = { icmp: 8, icmpv6: 128 } as const;

/** A connection to try: `port` is its destination's, 0 for an echo. */
type Tried = Flow & { readonly port: number };

/** All that can be asked between two addresses: each port by TCP and UDP, and an echo. */
const between = (source: string, destination: string): readonly Tried[] => {
  const icmp = source.includes(':') ? 'icmpv6' : 'icmp';
  return [
    ...LISTENED.flatMap((port) =>
      (['tcp', 'udp'] as const).map((protocol) => {
        return { protocol, source, destination, port, value: port };
      }),
    ),
    { protocol: icmp, source, destination, port: 0, value: ECHO[icmp] },
  ];
};

/** The four lanes, and all that can be asked in each. */
export const LANES: readonly (readonly [Zone, Direction, readonly Tried[]])[] = (
  [
    ['wan', ASKERS, ANSWERER],
    ['mesh', MESH.askers, MESH.answerer],
  ] as const
).flatMap(([zone, askers, answerer]) =>
  (['in', 'out'] as const).map((direction) => {
    const flows = askers.flatMap((theirs) => {
      const ours = theirs.includes(':') ? answerer.ip6 : answerer.ip;
      return direction === 'in' ? between(theirs, ours) : between(ours, theirs);
    });
    return [zone, direction, flows] as const;
  }),
);

/** Tries all of them at once. */
export async function verdictsOf(
  talker: Talker,
  flows: readonly Tried[],
): Promise<readonly Verdict[]> {
  const asked = flows.map((flow) => {
    const protocol = flow.protocol.startsWith('icmp') ? 'icmp' : flow.protocol;
    return { ...flow, protocol, wait: WAIT_MS };
  });
  return JSON.parse(await talker.ask({ do: 'try', flows: asked })) as readonly Verdict[];
}

/** A sample of the policies of the property test. */
export const sample = (): readonly View[] =>
  [
    ...fc.sample(policy, { seed: SEED, numRuns: 6 }),
    ...fc.sample(crowd, { seed: SEED, numRuns: 2 }),
  ].map((objects) => viewOf(members, objects));

const cidrs = (...texts: readonly string[]) => texts.map((cidr) => ({ kind: 'cidr', cidr }));
const FROM = [
  undefined,
  cidrs('0.0.0.0/0'),
  cidrs('::/0'),
  cidrs('0.0.0.0/0', '::/0'),
  cidrs('203.0.113.7/32'),
  cidrs('203.0.113.0/25', '203.0.113.7/32', '2001:db8::/64'),
  [{ kind: 'mesh' }],
  [{ kind: 'labels', labels: { role: 'web' } }, ...cidrs('::/0')],
] as const;
const TO = [undefined, cidrs('0.0.0.0/0'), [{ kind: 'mesh' }], cidrs('192.0.2.1/32')] as const;
const WHAT = [
  { protocol: 'any' },
  ...['tcp', 'udp'].flatMap((protocol) => [
    { protocol },
    ...[
      [[22, 22]],
      [[1, 65_535]],
      [
        [80, 90],
        [443, 443],
      ],
    ].map((ports) => ({ protocol, ports })),
  ]),
  ...['icmp', 'icmpv6'].flatMap((protocol) => [
    { protocol },
    ...[[8], [3, 8, 13, 17], [128, 135, 200]].map((types) => ({ protocol, types })),
  ]),
] as const;
const LIMITS = [
  ...['second', 'minute', 'hour', 'day'].flatMap((per) =>
    [1, 5, 60, 3_600].map((burst) => ({ rate: { count: 60, per, burst } })),
  ),
  ...[1, 1_000_000].map((connections) => ({ connections })),
  ...[1, 1_000_000].map((count) => ({ rate: { count, per: 'day', burst: count } })),
];
const ACTIONS = [
  {},
  { action: 'deny', log: true },
  { action: 'reject' },
  { action: 'deny', audit: true },
] as const;

/** Each form of an end with each of the other and each protocol, and each limit, in all lanes. */
export const allForms = (): View => {
  const lanes = LANES.map(([zone, direction]) => ({ zone, direction }));
  const forms: readonly Objects[] = [
    ...FROM.flatMap((from, at) =>
      TO.flatMap((to) =>
        WHAT.map((what, index) => ({
          ...what,
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
          ...ACTIONS[(index + at) % ACTIONS.length],
        })),
      ),
    ),
    ...LIMITS.map((limit) => ({ protocol: 'tcp', ports: [[80, 80]], ...limit })),
  ];
  const objects = forms.map((form, index) => {
    const rule = ruleOf({ ...lanes[index % lanes.length], ...form, priority: index % 1_000 });
    return [`rule/r${index}`, rule] as const;
  });
  return viewOf(members, Object.fromEntries(objects));
};
