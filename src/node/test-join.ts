/**
 * Loop: test join — a VM that joins, and the members that it asks, for tests only.
 */
import assert from 'node:assert/strict';
import { pickIpv4 } from '../crdt/addresses.ts';
import { encode } from '../crdt/codec.ts';
import { makeGenesis, readGenesis } from '../crdt/genesis.ts';
import { type MemberId, memberIdOf } from '../crdt/ids.ts';
import { printToken } from '../crdt/token.ts';
import { Fault } from '../fault.ts';
import type { Ports, SwarmConfig, SwarmNode } from '../ports.ts';
import { SERVICE_NAMES } from '../services/registry.ts';
import { prepareJoin } from './join.ts';
import { openCrypto } from './linux/crypto.ts';
import { decodeJoinAsk, encodeJoin, type JoinAnswer, type JoinAsk } from './rules/join-message.ts';
import { readSettings } from './rules/settings.ts';

const crypto = openCrypto();
/** What the clocks of all say. Unit: ms. */
export const NOW_MS = 1_800_000_000_000;
const PREFIX = '10.10.0.0/16';
/** A seed for each number, and for nothing else. */
export const seedOf = (number: number): Uint8Array => new Uint8Array(32).fill(number);
/** Its public key. */
export const keyOf = (seed: Uint8Array | undefined): Uint8Array =>
  crypto.publicKey(seed ?? assert.fail('no key'));
/** The member of that number. */
export const idOf = (number: number): MemberId => memberIdOf(keyOf(seedOf(number)));

const genesis = makeGenesis(crypto, seedOf(1), {
  name: 'shop',
  prefix: PREFIX,
  prefix6: 'fd00:1::/64',
  nextRootHash: new Uint8Array(32),
});
const read = readGenesis(crypto, genesis);
assert.ok(read.ok);
const { meshId } = read;

/** A token that names the given members. */
export const tokenOf = (members: readonly number[], expiry = NOW_MS + 3_600_000): string =>
  printToken(crypto, {
    meshId,
    psk: seedOf(9),
    seed: seedOf(8),
    expiry,
    entries: members.map((number) => ({
      memberId: idOf(number),
      address: { host: `192.0.2.${number}`, port: 7300 },
    })),
  });

const named = (number: number) => ({ member: idOf(number), host: `192.0.2.${number}`, port: 7300 });
/** An entry's yes. */
export const ADMITTED: JoinAnswer = {
  kind: 'admitted',
  name: 'vm7',
  ipv4: '10.10.0.7',
  entries: [],
};
/** An entry that has others asked. */
export const retry = (...members: readonly number[]): JoinAnswer => ({
  kind: 'retry',
  entries: members.map(named),
});
/** An entry's no. */
export const refused = (why: Extract<JoinAnswer, { kind: 'refused' }>['why']): JoinAnswer => ({
  kind: 'refused',
  why,
  detail: '',
});

/** What a joiner signs. */
export type AdmitAsk = Extract<JoinAsk, { kind: 'admit' }>;
/** What a member answers to `admit`; `null`: nothing. */
type Said = JoinAnswer | null | ((ask: AdmitAsk) => JoinAnswer | null);
/** What it offers a key; by default what an empty mesh has. */
type Offer = (memberKey: Uint8Array) => string;

/** What a key is offered where the addresses of `taken` are others'. */
export const pickFor = (memberKey: Uint8Array, taken: readonly string[] = []): string =>
  pickIpv4(crypto, PREFIX, memberKey, new Set(taken)) ?? '';

const timeout = (field = 'endpoint'): Fault =>
  new Fault('timeout', { field, value: '', why: 'no answer', remedy: 'wait' });

/** Where it differs from a network of honest members with a right clock and time to spare. */
interface Ways {
  /** How far members' clocks are ahead of this VM's. Unit: ms. */
  readonly offMs?: Readonly<Record<string, number>>;
  /** Who is of another version. */
  readonly others?: readonly MemberId[];
  /** How long each takes for an answer, and until when none comes. */
  readonly slow?: { readonly ms: number; readonly untilMs: number };
  readonly offers?: Readonly<Record<string, Offer>>;
}

