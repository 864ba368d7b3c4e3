import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from '../service.ts';
import { configOf } from './haproxy-config.ts';
import { diffProxy } from './haproxy-diff.ts';
import { planProxy } from './haproxy-plan.ts';
import { LOCAL_PORTS } from './haproxy-read.ts';
import type {
  ObservedProxy,
  PlacedBalancer,
  ProxyBalancer,
  ProxyDesired,
  ProxyObserved,
  ProxySlot,
} from './haproxy-state.ts';
import { slot } from './test-proxies.ts';

const WEB: ProxyBalancer = {
  ...{ name: 'web', mode: 'leastconn', ports: [80, 80], port: 8080, stickyMs: null },
  backends: [
    { address: '10.10.0.2', weight: 1, state: 'ready' },
    { address: 'fd00::3', weight: 5, state: 'draining' },
  ],
};
const OWN = { ipv4: '10.10.0.1', ipv6: 'fd00::1' };
const place = { hasIpv6: true, taken: new Set<number>() };
const placed = (change: Partial<PlacedBalancer> = {}): PlacedBalancer => ({
  ...{ ...WEB, localPort: 28_400 },
  ...change,
});
const HOSTS = ['10.10.0.1', 'fd00::1'];
const PEER_PORT = 29_423;
const wants = (balancers: readonly PlacedBalancer[], hosts = HOSTS): ProxyDesired => ({
  ...{ hosts, balancers, peerPort: PEER_PORT, isPutOff: false },
});

/** As HAProxy has `placed()`, with eight slots. */
const proxy = (changes: readonly Partial<ProxySlot>[]): ObservedProxy => ({
  localPort: 28_400,
  slots: Array.from({ length: 8 }, (_, index) =>
    slot({ name: `s${index + 1}`, ...changes[index] }),
  ),
});
const IN_STEP = [
  { address: '10.10.0.2', state: 'ready' },
  { address: 'fd00::3', weight: 5, state: 'draining' },
] as const;
const running = (
  changes: readonly Partial<ProxySlot>[] = IN_STEP,
  mark = configOf(wants([placed()]), new Map()).mark,
  formerWorkers = 0,
): ProxyObserved => ({
  ...{ kind: 'running', place, mark, peerPort: PEER_PORT, formerWorkers, hasLearned: true },
  proxies: new Map([['web', proxy(changes)]]),
});

test('haproxy: the configuration is made of numbers, addresses and our names', () => {
  // Goal: the whole text, as HAProxy is to read it. Method: one balancer of each form, against the
  // parts that say it; and the mark, which tells listeners and modes, and no servers.
  const range = { name: 'range.a', ports: [80, 81], port: 80, localPort: 28_401 } as const;
  const sticky = { ...placed(range), mode: 'source', stickyMs: 600_000 } as const;
  const { text, mark } = configOf(wants([placed(), sticky]), new Map());
  for (const part of [
    `global\n  description ${mark} 29423\n  user haproxy\n  group haproxy\n  chroot .\n`,
    'frontend 28400.web\n  bind 10.10.0.1:28400-28400 transparent\n' +
      '  bind [fd00::1]:28400-28400 transparent\n  default_backend 28400.web\n',
    '\npeers workers\n  peer cnsmo 127.0.0.1:29423\nfrontend ',
    'backend 28400.web\n  balance leastconn\n  default-server port 8080\n' +
      '  server s1 10.10.0.2:8080 weight 1\n  server s2 [fd00::3]:8080 weight 5 disabled\n' +
      '  server s3 0.0.0.0:8080 disabled\n',
    '  server s8 0.0.0.0:8080 disabled\nfrontend 28401.range.a\n',
    'bind 10.10.0.1:28401-28402 transparent',
    '  tcp-request connection set-dst-port dst_port,add(28321) ' +
      'if { dst_port 80:81 } { src 0.0.0.0/0 }\n',
    '  balance source\n  hash-type consistent\n' +
      '  stick-table type ipv6 size 100k expire 600000 peers workers\n  stick on src\n' +
      '  default-server port 80\n  server s1 10.10.0.2:-28321 weight 1\n',
  ]) {
    assert.ok(text.includes(part), part);
  }
  const markOf = (change: Partial<PlacedBalancer>, hosts = HOSTS): string =>
    configOf(wants([placed(change)], hosts), new Map()).mark;
  assert.equal(markOf({ backends: [] }), markOf({}));
  const others = [
    ...(['random', 'source', 'roundrobin'] as const).map((mode) => markOf({ mode })),
    ...[markOf({ name: 'app' }), markOf({ localPort: 28_500 }), markOf({ port: 9090 })],
    ...[markOf({ stickyMs: 1_000 }), markOf({}, ['10.10.0.1'])],
  ];
  assert.equal(new Set([markOf({}), ...others]).size, others.length + 1);
});

