/**
 * Loop: naming — what operators call the members, and the labels by which rules select them.
 *
 * 1. A name that another member shows is refused; two operators in two partitions can still give
 *    one name twice, and then it is settled as every tie of names is.
 * 2. Labels are written whole: of two operators at two members who change different ones before
 *    they heard of each other, one loses, and `conflicts` shows it. At one member none does.
 */
import { parseMemberName } from '../crdt/names.ts';
import { trustPath } from '../crdt/paths.ts';
import { Fault } from '../fault.ts';
import { carryOut } from './decisions.ts';
import { mustBeOperator } from './operators.ts';
import { findMember } from './rules/find.ts';
import { isSameLabels, relabel } from './rules/naming.ts';
import { type Asked, decideUpheld, type Upheld } from './uphold.ts';
import type { VerbContext } from './verbs.ts';

/** What a member is called and labelled after a change. */
export interface Named {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Gives a member another name. Fault 'refused' when it is none, or another member's. */
export const renameMember = (context: VerbContext, text: string, wish: string): Promise<Named> =>
  carryOut(context, async () => {
    const view = context.replica.view();
    mustBeOperator(view, context.self, 'rename members');
    const { id, name, labels } = findMember(view, text);
    const parsed = parseMemberName(wish);
    if (!parsed.ok) throw badName(wish, parsed.why, 'choose one as web-1');
    const isTaken = view.members.some(
      (other) => other.id !== id && other.name === wish && !other.hasLeft,
    );
    if (isTaken) throw badName(wish, 'another member has that name', 'choose another');
    const edits = name === wish ? [] : [{ path: trustPath('name', id), value: { name: wish } }];
    return { edits, body: { id, name: wish, labels } };
  });

/**
 * Changes labels of a member: `key=value` sets one, `key-` removes one. Fault 'refused' names the
 * change that is neither, or what a service was asked for and would not hold any more.
 */
export const labelMember = (
  context: VerbContext,
  text: string,
  changes: readonly string[],
  asked: Asked,
): Promise<Named & Upheld> =>
  carryOut(context, () =>
    decideUpheld(context, asked, (view) => {
      mustBeOperator(view, context.self, 'label members');
      const { id, name, labels: before } = findMember(view, text);
      const labels = relabel(before, changes);
      const isSame = isSameLabels(before, labels);
      const edits = isSame ? [] : [{ path: trustPath('label', id), value: { labels } }];
      return { edits, body: { id, name, labels } };
    }),
  );

const badName = (value: string, why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'name', value, why, remedy });