/** A VM with an empty disk, in a network where each member answers `admit` as said, or nobody. */
export function stage(answers: Readonly<Record<string, Said>>, ways: Ways = {}) {
  const { offMs = {}, others = [], slow = { ms: 0, untilMs: 0 }, offers = {} } = ways;
  const asked: string[] = [];
  /** Who was asked to admit this VM, and with what. */
  const told: string[] = [];
  const signed: AdmitAsk[] = [];
  const hellos: Uint8Array[] = [];
  const files = new Map<string, Uint8Array>();
  let [nowMs, drawn] = [0, 31];
  const answer = (peer: string, ask: JoinAsk): JoinAnswer => {
    if (ask.kind === 'hello') {
      hellos.push(ask.memberKey);
      const ipv4 = (offers[peer] ?? pickFor)(ask.memberKey);
      const wallMs = NOW_MS + (offMs[peer] ?? 0);
      return { kind: 'welcome', genesis, observed: '198.51.100.7', ipv4, wallMs };
    }
    told.push(peer);
    signed.push(ask);
    const said = answers[peer];
    const word = typeof said === 'function' ? said(ask) : said;
    if (word === null || word === undefined) throw timeout('peer');
    return word;
  };
  const dial = (peer: MemberId, host: string, timeoutMs: number): void => {
    const isThere = answers[peer] !== undefined;
    asked.push(host);
    nowMs += isThere ? 10 : timeoutMs;
    if (!isThere) throw timeout();
  };
  const request = (peer: MemberId, body: Uint8Array, timeoutMs: number): Uint8Array => {
    const neededMs = Math.max(slow.ms, slow.untilMs - nowMs);
    nowMs += Math.min(neededMs, timeoutMs);
    if (neededMs > timeoutMs) throw timeout('peer');
    if (others.includes(peer)) return encode({ v: 2, document: 1, kind: 'greeting' });
    const ask = decodeJoinAsk(body);
    return encodeJoin(answer(peer, ask.kind === 'said' ? ask.said : assert.fail(ask.kind)));
  };
  const sleep = async (durationMs: number) => {
    nowMs += durationMs;
  };
  const clock = { wallMs: () => NOW_MS, monotonicMs: () => nowMs, sleep };
  const random = { bytes: () => seedOf(++drawn), fraction: () => 0.5 };
  const world = { disk: diskOf(files), swarm: swarmOf(dial, request) };
  const ports = { ...host(), ...world, clock, random, crypto };
  const join = (token: string, timeoutMs: number | null = null, name = 'vm7') =>
    prepareJoin(ports, token, readSettings({}, name, SERVICE_NAMES), {
      onStep: () => undefined,
      timeoutMs,
    });
  return { join, asked, told, signed, hellos, files, nowMs: () => nowMs };
}

/** A swarm in which a joiner asks, and nothing else. */
const swarmOf = (
  dial: (peer: MemberId, host: string, timeoutMs: number) => void,
  request: (peer: MemberId, body: Uint8Array, timeoutMs: number) => Uint8Array,
): Ports['swarm'] => ({
  open: async ({ standing }: SwarmConfig) =>
    ({
      dial: async (peer: MemberId, [at]: readonly { readonly host: string }[], ms: number) => {
        assert.equal(standing(peer), 'member', 'it is let in');
        dial(peer, at?.host ?? '', ms);
      },
      request: async (peer: MemberId, _: string, body: Uint8Array, ms: number) =>
        request(peer, body, ms),
      stop: async () => undefined,
    }) as unknown as SwarmNode,
});

const diskOf = (files: Map<string, Uint8Array>): Ports['disk'] => ({
  read: async (name) => files.get(name) ?? null,
  write: async (name, content) => void files.set(name, content),
  append: async (name, content) => void files.set(name, content),
  remove: async (name) => void files.delete(name),
  list: async () => [...files.keys()],
});

/** A host that can be a member. */
function host(): Pick<Ports, 'host' | 'net' | 'log'> {
  const facts = {
    hostname: 'vm7',
    isRoot: true,
    hasTun: true,
    hasKernelWireguard: true,
    hasSystemd: false,
    tools: { ip: true, wg: true },
  };
  const silent = () => undefined;
  return {
    host: {
      run: async () => ({ status: 1, stdout: '', stderr: '' }),
      facts: async () => facts,
      probe: async () => facts,
      addresses: async () => [],
    },
    net: { isPortFree: async () => true, glance: async () => '', serveApi: () => assert.fail() },
    log: { info: silent, warn: silent, error: silent },
  };
}

/** The Fault that a join ends with. */
export const refusal = (join: Promise<unknown>): Promise<Fault> =>
  join.then(
    () => assert.fail('joined'),
    (error: unknown) => (error instanceof Fault ? error : assert.fail(String(error))),
  );