test('haproxy: as many slots as backends need, and never fewer than it has', () => {
  // Goal: additions need no reload. Method: counts of backends and of slots that are there.
  const slotsIn = (backends: number, slots: number): number => {
    const backend = (index: number) => ({ ...slot(), address: `10.10.1.${index}` });
    const all = Array.from({ length: backends }, (_, at) => backend(at));
    const balancer = placed({ backends: all });
    const has = { localPort: 28_400, slots: Array.from({ length: slots }, () => slot()) };
    const { text } = configOf(wants([balancer]), new Map([['web', has]]));
    return text.match(/^ {2}server s\d+ /gm)?.length ?? 0;
  };
  assert.deepEqual(
    [slotsIn(0, 0), slotsIn(8, 0), slotsIn(9, 0), slotsIn(9, 8), slotsIn(2, 32)],
    [8, 8, 16, 16, 32],
  );
});

test('haproxy: a reload leaves who has a slot there, and the port where workers meet', () => {
  // Goal: clients stay, who are known by the names of slots and by that port. Method: backends in
  // another order than their slots, one that went, one that is new.
  const [one, two, three] = ['10.10.0.2', '10.10.0.3', '10.10.0.4'] as const;
  const backends = [one, three].map((address) => ({ ...slot(), address }));
  const has = proxy([{ address: two }, { address: three }]);
  const { text } = configOf(wants([placed({ backends })]), new Map([['web', has]]));
  assert.deepEqual(text.match(/server s[123] \S+/g), [
    ...[`server s1 ${one}:8080`, `server s2 ${three}:8080`, 'server s3 0.0.0.0:8080'],
  ]);
  const portIn = (observed: ProxyObserved): number | null =>
    planProxy([WEB], OWN, observed).desired.peerPort;
  const taken = new Set([29_423, 29_421]);
  assert.equal(portIn({ kind: 'absent', place: { ...place, taken } }), 29_422);
  const meets = running();
  assert.ok(meets.kind === 'running');
  assert.equal(portIn({ ...meets, peerPort: 29_000 }), 29_000);
  assert.equal(portIn({ ...meets, peerPort: null }), 29_423);
});

const told = (commands: readonly Command[]): readonly string[] =>
  commands.map((each) => {
    const words =
      each.kind === 'run' ? each.argv.join(' ') : 'line' in each ? each.line : each.kind;
    return 'until' in each ? `${words}, ${each.until}` : words;
  });
/** The table that sends connections to it waits until the worker that listens answers. */
const [START, RELOAD] = ['start, @1 show info', 'reload, @1 show info'];
const CHECK = 'haproxy -L cnsmo -c -q -f /dev/stdin';

