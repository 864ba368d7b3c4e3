/**
 * Loop: test api — the routes of the local API over a real state and nothing else, for tests only.
 */
import assert from 'node:assert/strict';
import { makeGenesis, readGenesis } from '../crdt/genesis.ts';
import { type MemberId, memberIdOf } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { ApiRequest, Disk } from '../ports.ts';
import { TOY } from '../services/test-toy.ts';
import { type ApiContext, answerApi, type Consent } from './api.ts';
import { AUDIT_LIMITS } from './audit.ts';
import { openCrypto } from './linux/crypto.ts';
import { openReplica, type Replica } from './replica.ts';
import { openSequence } from './sequence.ts';

const crypto = openCrypto();
const seed = new Uint8Array(32).fill(1);
/** The member whose API it is, the founder. */
export const SELF = memberIdOf(crypto.publicKey(seed));
/** Somebody who is no operator. */
export const STRANGER = memberIdOf(crypto.publicKey(new Uint8Array(32).fill(2)));

const genesisBytes = makeGenesis(crypto, seed, {
  name: 'shop',
  prefix: '10.10.0.0/16',
  prefix6: 'fd00:1::/64',
  nextRootHash: new Uint8Array(32),
});
const genesis = readGenesis(crypto, genesisBytes);
assert.ok(genesis.ok);

const local: ApiContext['local'] = {
  keys: { memberSeed: seed, wgPrivateKey: seed },
  psk: seed,
  genesis: genesis.genesis,
  genesisBytes,
  meshId: genesis.meshId,
  config: {
    name: 'vm1',
    port: 7300,
    interface: 'cnsmo0',
    advertised: null,
    observed: null,
    services: ['vpn'],
    allowRun: false,
    entries: [],
  },
};

const adoption = {
  path: `trust/adopt/${SELF}`,
  value: {
    memberKey: crypto.publicKey(seed),
    wgKey: seed,
    name: 'vm1',
    ipv4: '10.10.0.1',
    labels: {},
    number: 0,
    invite: null,
  },
};

const disk: Disk = {
  read: async () => null,
  write: async () => undefined,
  append: async () => undefined,
  remove: async () => undefined,
  list: async () => [],
};
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = {
  wallMs: () => 1_800_000_000_000,
  monotonicMs: () => 0,
  sleep: () => Promise.resolve(),
};

/**
 * The founder's API, over a state in memory. `as`: as if somebody else were this member. `done`:
 * which ends of the node were called.
 */
export async function openApi(as = SELF) {
  const replica = await openReplica({ clock, crypto, disk, log }, local);
  await replica.write([adoption]);
  const done: string[] = [];
  const context = contextOf(as, replica, done);
  const ask = (
    method: ApiRequest['method'],
    path: string,
    body: unknown = null,
    query: ApiRequest['query'] = {},
  ) => answerApi(context, { method, path, query, body });
  const refusal = async (method: ApiRequest['method'], path: string, body: unknown = null) => {
    try {
      await ask(method, path, body);
    } catch (error) {
      if (error instanceof Fault) return `${error.code} ${error.message}`;
      throw error;
    }
    return 'answered';
  };
  return { ask, refusal, replica, done, context };
}

/** A core role that nobody has. */
const coreOf = (replica: Replica): ApiContext['core'] => ({
  holder: () => null,
  constituency: () => ({
    view: replica.view(),
    epoch: 1,
    place: (id) => id,
    link: () => 'alive',
    passed: () => null,
  }),
  nextEpochMs: () => 1_200_000,
});

/** In step with whoever is asked. */
const SYNC: ApiContext['sync'] = {
  with: async () => true,
  isInStep: () => true,
  overdue: () => [],
  skewsMs: () => new Map(),
  strangers: () => new Map(),
  judge: () => 'accept',
  run: async () => undefined,
};

/** One event, which says what was asked for. */
const echoWish: ApiContext['events'] = async (wish) => ({
  events: [{ time: '', kind: 'started', member: null, text: JSON.stringify(wish), cause: null }],
  cursor: '1-1',
});

function contextOf(as: MemberId, replica: Replica, done: string[]): ApiContext {
  const consent = { current: { services: ['vpn'], allowRun: false, eligible: true } as Consent };
  let drawn = 0;
  return {
    ports: {
      clock,
      crypto,
      random: { bytes: (length) => new Uint8Array(length).fill(++drawn), fraction: () => 0 },
    },
    self: as,
    local,
    replica,
    sync: SYNC,
    twins: { renew: () => undefined, isTwinned: () => false },
    onRecovered: () => void done.push('recovered'),
    audit: { async *pages() {} },
    core: coreOf(replica),
    absences: () => new Map(),
    auditLimits: () => AUDIT_LIMITS,
    setAuditLimits: async () => undefined,
    connected: () => [],
    meet: async () => undefined,
    seek: () => undefined,
    connections: () => [],
    neighbours: () => new Set(),
    sight: async () => sightOf(as),
    consent: () => consent.current,
    setConsent: async (wish) => {
      consent.current = wish;
    },
    events: echoWish,
    eventsOf: async (on) => ({ events: [], cursor: on, missing: [], leftOut: 0 }),
    digests: async () => new Map(),
    logOf: async (member, wish) => ({ lines: [`${member} ${JSON.stringify(wish)}`], cursor: '7' }),
    stopped: new AbortController().signal,
    leave: async () => {
      done.push('leave');
      return { told: 1, others: 1 };
    },
    stop: () => void done.push('stop'),
    inOrder: openSequence(),
    services: [TOY],
    reach: async () => 'answered',
    openingsAt: () => [],
    skewsMs: () => new Map(),
    standings: async () => new Map([[SELF, { kind: 'silent', why: 'toy' }]]),
  };
}

const sightOf = (self: MemberId) => ({
  self,
  name: 'vm1',
  commit: 'abc1234',
  version: '0.1.0',
  isReady: true,
  isElsewhere: false,
  isInDoubt: false,
  disk: null,
  ahead: [],
  skewsMs: new Map(),
  strangers: new Map(),
  link: () => 'alive' as const,
  cutBy: new Map(),
  entries: [],
  overdue: [],
  core: null,
  rttMs: () => null,
  reports: [],
});
