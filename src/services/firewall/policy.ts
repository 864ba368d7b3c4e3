/**
 * Rule: firewall policy — what operators want, read out of the view.
 *
 * 1. Total: an object that cannot be read is set aside by name, and the last one at its path that
 *    can is in force; the rest holds.
 * 2. Rules stand in the order in which they decide: priority, what forbids before what allows,
 *    name. The first that matches decides.
 * 3. As long as the intent is the same, the policy is the same object.
 */
import { compareHlc } from '../../crdt/hlc.ts';
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import { intentPath } from '../../crdt/paths.ts';
import { readRecord } from '../../crdt/records.ts';
import type { Intent, IntentClaim, View } from '../../crdt/view.ts';
import { isRead, lastGood, readerOf, type Unread } from '../objects.ts';
import { readGroup } from '../selectors/groups.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import type { Groups } from '../selectors/selectors.ts';
import {
  DEFAULT_NAMES,
  type DefaultRecord,
  type Direction,
  defaultSchema,
  type RuleRecord,
  ruleSchema,
  type TestRecord,
  type TrialRecord,
  testSchema,
  trialPartSchema,
  trialSchema,
} from './schemas.table.ts';

/** Where the objects of this service stand. */
export const SERVICE = 'firewall';

/** A rule with its name, and the claim that it was read from. */
export interface Rule extends RuleRecord {
  readonly name: string;
  readonly path: string;
  readonly claim: IntentClaim;
}

/** What happens to what no rule decides on. */
export interface Default extends DefaultRecord {
  readonly zone: Zone;
  readonly direction: Direction;
  readonly path: string;
  /** Null where no operator said anything: then all is allowed. */
  readonly claim: IntentClaim | null;
}

/** Changes that operators try out, those of all its parts. */
export interface TrialOrder extends TrialRecord {
  readonly id: string;
  readonly path: string;
  readonly claim: IntentClaim;
}

/** A policy test with its name. */
export interface Test extends TestRecord {
  readonly name: string;
}

/** All that operators want of the firewall. */
export interface Policy {
  /** In the order in which they decide, disabled and expired ones included. */
  readonly rules: readonly Rule[];
  /** By name. */
  readonly groups: Groups;
  /** One for each zone and direction. */
  readonly defaults: readonly Default[];
  /** The latest first. */
  readonly trials: readonly TrialOrder[];
  readonly tests: readonly Test[];
  readonly unread: readonly Unread[];
  /** Of all that can be read, by path: the claim that is in force. */
  readonly claims: ReadonlyMap<string, IntentClaim>;
}

const known = new WeakMap<readonly Intent[], Policy>();

/** The policy of a view. */
export const policyOf = (view: Pick<View, 'intent'>): Policy =>
  known.get(view.intent) ?? finish(policyInPieces(view, UNMETERED));

/** The rules of the longer of two policies: what comparing the two takes is by that. */
export const countRules = (before: Pick<View, 'intent'>, after: Pick<View, 'intent'>): number =>
  Math.max(policyOf(before).rules.length, policyOf(after).rules.length);

/** The same, in pieces. */
function* policyInPieces({ intent }: Pick<View, 'intent'>, meter: Meter): Generator<void, Policy> {
  const made = known.get(intent) ?? (yield* readPolicy(intent, meter));
  // Somebody else may have made one meanwhile, of which others have made more.
  const policy = known.get(intent) ?? made;
  known.set(intent, policy);
  return policy;
}

/** The default of a zone and direction. */
export const defaultOf = (policy: Policy, zone: Zone, direction: Direction): Default => {
  const found = policy.defaults.find((each) => each.zone === zone && each.direction === direction);
  if (found === undefined) throw new TypeError(`no default for ${zone} ${direction}`);
  return found;
};

/** The view as it would be with the changes of a trial. The same object for the same two. */
export const withTrial = (view: View, trial: TrialOrder): View => {
  const last = trialViews.get(view);
  if (last?.trial === trial) return last.view;
  const changed = changedBy(view, trial);
  trialViews.set(view, { trial, view: changed });
  return changed;
};

/** The name of part number `index` of a trial, from 0. */
export const partName = (id: string, index: number): string => `${id}-${index}`;

/** The paths of a trial's objects. */
export const trialPaths = ({ intent }: Pick<View, 'intent'>, id: string): readonly string[] =>
  intent
    .filter(({ service, kind, name }) => {
      if (service !== SERVICE) return false;
      return kind === 'trial' ? name === id : kind === 'trial-part' && name.startsWith(`${id}-`);
    })
    .map(({ path }) => path);

const trialViews = new WeakMap<View, { readonly trial: TrialOrder; readonly view: View }>();

