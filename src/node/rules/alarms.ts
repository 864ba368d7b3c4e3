/**
 * Rule: alarms — what an operator should look at, in words, with what helps.
 */
import type { PeerKey } from '../../crdt/ids.ts';
import type { Alarm, View } from '../../crdt/view.ts';
import { OUR_VERSIONS, type Versions } from './sync-message.ts';

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

/** A line for each connected member with which nothing is exchanged. */
export const versionAlarms = (
  view: View,
  strangers: ReadonlyMap<PeerKey, Versions>,
): readonly string[] =>
  [...strangers].map(([peer, { wire, document }]) => {
    const name = view.members.find(({ id }) => id === peer)?.name ?? peer;
    return (
      `${name} speaks wire version ${wire} and document version ${document}, this VM ` +
      `${OUR_VERSIONS.wire} and ${OUR_VERSIONS.document}: nothing is exchanged with it; ` +
      `run the same version of cnsmo on both`
    );
  });
