/**
 * Rule: firewall change — edits of the policy on their way into the document: read once more by the
 * schema, tried against the policy tests, and kept from cutting their own author off.
 */
import type { Edit, Value } from '../../../crdt/entry.ts';
import { foresee } from '../../../crdt/foresight.ts';
import { intentPath } from '../../../crdt/paths.ts';
import { readRecord } from '../../../crdt/records.ts';
import type { Arguments, Input, Scene } from '../../verb.ts';
import { SERVICE } from '../policy.ts';
import { defaultSchema, groupSchema, ruleSchema } from '../schemas.table.ts';
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

/** The flags of every verb that changes what may pass. */
export const CHANGE_INPUTS: readonly Input[] = [
  { name: 'force', as: 'flag', kind: 'switch', help: 'also where it cuts SSH or the mesh' },
];

/** The path of an object. */
const pathOf = (kind: Kind, name: string): string => intentPath({ service: SERVICE, kind, name });

/**
 * The edits of some changes. Fault 'refused' when one does not fit its schema, when a policy test
 * would fail, or, without --force, when it would cut the operator, SSH or the mesh.
 */
export function editsOf(scene: Scene, given: Arguments, changes: readonly Change[]): Edit[] {
  const edits = changes.map(({ kind, name, value }): Edit => {
    if (value !== null) {
      const read = readRecord(SCHEMAS[kind], value);
      if (!read.ok) throw refuse(kind, name, read.why, 'see cnsmo firewall --help');
    }
    return { path: pathOf(kind, name), value };
  });
  const after = foresee(scene.view, edits, scene.self);
  mustPassTests(scene, after);
  if (!given.isSet('force')) mustKeepWays(scene, after);
  return edits;
}
