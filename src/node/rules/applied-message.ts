/**
 * Rule: applied message — what members ask each other: which objects of a service are in force on
 * your host, as you read it back?
 *
 * The question brings a digest of what the asker expects; where the other has just that, or that
 * without a few, the answer says so and is short, however many objects there are.
 */
import { hex } from '@scure/base';
import * as z from 'zod/mini';
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord } from '../../crdt/entry.ts';
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import type { Intent } from '../../crdt/view.ts';
import type { Crypto } from '../../ports.ts';
import type { AgentReport } from '../../services/service.ts';
import type { Standing } from '../../services/verb.ts';

/** Longest question or answer. Unit: bytes. 16,384 objects of 100 bytes. */
export const APPLIED_BYTES_MAX = 2 * 1024 * 1024;
/** How many problems are told, and how much of each. */
const PROBLEMS_MAX = 4;
const PROBLEM_LENGTH_MAX = 300;
/** Objects whose reason is told, of those that a host cannot; `problems` says of the rest. */
const WITHHELD_MAX = 1_000;
/** How much is told of sights, and how much of one. Unit: characters. Half of an answer. */
const SIGHTS_LENGTH_MAX = 1_000_000;
const SIGHT_LENGTH_MAX = 160;

const question = z.object({ service: z.string(), digest: z.string() });
/** `applied` null: what the asker expects. */
const answer = z.object({
  applied: z.nullable(z.record(z.string(), z.string())),
  /** What the asker expects is in force without these paths, and what `applied` says beside. */
  without: z.optional(z.array(z.string())),
  problems: z.array(z.string().check(z.maxLength(PROBLEM_LENGTH_MAX))),
  /** By path: packets, bytes. */
  counts: z.optional(z.record(z.string(), z.tuple([z.int(), z.int()]))),
  /** By path: why an object is not in force though the rest is. */
  withheld: z.optional(z.record(z.string(), z.string().check(z.maxLength(PROBLEM_LENGTH_MAX)))),
  /** What the service sees there of what it works with, by its names of those. */
  sights: z.optional(z.record(z.string(), z.string().check(z.maxLength(SIGHT_LENGTH_MAX)))),
});

/** By path: the stamp of each object. */
export type Stamps = Readonly<Record<string, string>>;

/** Times to stamp an object, to compare a stamp, and to spell one. Unit: ms, as measured. */
const [STAMP_MS, COMPARE_MS, LINE_MS] = [0.002, 0.001, 0.003];

/** The stamps of a service's objects in a view, in pieces. The same object for the same two. */
export function* stampsOf(
  intent: readonly Intent[],
  service: string,
  meter: Meter,
): Generator<void, Stamps> {
  const known = stampsIn.get(intent)?.get(service);
  if (known !== undefined) return known;
  const stamps: Record<string, string> = {};
  for (const { service: whose, path, hlc } of intent) {
    if (whose === service) stamps[path] = hlc.join('.');
    if (meter.isDue(STAMP_MS)) yield;
  }
  stampsIn.set(intent, (stampsIn.get(intent) ?? new Map<string, Stamps>()).set(service, stamps));
  return stamps;
}

const stampsIn = new WeakMap<readonly Intent[], Map<string, Stamps>>();

/** The same, to look up. Of twenty members that are in step there is one. */
const mapOf = (stamps: Stamps): ReadonlyMap<string, string> =>
  finish(mapInPieces(stamps, UNMETERED));

/** Makes it in pieces, for who will need it: of many thousands it takes 20 ms. */
export function* mapInPieces(
  stamps: Stamps,
  meter: Meter,
): Generator<void, ReadonlyMap<string, string>> {
  const known = maps.get(stamps);
  if (known !== undefined) return known;
  const map = new Map<string, string>();
  for (const path of Object.keys(stamps)) {
    map.set(path, stamps[path] ?? '');
    if (meter.isDue(COMPARE_MS)) yield;
  }
  maps.set(stamps, map);
  return map;
}

const maps = new WeakMap<Stamps, ReadonlyMap<string, string>>();

/** The question about a service, in pieces. `expected`: what the asker's view holds. */
export function* encodeQuestion(
  crypto: Crypto,
  service: string,
  expected: Stamps,
  meter: Meter,
): Generator<void, Uint8Array> {
  return encode({ service, digest: yield* digestOf(crypto, expected, meter) });
}

/** The service asked about, or null for what is no question. */
export const serviceAsked = (bytes: Uint8Array): string | null =>
  read(question, bytes)?.service ?? null;

/** What an answer is made of. `report`: the agent's last; null: none runs. */
export interface Grounds {
  readonly crypto: Crypto;
  readonly report: AgentReport | null;
  /** What the view of whoever answers holds. */
  readonly wanted: Stamps;
}

/** The answer to a question, in pieces. */
export function* encodeAnswer(
  { crypto, report, wanted }: Grounds,
  bytes: Uint8Array,
  meter: Meter,
): Generator<void, Uint8Array> {
  const asked = read(question, bytes);
  const applied = report?.applied ?? {};
  const isExpected = function* (stamps: Stamps): Generator<void, boolean> {
    return (yield* digestOf(crypto, stamps, meter)) === asked?.digest;
  };
  let told: AppliedTold = { applied: null };
  if (!(yield* isExpected(applied))) {
    const difference = yield* differenceOf(applied, wanted, meter);
    const isShort = isShorter(difference, applied) && (yield* isExpected(wanted));
    told = isShort ? difference : { applied };
  }
  return encode({
    ...told,
    problems: problemsOf(report),
    counts: Object.fromEntries(
      Object.entries(report?.counts ?? {}).map(([path, { packets, bytes }]) => [
        path,
        [packets, bytes],
      ]),
    ),
    ...withheldIn(report),
    ...sightsIn(report),
  });
}

