import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidatesOf, chooseEndpoint } from './endpoint.ts';
import {
  EXAMPLE_WALL_MS,
  exampleMember,
  examplePeer,
  exampleSelf,
  exampleView,
} from './example.table.ts';

const { mesh } = exampleView([]);
const at = (host: string, port = 7300) => ({ host, port });
const texts = (...parameters: Parameters<typeof candidatesOf>) =>
  candidatesOf(...parameters).map(({ host, port }) => `${host} ${port}`);

const said = (changes: Partial<NonNullable<ReturnType<typeof exampleMember>['endpoints']>>) =>
  exampleMember(2, {
    endpoints: { port: 7300, advertised: null, observed: null, local: [], ...changes },
  });

const CANDIDATES = [
  {
    why: 'connected, advertised, observed, local, in this order',
    member: said({
      advertised: at('198.51.100.2', 17300),
      observed: at('203.0.113.2'),
      local: ['10.0.0.2', '2001:db8::2'],
    }),
    seen: at('192.0.2.2', 7300),
    ours: [],
    expected: [
      '192.0.2.2 7300',
      '198.51.100.2 17300',
      '203.0.113.2 7300',
      '10.0.0.2 7300',
      '2001:db8::2 7300',
    ],
  },
  {
    why: 'repeats count once',
    member: said({ observed: at('192.0.2.2'), local: ['192.0.2.2'] }),
    seen: at('192.0.2.2'),
    ours: [],
    expected: ['192.0.2.2 7300'],
  },
  {
    why: 'the member knows the port of its forwarded host',
    member: said({ advertised: at('192.0.2.2', 17300) }),
    seen: at('::ffff:192.0.2.2'),
    ours: [],
    expected: ['192.0.2.2 17300'],
  },
  {
    why: 'silent so far: the connection alone',
    member: exampleMember(2, { endpoints: null }),
    seen: at('192.0.2.2', 7300),
    ours: [],
    expected: ['192.0.2.2 7300'],
  },
  {
    why: 'never inside the overlay',
    member: said({ advertised: at('fd00:1::7'), local: ['10.10.0.2', '10.9.0.2'] }),
    seen: at('10.10.0.2', 7300),
    ours: [],
    expected: ['10.9.0.2 7300'],
  },
  {
    why: 'never where no other host can be, nor a name that wg would look up',
    member: said({
      advertised: at('vm.example'),
      observed: at('127.0.0.1'),
      local: ['169.254.1.1', 'fe80::1', '::1', '0.0.0.0', '224.0.0.1', 'ff02::1', '10.9.0.2'],
    }),
    seen: undefined,
    ours: [],
    expected: ['10.9.0.2 7300'],
  },
  {
    why: 'never an address of this host, as that of a container bridge',
    member: said({ local: ['172.17.0.1', '10.9.0.2'] }),
    seen: undefined,
    ours: ['172.17.0.1'],
    expected: ['10.9.0.2 7300'],
  },
];

test('candidates come best first and only from where a member can be', () => {
  // Goal: order and exclusions. Method: a table of what is said and seen.
  for (const { why, member, seen, ours, expected } of CANDIDATES) {
    assert.deepEqual(texts(member, mesh, seen, ours), expected, why);
  }
});

const TWO = [at('192.0.2.2'), at('2001:db8::2')];
const fresh = examplePeer(2, { endpoint: '203.0.113.9:40000' });
const stale = examplePeer(2, {
  endpoint: '203.0.113.9:40000',
  handshakeAtMs: EXAMPLE_WALL_MS - 180_000,
});
const ahead = examplePeer(2, { handshakeAtMs: EXAMPLE_WALL_MS + 3_600_000 });