const changedBy = (view: View, trial: TrialOrder): View => {
  const places = new Map(trial.changes.map((each) => [placeOf(each), each]));
  const stays = view.intent.filter(
    (each) => each.service !== SERVICE || !places.has(placeOf(each)),
  );
  const before = new Map(
    view.intent
      .filter(({ service }) => service === SERVICE)
      .map((each) => [placeOf(each), each] as const),
  );
  const changed = trial.changes.flatMap(({ kind, name, value }): readonly Intent[] => {
    if (value === null) return [];
    const place = { service: SERVICE, kind, name };
    const there = before.get(placeOf(place));
    const older = there === undefined ? [] : [there, ...there.older];
    return [{ ...trial.claim, ...place, path: intentPath(place), value, older }];
  });
  return { ...view, intent: [...stays, ...changed] };
};

const placeOf = ({ kind, name }: { readonly kind: string; readonly name: string }): string =>
  `${kind}/${name}`;

/** Whether a rule counts now. `wallMs`: Unix ms. */
export const isInForce = ({ enabled, expiry }: RuleRecord, wallMs: number): boolean =>
  enabled && (expiry === undefined || wallMs < expiry);

/** Negative where `a` decides before `b`. */
export const compareRules = (a: Rule, b: Rule): number =>
  a.priority - b.priority ||
  Number(a.action === 'allow') - Number(b.action === 'allow') ||
  (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** What reads the objects of each kind. */
const READERS = {
  rule: (value: unknown) => readRecord(ruleSchema, value),
  group: readGroup,
  default: (value: unknown) => readRecord(defaultSchema, value),
  test: (value: unknown) => readRecord(testSchema, value),
  trial: (value: unknown) => readRecord(trialSchema, value),
  'trial-part': (value: unknown) => readRecord(trialPartSchema, value),
};

/** The kinds of objects of this service. */
export type ObjectKind = keyof typeof READERS;

/** Times to read an object that is new, and to put a rule into its place. Unit: ms, as measured. */
const OBJECT_MS = 0.02;
const PLACE_MS = 0.002;

/** Reads in pieces what is new in a view, and puts its policy together. */
export function* digestPolicy(
  { intent }: Pick<View, 'intent'>,
  meter: Meter,
): Generator<void, void> {
  if (known.has(intent)) return;
  for (const each of intent) {
    const reader = Object.entries(READERS).find(([kind]) => kind === each.kind)?.[1];
    if (each.service !== SERVICE || reader === undefined || isRead(each)) continue;
    lastGood<unknown>(each, reader);
    if (meter.isDue(OBJECT_MS)) yield;
  }
  yield* policyInPieces({ intent }, meter);
}

function* readPolicy(intent: readonly Intent[], meter: Meter): Generator<void, Policy> {
  const own = intent.filter(({ service }) => service === SERVICE);
  const unread: Unread[] = own
    .filter(({ kind }) => !Object.hasOwn(READERS, kind))
    .map(({ path, kind }) => ({ path, why: `this version knows no ${kind}`, isHeld: false }));
  const claims = new Map<string, IntentClaim>();
  if (meter.isDue(own.length * PLACE_MS)) yield;
  const readAll = readerOf(own, unread, claims);
  const rules: Rule[] = [];
  for (const { intent: at, claim, found } of readAll('rule', READERS.rule)) {
    rules.push({ ...found, name: at.name, path: at.path, claim });
    if (meter.isDue(PLACE_MS)) yield;
  }
  if (meter.isDue(rules.length * PLACE_MS)) yield; // They are sorted below.
  const groups = [...readAll('group', READERS.group)].map(
    ({ intent: { name }, found }) => [name, found] as const,
  );
  const given = new Map(
    readAll('default', READERS.default).map(({ intent: { name }, claim, found }) => [
      name,
      { ...found, claim },
    ]),
  );
  return {
    rules: rules.toSorted(compareRules),
    trials: trialsOf(readAll, unread).toSorted((a, b) => compareHlc(b.claim.hlc, a.claim.hlc)),
    groups: new Map(groups),
    defaults: DEFAULT_NAMES.map(({ name, zone, direction }) => ({
      ...{ zone, direction, path: `intent/${SERVICE}/default/${name}` },
      ...(given.get(name) ?? { action: 'allow', claim: null }),
    })),
    tests: [...readAll('test', READERS.test)].map(({ intent, found }) => ({
      ...found,
      name: intent.name,
    })),
    ...{ unread, claims },
  };
}

type ReadAll = ReturnType<typeof readerOf>;

/** Trials whose parts are all there. */
const trialsOf = (readAll: ReadAll, unread: Unread[]): readonly TrialOrder[] => {
  const parts = new Map(
    readAll('trial-part', READERS['trial-part']).map(({ intent: { name }, found }) => [
      name,
      found.changes,
    ]),
  );
  const orders = [...readAll('trial', READERS.trial)];
  return orders.flatMap(({ intent: { name: id, path }, claim, found }) => {
    const more = Array.from({ length: found.parts ?? 0 }, (_, index) =>
      parts.get(partName(id, index)),
    );
    const isWhole = more.every((part) => part !== undefined);
    if (!isWhole) unread.push({ path, why: 'a part of it is missing', isHeld: false });
    const changes = [found.changes, ...more].flatMap((part) => part ?? []);
    return isWhole ? [{ ...found, changes, id, path, claim }] : [];
  });
};