/** Nothing where nothing is: most answers are a few bytes. */
const withheldIn = (report: AgentReport | null) => {
  const withheld = withheldOf(report);
  return withheld.length === 0 ? {} : { withheld: Object.fromEntries(withheld) };
};

const withheldOf = (report: AgentReport | null): readonly (readonly [string, string])[] =>
  Object.entries(report?.withheld ?? {})
    .slice(0, WITHHELD_MAX)
    .map(([path, why]) => [path, why.slice(0, PROBLEM_LENGTH_MAX)]);

const sightsIn = (report: AgentReport | null) => {
  const sights = sightsOf(report);
  return sights.length === 0 ? {} : { sights: Object.fromEntries(sights) };
};

function sightsOf(report: AgentReport | null): readonly (readonly [string, string])[] {
  const told: (readonly [string, string])[] = [];
  let left = SIGHTS_LENGTH_MAX;
  for (const [name, word] of Object.entries(report?.sights ?? {})) {
    const short = word.slice(0, SIGHT_LENGTH_MAX);
    left -= name.length + short.length;
    if (left < 0) break;
    told.push([name, short]);
  }
  return told;
}

/**
 * What is in force, in few words where the asker expects that, or that `without` a few; then
 * `applied` holds what is in force beside it.
 */
interface AppliedTold {
  readonly applied: Stamps | null;
  readonly without?: readonly string[];
}

interface Difference extends AppliedTold {
  readonly applied: Stamps;
  readonly without: readonly string[];
}

/** What is in force, as what is wanted without some and with some beside it. */
function* differenceOf(applied: Stamps, wanted: Stamps, meter: Meter): Generator<void, Difference> {
  const without: string[] = [];
  for (const path of Object.keys(wanted)) {
    if (applied[path] !== wanted[path]) without.push(path);
    if (meter.isDue(COMPARE_MS)) yield;
  }
  const beside: Record<string, string> = {};
  for (const path of Object.keys(applied)) {
    const stamp = applied[path] ?? '';
    if (wanted[path] !== stamp) beside[path] = stamp;
    if (meter.isDue(COMPARE_MS)) yield;
  }
  return { applied: beside, without };
}

const isShorter = ({ applied, without }: Difference, all: Stamps): boolean =>
  without.length + Object.keys(applied).length < Object.keys(all).length;

/** What an answer tells, or why it tells nothing. */
export function readAnswer(bytes: Uint8Array, expected: Stamps): Standing {
  const said = read(answer, bytes);
  if (said === null) return { kind: 'silent', why: 'runs another version of cnsmo' };
  const { without } = said;
  const applied =
    without === undefined
      ? mapOf(said.applied ?? expected)
      : lacking(expected, without, said.applied ?? {});
  const counts = Object.entries(said.counts ?? {}).map(
    ([path, [packets, bytes]]) => [path, { packets, bytes }] as const,
  );
  return {
    ...{ kind: 'told', applied, problems: said.problems, counts: new Map(counts) },
    withheld: new Map(Object.entries(said.withheld ?? {})),
    sights: new Map(Object.entries(said.sights ?? {})),
  };
}

const lacking = (
  expected: Stamps,
  without: readonly string[],
  beside: Stamps,
): ReadonlyMap<string, string> => {
  const left = new Map(mapOf(expected));
  for (const path of without) left.delete(path);
  for (const [path, stamp] of Object.entries(beside)) left.set(path, stamp);
  return left;
};

/** What this member's own agent tells. */
export const ownStanding = (report: AgentReport | null): Standing => ({
  kind: 'told',
  applied: mapOf(report?.applied ?? {}),
  problems: problemsOf(report),
  counts: new Map(Object.entries(report?.counts ?? {})),
  withheld: new Map(withheldOf(report)),
  sights: new Map(sightsOf(report)),
});

/** Notes of one that is in step included: a trial that it has withdrawn is one. */
const problemsOf = (report: AgentReport | null): readonly string[] => {
  if (report === null) return ['the service does not run there'];
  return report.problems.slice(0, PROBLEMS_MAX).map((each) => each.slice(0, PROBLEM_LENGTH_MAX));
};

/** Of the stamps that were asked for before: whoever asks often costs a member no more. */
const digests = new WeakMap<Stamps, string>();

function* digestOf(crypto: Crypto, stamps: Stamps, meter: Meter): Generator<void, string> {
  const digest = digests.get(stamps) ?? (yield* hashOf(crypto, stamps, meter));
  digests.set(stamps, digest);
  return digest;
}

function* hashOf(crypto: Crypto, stamps: Stamps, meter: Meter): Generator<void, string> {
  const lines: string[] = [];
  for (const path of Object.keys(stamps)) {
    lines.push(`${path} ${stamps[path]}\n`);
    if (meter.isDue(LINE_MS)) yield;
  }
  const longMs = lines.length * COMPARE_MS;
  const sorted = lines.toSorted();
  if (meter.isDue(longMs)) yield;
  const text = new TextEncoder().encode(sorted.join(''));
  if (meter.isDue(longMs)) yield;
  return hex.encode(crypto.sha256(text));
}

function read<T>(schema: z.ZodMiniType<T>, bytes: Uint8Array): T | null {
  const decoded = decode(bytes, APPLIED_BYTES_MAX);
  if (!decoded.ok || !isRecord(decoded.value)) return null;
  const parsed = z.safeParse(schema, decoded.value);
  return parsed.success ? parsed.data : null;
}
