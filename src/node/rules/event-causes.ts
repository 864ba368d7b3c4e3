/**
 * Rule: event causes — by whose word a member is what it is, in words; or what else made it so.
 *
 * Null where whoever said it is not known here.
 */
import type { MemberId } from '../../crdt/ids.ts';
import { trustPath } from '../../crdt/paths.ts';
import type { Picture, Seen } from './event-picture.ts';

/** A member at two moments. `was`: null before it was one. */
export interface Step {
  readonly id: MemberId;
  readonly was: Seen | null;
  readonly now: Seen;
  readonly before: Picture;
  readonly after: Picture;
}

/** As much of an id as is shown of somebody without a name. Unit: characters. */
const ID_LENGTH = 12;

/** How it came to be a member. */
export function joinCause(step: Step): string | null {
  if (step.now.via !== null) return step.now.via;
  const said = step.after.word(trustPath('adopt', step.id), operatorsIn(step.after));
  if (said === null) return null;
  return said.author === step.id ? 'it founded the mesh' : `adopted ${by(step, said.author)}`;
}

/** Why it has the role now, or has it no more. */
export function roleCause(step: Step): string | null {
  const { id, now, before, after } = step;
  const path = trustPath('role', id);
  if (now.role === 'operator') {
    const operator = after.operators.get(id);
    if (operator?.depth === 0) {
      return operator.recovery > 0 ? 'by the recovery code' : 'it founded the mesh';
    }
    const granters = new Set([...operatorsIn(after)].filter((one) => one !== id));
    const said = after.word(path, granters);
    return said === null ? null : by(step, said.author);
  }
  const said = after.word(path, new Set([...operatorsIn(before), ...operatorsIn(after)]));
  const isRemoval = said !== null && said.value === null;
  return isRemoval ? by(step, said.author) : 'whoever gave it the role is no operator any more';
}

/** Why it is called otherwise. */
export function nameCause(step: Step): string | null {
  const { id, was, now, after } = step;
  if (now.isNameTied) return 'another member has the name that it was given';
  const isFreed = was?.isNameTied === true && was.name.startsWith(markedStart(now.name));
  if (isFreed) return 'no other member has the name any more';
  const said = after.word(trustPath('name', id), operatorsIn(after));
  return said === null ? null : by(step, said.author);
}

/** Why it has another address. */
export function addressCause(step: Step): string | null {
  const { id, was, now, after } = step;
  if (now.isAddressTied) {
    const other = 'another member has the address that it was given';
    return now.ipv4 === null ? other : `it took a free one: ${other}`;
  }
  if (was?.isAddressTied === true) return 'no other member has the address any more';
  const said = after.word(trustPath('adopt', id), operatorsIn(after));
  return said === null ? null : by(step, said.author);
}

/** What a name begins with while it is marked; the mark may have taken the place of its end. */
const markedStart = (name: string): string => name.slice(0, MARKED_LENGTH);
const MARKED_LENGTH = 50;

const operatorsIn = ({ operators }: Picture): ReadonlySet<MemberId> => new Set(operators.keys());

const by = ({ before, after }: Step, author: MemberId): string => {
  const known = after.members.get(author) ?? before.members.get(author);
  return `by ${known?.name ?? author.slice(0, ID_LENGTH)}`;
};