test('haproxy: backends change by its own interface, listeners by a reload', () => {
  // Goal: the least that makes it so. Method: what was found, and the commands for it.
  const desired = wants([placed()]);
  const [one, two] = IN_STEP;
  const many = placed({
    backends: Array.from({ length: 9 }, (_, at) => ({ ...slot(), address: `10.10.1.${at}` })),
  });
  const web = 'set server 28400.web';
  const idle = configOf(wants([]), new Map()).mark;
  const move = (at: string): string =>
    `@1 ${web}/${at} addr 10.10.0.2 port 8080;@1 ${web}/${at} state ready`;
  const table: readonly (readonly [ProxyObserved, readonly string[], ProxyDesired?])[] = [
    [{ kind: 'unasked' }, []],
    [{ kind: 'no-tool' }, []],
    [running(), []],
    [{ kind: 'absent', place }, [CHECK, START]],
    [running(IN_STEP, 'other'), [CHECK, RELOAD]],
    [running(), [CHECK, RELOAD], wants([many])],
    [
      running([{ ...one, weight: 2 }, two], 'other'),
      [`@1 ${web}/s1 weight 1`],
      { ...desired, isPutOff: true },
    ],
    [running([{ ...one, weight: 2 }, two]), [`@1 ${web}/s1 weight 1`]],
    [running([one, { ...two, state: 'ready' }]), [`@1 ${web}/s2 state drain`]],
    [running([{ ...one, state: 'draining' }, two]), [`@1 ${web}/s1 state ready`]],
    [running([one, two, { address: '10.10.0.9', state: 'ready' }]), [`@1 ${web}/s3 state maint`]],
    [running([{}, two]), [move('s1')]],
    // A slot that nobody uses any more comes before one that still has connections.
    [running([two, { connections: 3 }, {}]), [move('s3')]],
    [{ kind: 'absent', place }, [], wants([])],
    // Nobody wants it: it takes nothing new, ends what it has, and is stopped.
    [running(), [CHECK, RELOAD], wants([])],
    [running([], idle, 2), [], wants([])],
    [running([], idle), ['stop'], wants([])],
    [running(), ['stop'], { ...wants([]), peerPort: null }],
  ];
  for (const [observed, expected, other] of table) {
    assert.deepEqual(told(diffProxy(other ?? desired, observed)), expected);
  }
});

test('haproxy: what a dead backend has is ended, what is left of a drained one is not', () => {
  // Goal: nobody hangs on the dead. Method: a backend that hangs and has connections; twins that
  // have none, refuse new ones only, or drain.
  const wanted = (state: 'out' | 'draining', hung: { isEnded?: true } = { isEnded: true }) =>
    wants([placed({ backends: [{ address: '10.10.0.2', weight: 1, state, ...hung }] })]);
  const has = (connections: number, state: ProxySlot['state']): ProxyObserved =>
    running([{ address: '10.10.0.2', state, connections }]);
  const server = '28400.web/s1';
  const lines = (...given: Parameters<typeof diffProxy>) => told(diffProxy(...given));
  assert.deepEqual(lines(wanted('out'), has(3, 'ready')), [
    `@1 set server ${server} state maint;@1 shutdown sessions server ${server}`,
  ]);
  assert.deepEqual(lines(wanted('out'), has(3, 'out')), [`@1 shutdown sessions server ${server}`]);
  assert.deepEqual(lines(wanted('out'), has(0, 'out')), []);
  assert.deepEqual(lines(wanted('out', {}), has(3, 'ready')), [
    `@1 set server ${server} state maint`,
  ]);
  assert.deepEqual(lines(wanted('draining', {}), has(3, 'draining')), []);
  const gone = wants([placed({ backends: [], left: ['10.10.0.2'] })]);
  assert.deepEqual(lines(gone, has(3, 'out')), [`@1 shutdown sessions server ${server}`]);
  assert.deepEqual(lines(gone, has(0, 'out')), []);
});

test('haproxy: long changes go in lines that it can hold', () => {
  // Goal: no line is over its buffer. Method: a thousand balancers whose backends all change.
  const names = Array.from({ length: 1_000 }, (_, at) => `balancer-${at}`);
  const balancers = names.map((name) => placed({ name }));
  const proxies = new Map(names.map((name) => [name, proxy([])]));
  const { mark } = configOf(wants(balancers), new Map());
  const found = { place, mark, proxies, peerPort: PEER_PORT, formerWorkers: 0, hasLearned: true };
  const commands = diffProxy(wants(balancers), { kind: 'running', ...found });
  const lines = told(commands);
  assert.ok(lines.length > 1);
  assert.ok(lines.every((line) => line.length <= 8_000));
  assert.equal(lines.flatMap((line) => line.split(';')).length, 5_000);
});