const CHOICES = [
  ['a peer not yet made starts with the best', TWO, undefined, 0, '192.0.2.2:7300', 1_000],
  ['the first slot ends at 15 s', TWO, undefined, 14_900, '192.0.2.2:7300', 100],
  ['then the next, IPv6 in brackets', TWO, undefined, 15_000, '[2001:db8::2]:7300', 7_500],
  ['then the first again', TWO, undefined, 30_000, '192.0.2.2:7300', 15_000],
  ['one candidate stays', TWO.slice(0, 1), undefined, 47_000, '192.0.2.2:7300', 13_000],
  ['heard: the engine follows the peer', TWO, fresh, 15_000, '203.0.113.9:40000', 120_000],
  ['silent for 180 s: candidates again', TWO, stale, 0, '192.0.2.2:7300', 1_000],
  ['a stamp of before the clock stepped back', TWO, ahead, 0, '192.0.2.2:7300', 1_000],
  ['nothing known: as the engine has it', [], stale, 0, '203.0.113.9:40000', 1_000],
  ['nothing known at all', [], undefined, 0, null, 1_000],
] as const;

test('the endpoint follows a peer that is heard and seeks one that is not', () => {
  // Goal: both states and the turns. Method: a table over the age of handshake and view.
  for (const [why, candidates, observed, viewAgeMs, endpoint, recheckMs] of CHOICES) {
    const choice = chooseEndpoint(candidates, observed, exampleSelf({ viewAgeMs }), false);
    assert.deepEqual(choice, { endpoint, recheckMs }, why);
  }
});

test('a peer whose session was ended by a recovery is first sought where it was', () => {
  // Goal: the handshake goes to where the peer roamed, also when its first packet is lost. Method:
  // no handshake, at ages of the recovery; twins: one that fell silent by itself, and no recovery.
  const ended = examplePeer(2, { endpoint: '203.0.113.9:40000', handshakeAtMs: null });
  const choose = (observed: typeof ended, recoveryAgeMs: number | null) => {
    const recoveredAtMs = recoveryAgeMs === null ? null : 1_000_000 - recoveryAgeMs;
    const self = exampleSelf({ nowMs: 1_000_000, recoveredAtMs, viewAgeMs: 47_000 });
    return chooseEndpoint(TWO, observed, self, false);
  };
  const here = '203.0.113.9:40000';
  assert.deepEqual(choose(ended, 0), { endpoint: here, recheckMs: 15_000 });
  assert.deepEqual(choose(ended, 14_000), { endpoint: here, recheckMs: 1_000 });
  const elsewhere = { endpoint: '[2001:db8::2]:7300', recheckMs: 13_000 };
  assert.deepEqual(choose(ended, 15_000), elsewhere);
  assert.deepEqual(choose(ended, null), elsewhere);
  assert.deepEqual(choose(stale, 0), elsewhere);
});

test('a clock that was set ends no tunnel that lives, and revives none that is dead', () => {
  // Goal: the engine's endpoint stays. Method: the clock is set 3 h ahead, or back, a minute after
  // the handshake and four minutes after it; then a handshake by the new clock.
  for (const stepMs of [10_800_000, -10_800_000]) {
    const wallMs = EXAMPLE_WALL_MS + stepMs;
    const self = exampleSelf({ wallMs, stepsMs: [-stepMs] });
    assert.equal(chooseEndpoint(TWO, fresh, self, false).endpoint, '203.0.113.9:40000');
    assert.equal(chooseEndpoint(TWO, fresh, self, true).recheckMs, 120_000, 'no sign tells it');
    assert.equal(chooseEndpoint(TWO, stale, self, false).endpoint, '192.0.2.2:7300');
    const renewed = { ...fresh, handshakeAtMs: wallMs - 5_000 };
    assert.equal(chooseEndpoint(TWO, renewed, self, false).recheckMs, 175_000);
    assert.equal(chooseEndpoint(TWO, renewed, self, true).recheckMs, null);
  }
});

test('what a sign watches is looked at only to try another candidate', () => {
  // Goal: no polling while nothing can be done. Method: heard; one candidate; the twin with two.
  const recheck = (candidates: typeof TWO, observed: typeof fresh | undefined): number | null =>
    chooseEndpoint(candidates, observed, exampleSelf({ viewAgeMs: 47_000 }), true).recheckMs;
  assert.equal(recheck(TWO, fresh), null);
  assert.equal(recheck(TWO.slice(0, 1), undefined), 23_500);
  assert.equal(recheck(TWO, undefined), 13_000);
});
