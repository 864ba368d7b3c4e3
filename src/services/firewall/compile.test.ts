import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Value } from '../../crdt/entry.ts';
import { compile } from './compile.ts';
import { ICMP_ANSWERS, ICMP_NAMES } from './icmp.table.ts';
import { type Flow, judge } from './judge.ts';
import { isActive, lanesOf } from './lane.ts';
import { narrow } from './narrow.ts';
import type { Direction, Zone } from './schemas.table.ts';
import { interpret, type Packet } from './test-interpreter.ts';
import { idOf, memberOf, type Objects, ruleOf, siteOf, viewOf } from './test-policy.ts';
import { replaceTable, textOf } from './transaction.ts';

const members = [
  memberOf(1, { role: 'db' }),
  memberOf(2, { role: 'web' }),
  memberOf(3, { role: 'web' }),
];
const ADDRESSES = {
  ipv4: ['10.10.0.1', '10.10.0.2', '10.10.0.3', '192.0.2.2', '203.0.113.7', '203.0.113.130'],
  ipv6: ['fd00:1::1', 'fd00:1::2', '2001:db8::2', '2001:db8::99'],
} as const;
const PORTS = [22, 80, 443, 7300, 8080];
const TYPES = [3, 8, 13, 128, 135];

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
const policy = fc
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
const crowd = fc
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

const flow = fc
  .tuple(
    fc.constantFrom('ipv4' as const, 'ipv6' as const),
    fc.constantFrom('tcp' as const, 'udp' as const, 'icmp' as const, 'other' as const),
    fc.nat(),
    fc.nat(),
    fc.nat(),
  )
  .map(([family, protocol, a, b, c]): Flow => {
    const addresses = ADDRESSES[family];
    const values = protocol === 'icmp' ? TYPES : PORTS;
    return {
      protocol: protocol === 'icmp' && family === 'ipv6' ? 'icmpv6' : protocol,
      source: addresses[a % addresses.length] ?? '',
      destination: addresses[b % addresses.length] ?? '',
      value: protocol === 'other' ? 0 : (values[c % values.length] ?? 0),
    };
  });

const INTERFACES = { mesh: 'cnsmo0', wan: 'eth0' } as const;
const GENERATION = 5;
const MARK = GENERATION * 2 ** 24;

/** The packet of a flow's opener at a hook, coming from one zone and going to another. */
const packetOf = (
  { protocol, source, destination, value }: Flow,
  hook: Packet['hook'],
  from: Zone | 'lo',
  to: Zone | 'lo',
): Packet => {
  const isIcmp = protocol === 'icmp' || protocol === 'icmpv6';
  return {
    hook,
    iifname: from === 'lo' ? '' : INTERFACES[from],
    oifname: to === 'lo' ? '' : INTERFACES[to],
    nfproto: source.includes(':') ? 'ipv6' : 'ipv4',
    l4proto: protocol === 'icmpv6' ? 'ipv6-icmp' : protocol === 'other' ? 'gre' : protocol,
    saddr: source,
    daddr: destination,
    sport: 50_000,
    dport: isIcmp ? 0 : value,
    icmpType: isIcmp ? (ICMP_NAMES[protocol][value] ?? value) : '',
    tcpFlags: ['syn'],
    state: 'new',
    ctDirection: 'original',
    status: [],
    mark: 0x1234,
    isToUs: to === 'lo',
  };
};

/** The answer to it, as it passes the same host the other way. */
const answerTo = (packet: Packet, { protocol, value }: Flow, hook: Packet['hook']): Packet => {
  const isIcmp = protocol === 'icmp' || protocol === 'icmpv6';
  const type = isIcmp ? (ICMP_ANSWERS[protocol][value] ?? value) : 0;
  return {
    ...packet,
    ...{ hook, iifname: packet.oifname, oifname: packet.iifname },
    ...{ saddr: packet.daddr, daddr: packet.saddr, sport: packet.dport, dport: packet.sport },
    icmpType: isIcmp ? (ICMP_NAMES[protocol][type] ?? type) : '',
    ...{ tcpFlags: ['ack'], state: 'established', ctDirection: 'reply' },
  };
};

