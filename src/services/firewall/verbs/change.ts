/**
 * Rule: firewall change — edits of the policy on their way into the document: read once more by the
 * schema, tried against the policy tests, and kept from cutting their own author off.
 */
import type { Edit, Value } from '../../../crdt/entry.ts';
import { foresee } from '../../../crdt/foresight.ts';
import { intentPath } from '../../../crdt/paths.ts';
import { readRecord } from '../../../crdt/records.ts';
import type { Arguments, Input, Scene } from '../../verb.ts';
import { policyOf, SERVICE, type TrialOrder } from '../policy.ts';
import { defaultSchema, groupSchema, ruleSchema, trialSchema } from '../schemas.table.ts';
import { mustPassTests, testSchema } from './checks.ts';
import { refuse } from './refuse.ts';
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
export const CHANGE_INPUTS: readonly Input[] = [
  {
    ...{ name: 'confirm', as: 'flag', kind: 'duration', value: 'duration', range: TRIAL_MS },
    help: 'end by itself after that, unless cnsmo firewall confirm comes first',
  },
  { name: 'force', as: 'flag', kind: 'switch', help: 'also where it cuts SSH or the mesh' },
];

/** The path of an object. */
const pathOf = (kind: Kind | 'trial', name: string): string =>
  intentPath({ service: SERVICE, kind, name });

/**
 * The edits of some changes, or with --confirm the edit that puts them on trial. Fault 'refused'
 * when one does not fit its schema, when a policy test would fail, or, with neither --confirm nor
 * --force, when it would cut the operator, SSH or the mesh.
 */
export function editsOf(scene: Scene, given: Arguments, changes: readonly Change[]): Edit[] {
  const edits = plainEdits(scene, changes);
  const trialMs = given.number('confirm');
  if (trialMs !== null) return edits.length === 0 ? [] : trialEdits(scene, trialMs, changes);
  if (!given.isSet('force')) mustKeepWays(scene, foresee(scene.view, edits, scene.self));
  return edits;
}

/** The edits without a look at what they cut. */
export function plainEdits(scene: Scene, changes: readonly Change[]): Edit[] {
  const edits = changes.map(({ kind, name, value }): Edit => {
    if (value !== null) {
      const read = readRecord(SCHEMAS[kind], value);
      if (!read.ok) throw refuse(kind, name, read.why, 'see cnsmo firewall --help');
    }
    return { path: pathOf(kind, name), value };
  });
  mustPassTests(scene, foresee(scene.view, edits, scene.self));
  return edits;
}

/** The object that puts changes on trial; trials that are over are cleared away with it. */
function trialEdits(scene: Scene, trialMs: number, changes: readonly Change[]): Edit[] {
  const running = runningTrial(scene);
  if (running !== null) {
    const remedy = 'confirm it first, or take it back: cnsmo firewall confirm --undo';
    throw refuse('confirm', running.id, 'another change is on trial', remedy);
  }
  const value = {
    seconds: Math.ceil(trialMs / 1_000),
    changes: changes.map(({ kind, name, value: object }) => ({ kind, name, value: object })),
  };
  const read = readRecord(trialSchema, value);
  if (!read.ok) throw refuse('confirm', 'changes', read.why, 'try out less at once');
  const over = policyOf(scene.view).trials.map(({ path }): Edit => ({ path, value: null }));
  return [...over, { path: pathOf('trial', scene.nonce.slice(0, 8)), value }];
}

/** The changes that are on trial now, by this member's clock, or null. */
export const runningTrial = ({ view, wallMs }: Scene): TrialOrder | null =>
  policyOf(view).trials.find(({ claim, seconds }) => wallMs - claim.hlc[0] < seconds * 1_000) ??
  null;