test('haproxy: local ports stay, are taken once, and none that another program has', () => {
  // Goal: a listener that moves costs connections. Method: what was found, and which ports follow.
  const ports = (
    balancers: readonly ProxyBalancer[],
    observed: ProxyObserved,
  ): readonly (number | string)[] => {
    const { desired, withheld } = planProxy(balancers, OWN, observed);
    return [
      ...desired.balancers.map(({ localPort }) => localPort),
      ...[...withheld].map(([name, why]) => `${name}: ${why}`),
    ];
  };
  const { first, last } = LOCAL_PORTS;
  const app = { ...WEB, name: 'app' };
  const range = { ...WEB, name: 'range', ports: [80, 82] } as const;
  const all = { ...WEB, name: 'all', ports: [1, 1_000] } as const;
  const absent = (...taken: readonly number[]): ProxyObserved => ({
    kind: 'absent',
    place: { ...place, taken: new Set(taken) },
  });
  assert.deepEqual(ports([app, WEB], absent()), [first, first + 1]);
  assert.deepEqual(ports([app, range, WEB], absent(first + 2)), [first, first + 3, first + 1]);
  assert.deepEqual(ports([app, WEB], running()), [first + 1, first]);
  const full = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  assert.deepEqual(ports([WEB], absent(...full)), [
    `web: no local port of ${first} to ${last} is free for haproxy`,
  ]);
  assert.match(`${ports([all], absent())}`, /^all: haproxy carries at most 64 ports .* not 1000/);
  assert.match(`${ports([WEB], { kind: 'no-tool' })}`, /install the package haproxy/);
  assert.deepEqual(planProxy([WEB], { ...OWN, ipv4: null }, absent()).desired.hosts, [OWN.ipv6]);
  const noIpv6: ProxyObserved = { kind: 'absent', place: { ...place, hasIpv6: false } };
  assert.deepEqual(planProxy([WEB], OWN, noIpv6).desired.hosts, [OWN.ipv4]);
});

test('haproxy: where clients stay, it is reloaded once it has learned who stays where', () => {
  // Goal: no client moves, and nobody waits who need not. Method: what was found, and whether the
  // reload is put off, and for whom nft stands in; twins that nobody stays with, or need none.
  const found = running(IN_STEP, 'other');
  assert.ok(found.kind === 'running');
  const [sticky, app] = [
    { ...WEB, stickyMs: 60_000 },
    { ...WEB, name: 'app' },
  ];
  const { mark } = configOf(wants([placed(sticky)]), new Map());
  const late = { ...found, hasLearned: false };
  const table: readonly (readonly [ProxyBalancer[], ProxyObserved, boolean, string])[] = [
    [[sticky], late, true, ''],
    [[app, sticky], late, true, 'app'],
    [[app, sticky], found, false, ''],
    [[sticky], { ...late, mark }, false, ''],
    [[WEB], late, false, ''],
    [[{ ...sticky, name: 'new' }], late, false, ''],
    [[sticky], { ...late, peerPort: null }, false, ''],
  ];
  for (const [balancers, observed, isPutOff, names] of table) {
    const { desired, awaited } = planProxy(balancers, OWN, observed);
    assert.deepEqual([desired.isPutOff, [...awaited].join()], [isPutOff, names]);
  }
});

test('haproxy: one that does not answer is left as it is', () => {
  // Goal: who carries connections is not restarted on a guess. Method: silent, heard before or not.
  const before = running();
  assert.ok(before.kind === 'running');
  const heard: ProxyObserved = { kind: 'silent', why: 'it is silent', before };
  const { desired, withheld } = planProxy([WEB], OWN, heard);
  assert.deepEqual([desired.balancers.length, withheld.size], [1, 0]);
  assert.deepEqual(diffProxy(wants([]), heard), []);
  const unheard = planProxy([WEB], OWN, { ...heard, before: null });
  assert.deepEqual([...unheard.withheld], [['web', 'it is silent']]);
});
