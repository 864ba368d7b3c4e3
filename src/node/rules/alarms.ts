/**
 * Rule: alarms — what an operator should look at, in words, with what helps.
 */
import type { Alarm, View } from '../../crdt/view.ts';

/** An alarm of the view as a line for people. */
export const alarmText = (view: View, { kind, about }: Alarm): string => {
  if (kind !== 'equivocation') return `${kind}: ${about}`;
  const name = view.members.find(({ id }) => id === about)?.name ?? about;
  return (
    `equivocation: ${name} signed two different statements for one place, so what it said since ` +
    `is not heard; is it one of two VMs with one key, run cnsmo leave --local on the copy and ` +
    `cnsmo recover on ${name}; is it hostile, evict it`
  );
};
