/**
 * Rule: firewall compile run — a lane's chain, in which whoever no rule of a long run can mean goes
 * past all of it by one look at an address.
 *
 * 1. A run is of parts that follow each other and all name their far ends. What comes after it is a
 *    chain of its own, entered by `goto`: whoever is allowed returns to where the lane was called.
 * 2. The addresses of a run stand in one set, those that lie in others left out: as the sets of its
 *    parts it changes when members come and go, and the chains do not.
 */
import type { Meter } from '../../crdt/meter.ts';
import {
  type Expression,
  elementsOf,
  goto,
  is,
  isNot,
  meta,
  type NftChain,
  type NftRule,
  type NftSet,
  payload,
} from '../nft/tables.ts';
import type { Cidr, Family } from '../selectors/cidr.ts';
import { cidrKey, FAMILIES, type Fields, type Names, NFPROTO, TYPE_OF } from './compile-part.ts';
import type { OrderedPart } from './sort-lane.ts';

/**
 * Parts that are worth a look at a set. A rule that does not match takes some 20 ns, a look at a
 * set of prefixes 80: `npm run bench -- firewall`.
 */
const RUN_MIN = 16;

/** A run: its number, from 1, and its addresses by family. */
interface Run {
  readonly number: number;
  readonly far: Readonly<Record<Family, Far>>;
}

/** Parts in their order; `run`: null for what is none. */
interface Segment {
  readonly run: Run | null;
  readonly parts: readonly OrderedPart[];
}

/** The parts of a lane, those of each run together. */
export const segmentsOf = (ordered: readonly OrderedPart[]): readonly Segment[] => {
  const groups: OrderedPart[][] = [];
  for (const part of ordered) {
    const last = groups.at(-1);
    const isOn = last !== undefined && (last[0]?.remote === null) === (part.remote === null);
    if (isOn) last.push(part);
    else groups.push([part]);
  }
  let runs = 0;
  return groups.map((parts) => {
    if (parts.length < RUN_MIN || parts[0]?.remote === null) return { run: null, parts };
    runs++;
    const far = { ip: farOf(parts, 'ip'), ip6: farOf(parts, 'ip6') };
    return { run: { number: runs, far }, parts };
  });
};

/** The addresses of a run. */
interface Far {
  /** None of them lies in another. */
  readonly cidrs: readonly Cidr[];
  readonly isMoving: boolean;
}

const farOf = (parts: readonly OrderedPart[], family: Family): Far => {
  const all = parts
    .flatMap(({ remote }) => remote ?? [])
    .filter((each) => each.family === family)
    .toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.length - b.length));
  const cidrs: Cidr[] = [];
  for (const each of all) {
    const last = cidrs.at(-1);
    if (last === undefined || each.first > last.last) cidrs.push(each);
  }
  return { cidrs, isMoving: parts.some(({ clause }) => clause.isMoving) };
};

const isWhole = ({ cidrs }: Far): boolean => cidrs.some(({ length }) => length === 0);
const hasSet = (far: Far): boolean => !isWhole(far) && (far.isMoving || far.cidrs.length > 0);

const setName = ({ lane }: Names, run: number, family: Family): string =>
  `${lane}/run-${run}/${family}`;

/** The sets of the runs among segments. */
export const runSets = (names: Names, segments: readonly Segment[]): readonly NftSet[] =>
  segments.flatMap(({ run }) =>
    FAMILIES.flatMap((family): readonly NftSet[] => {
      const far = run?.far[family];
      if (run === null || far === undefined || !hasSet(far)) return [];
      const elements = far.cidrs.map(({ text }) => {
        return { key: cidrKey(text), verdict: null, rule: null };
      });
      return [
        {
          ...{ name: setName(names, run.number, family), kind: 'set', type: TYPE_OF[family] },
          ...{ flags: ['interval'], isCounted: false, elements: elementsOf(elements) },
        },
      ];
    }),
  );

/** What a lane does besides, before and after its ordered parts, and with each of these. */
export interface Around {
  readonly before: readonly NftRule[];
  readonly each: (part: OrderedPart) => readonly NftRule[];
  readonly after: readonly NftRule[];
}

/** What chains are made of: `name` is that of the first, which the others follow. */
interface Plot {
  readonly name: string;
  readonly segments: readonly Segment[];
  readonly around: Around;
}

/** Time to make the rules of a part. Unit: ms, as measured. */
const PART_MS = 0.02;

/** The chains of one way through a lane, in pieces. */
export function* runChains(
  names: Names,
  fields: Fields,
  { name, segments, around }: Plot,
  meter: Meter,
): Generator<void, readonly NftChain[]> {
  const chains: NftChain[] = [];
  let [open, rules] = [name, [...around.before]];
  const close = (): void => void chains.push({ name: open, hook: null, rules });
  for (const { run, parts } of segments) {
    const own: NftRule[] = [];
    for (const part of parts) {
      own.push(...around.each(part));
      if (meter.isDue(PART_MS)) yield;
    }
    if (run === null) {
      rules = rules.concat(own);
      continue;
    }
    const next = `${name}/after-${run.number}`;
    const past = FAMILIES.flatMap((family) => pastRun(names, fields, run, family));
    const gone = past.map((when): NftRule => ({ expr: [when, goto(next)] }));
    rules = rules.concat(gone, own, { expr: [goto(next)] });
    close();
    [open, rules] = [next, []];
  }
  rules.push(...around.after);
  close();
  return chains;
}

/** When no rule of a run can mean a packet. */
const pastRun = (names: Names, fields: Fields, run: Run, family: Family): readonly Expression[] => {
  const far = run.far[family];
  if (isWhole(far)) return [];
  return hasSet(far)
    ? [isNot(payload(family, fields.remote), `@${setName(names, run.number, family)}`)]
    : [is(meta('nfproto'), NFPROTO[family])];
};
