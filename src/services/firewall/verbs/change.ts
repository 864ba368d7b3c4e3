/**
 * Rule: firewall change — edits of the policy on their way into the document: read once more by the
 * schema, tried against the policy tests, and kept from cutting their own author off.
 */
import type { Edit, Value } from '../../../crdt/entry.ts';
import { foreseeInPieces } from '../../../crdt/foresight.ts';
import type { Meter } from '../../../crdt/meter.ts';
import { intentPath } from '../../../crdt/paths.ts';
import { readRecord } from '../../../crdt/records.ts';
import type { View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import { groupSchema } from '../../selectors/schemas.table.ts';
import { type Arguments, type Input, type Scene, type Verb, verbInPieces } from '../../verb.ts';
import { digestView } from '../digest.ts';
import { policyOf, SERVICE, type TrialOrder } from '../policy.ts';
import { defaultSchema, ruleSchema, testSchema } from '../schemas.table.ts';
import { isYoung } from '../trial.ts';
import { mustPassTests } from './checks.ts';
import { trialEdits, trialEnd } from './trial-parts.ts';
import { mustKeepWays } from './ways.ts';

const SCHEMAS = {
  rule: ruleSchema,
  group: groupSchema,
  default: defaultSchema,
  test: testSchema,
} as const;

/** What can be kept under `intent/firewall/`. */
export type Kind = keyof typeof SCHEMAS;

/** One object to write; null deletes it. */
export interface Change {
  readonly kind: Kind;
  readonly name: string;
  readonly value: Value;
}

/** Shortest and longest trial. Unit: ms. A person has to type the confirmation; a day. */
const TRIAL_MS = [5_000, 86_400_000] as const;

/** The flags of every verb that changes what may pass. */
const CHANGE_INPUTS: readonly Input[] = [
  {
    ...{ name: 'confirm', as: 'flag', kind: 'duration', value: 'duration', range: TRIAL_MS },
    help: 'end by itself after that, unless cnsmo firewall confirm comes first',
  },
  { name: 'force', as: 'flag', kind: 'switch', help: 'also where it cuts SSH or the mesh' },
];

/** The path of an object. */
const pathOf = (kind: Kind, name: string): string => intentPath({ service: SERVICE, kind, name });

/** A change that is tried out. `until`: its end where it is begun at once, RFC 3339. */
export interface OnTrial {
  readonly id: string;
  readonly seconds: number;
  readonly until: string;
}

/** A verb that changes what may pass: it says what, and is put on trial as any other. */
interface Changing<Body> extends Omit<Verb<Body>, 'needs' | 'canPlan' | 'decide'> {
  /** At once, or in pieces where it may take long. */
  readonly decide: (
    scene: Scene,
    given: Arguments,
    meter: Meter,
  ) => Wish<Body> | Generator<void, Wish<Body>>;
}

interface Wish<Body> {
  readonly changes: readonly Change[];
  readonly body: Body;
}

/** What is told of a change beside what it is. */
interface Told {
  readonly trial: OnTrial | null;
  /** Of policy tests that could not be tried whole, in plain words. */
  readonly untried: readonly string[];
}

/** The verb, with the flags that go with every change, and what it says of a trial. */
export const changing = <Body extends object>(of: Changing<Body>): Verb => {
  function* decide(scene: Scene, given: Arguments, meter: Meter) {
    const wish = of.decide(scene, given, meter);
    const { changes, body } = Symbol.iterator in wish ? yield* wish : wish;
    if (meter.isDue(changes.length * CHANGE_MS)) yield;
    const { edits, ...told } = yield* editsOf(scene, given, changes, meter);
    return { edits, body: { ...body, ...told } };
  }
  return verbInPieces<Body & Told>({
    ...of,
    inputs: [...of.inputs, ...CHANGE_INPUTS],
    needs: 'operator',
    canPlan: true,
    decideInPieces: decide,
    show: (body) => {
      const shown = of.show(body);
      const trial = body.trial === null ? [] : trialLines(body.trial);
      return { ...shown, lines: [...(shown.lines ?? []), ...trial, ...body.untried] };
    },
  });
};

/** Time to think of a change, and to check it by its schema. Unit: ms, as measured. */
const CHANGE_MS = 0.005;
const CHECK_MS = 0.02;

const trialLines = ({ id, seconds, until }: OnTrial): readonly string[] => [
  `On trial as ${id}: each member takes it back ${seconds} s after it began there, at ` +
    `${until.slice(11, 19)} UTC by this clock.`,
  'To make it last: cnsmo firewall confirm. To end it now: cnsmo firewall confirm --undo.',
];

/**
 * The edits of some changes, or with --confirm those that put them on trial. Fault 'refused' when
 * one does not fit its schema, when a policy test would fail, or, with neither --confirm nor
 * --force, when it would cut the operator, SSH or the mesh.
 */
function* editsOf(
  scene: Scene,
  given: Arguments,
  changes: readonly Change[],
  meter: Meter,
): Generator<void, Told & { readonly edits: readonly Edit[] }> {
  if (changes.length === 0) return { edits: [], trial: null, untried: [] };
  const { edits, after, untried } = yield* checkedEdits(scene, changes, meter);
  const trialMs = given.number('confirm');
  if (trialMs !== null) return { ...(yield* beginTrial(scene, trialMs, changes, meter)), untried };
  if (!given.isSet('force')) yield* mustKeepWays(scene, after, meter);
  return { edits, trial: null, untried };
}

interface Checked extends Pick<Told, 'untried'> {
  readonly edits: readonly Edit[];
  readonly after: View;
}

/** The edits without a look at what they cut, and the view as it would be. In pieces. */
export function* checkedEdits(
  scene: Scene,
  changes: readonly Change[],
  meter: Meter,
): Generator<void, Checked> {
  const edits: Edit[] = [];
  for (const { kind, name, value } of changes) {
    if (value !== null) {
      const read = readRecord(SCHEMAS[kind], value);
      if (!read.ok) throw refuse(kind, name, read.why, 'see cnsmo firewall --help');
    }
    edits.push({ path: pathOf(kind, name), value });
    if (meter.isDue(CHECK_MS)) yield;
  }
  const after = yield* foreseeInPieces(scene.view, edits, scene.self, meter);
  if (meter.isDue(edits.length * CHANGE_MS)) yield;
  yield* digestView(after, meter);
  const untried = yield* mustPassTests(scene, after, meter);
  return { edits, after, untried };
}

/** The objects that put changes on trial; trials that are over are cleared away with it. */
function* beginTrial(
  scene: Scene,
  trialMs: number,
  changes: readonly Change[],
  meter: Meter,
): Generator<void, Pick<Told, 'trial'> & { readonly edits: readonly Edit[] }> {
  const { view, caller, wallMs, nonce } = scene;
  const running = runningTrial(scene);
  if (running !== null) {
    const remedy = 'confirm it first, or take it back: cnsmo firewall confirm --undo';
    throw refuse('confirm', running.id, 'another change is on trial', remedy);
  }
  const [id, seconds] = [nonce.slice(0, 8), Math.ceil(trialMs / 1_000)];
  const management =
    caller === null
      ? {}
      : { management: [{ address: caller.remote.host, port: caller.local.port }] };
  const begun = yield* trialEdits(id, { seconds, ...management }, changes, meter);
  const paths = new Set(begun.map(({ path }) => path));
  const ended = policyOf(view).trials.flatMap((over) => trialEnd(view, over));
  const edits = [...begun, ...ended.filter(({ path }) => !paths.has(path))];
  const until = new Date(wallMs + seconds * 1_000).toISOString();
  return { edits, trial: { id, seconds, until } };
}

/** The changes that are on trial now, as far as clocks tell, or null. */
export const runningTrial = ({ view, self, wallMs, skewsMs }: Scene): TrialOrder | null =>
  policyOf(view).trials.find((trial) => isYoung(trial, { id: self, wallMs, skewsMs })) ?? null;