const NAMES = { allow: 'accept', deny: 'drop', reject: 'reject' } as const;
const isAnsweredEssential = ({ protocol, value }: Flow): boolean =>
  (protocol === 'icmp' && [3].includes(value)) ||
  (protocol === 'icmpv6' && [3, 135].includes(value));

/** Rules that logged what they would have decided on, by the prefixes of the log. */
const auditsIn = (logs: readonly string[]): readonly string[] =>
  logs.flatMap((prefix) => /^cnsmo audit (r\d+) $/.exec(prefix)?.[1] ?? []).toSorted();

/** The chains that the compiled table had; throws where it and the reference differ. */
const agree = (objects: Objects, flows: readonly Flow[]): readonly string[] => {
  const lanes = lanesOf(siteOf(viewOf(members, objects)));
  const now = { lanes, generation: GENERATION };
  const table = compile('cnsmo0', now, null, []);
  const run = interpret(textOf(replaceTable(table, new Map())));
  const say = (zone: Zone, direction: Direction, each: Flow) => {
    const lane = lanes.find((one) => one.zone === zone && one.direction === direction);
    if (lane === undefined) throw new Error('no lane');
    const judgement = judge(lane, each);
    assert.deepEqual(judge(narrow(lane, each), each), judgement, 'narrowed');
    const verdict = isActive(lane) ? NAMES[judgement.action] : 'accept';
    return { verdict, audits: judgement.audits.toSorted() };
  };
  for (const each of flows) {
    for (const zone of ['mesh', 'wan'] as const) {
      const { verdict: coming, audits } = say(zone, 'in', each);
      const opener = packetOf(each, 'prerouting', zone, 'lo');
      assert.equal(run(opener).verdict, coming, 'in');
      assert.deepEqual(auditsIn(run(opener).logs), audits, 'audits of in');
      if (coming === 'accept' && each.protocol !== 'other') {
        const passed = run({ ...opener, hook: 'input' });
        const isEssential = judge(lanes[0] ?? assert.fail(), each).by.kind === 'essential';
        assert.equal(passed.mark, isEssential ? 0x1234 : MARK + 0x1234);
      }
      const { verdict: going, audits: outAudits } = say(zone, 'out', each);
      const leaving = run(packetOf(each, 'output', 'lo', zone));
      assert.equal(leaving.verdict, going, 'out');
      assert.deepEqual(auditsIn(leaving.logs), outAudits, 'audits of out');
      assert.equal(run(packetOf(each, 'forward', 'wan', zone)).verdict, going, 'through');
      if (isAnsweredEssential(each)) continue;
      assert.equal(run(answerTo(opener, each, 'output')).verdict, coming, 'answer to in');
      const left = packetOf(each, 'output', 'lo', zone);
      assert.equal(run(answerTo(left, each, 'prerouting')).verdict, going, 'answer to out');
    }
  }
  return table.chains.map(({ name }) => name);
};

test('the compiled table does what the reference says, to openers and to those who answer', () => {
  // Goal: semantics, whatever the policy. Method: random policies and flows; nft's JSON as an
  // interpreter of it reads it, against the slow reference. Coming in, going out, passing through.
  const flows = fc.array(flow, { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(policy, flows, (objects, some) => void agree(objects, some)),
    { numRuns: 200 },
  );
});

test('so it does where long runs of rules are passed by who is meant by none of them', () => {
  // Goal: the same. Method: 40 to 50 rules of one lane; some of them must have made runs.
  let runs = 0;
  const flows = fc.array(flow, { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(crowd, flows, (objects, some) => {
      runs += agree(objects, some).filter((name) => name.includes('/after-')).length;
    }),
    { numRuns: 60 },
  );
  assert.ok(runs > 60, `${runs} chains after runs`);
});
