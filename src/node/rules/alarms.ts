/**
 * Rule: alarms — what an operator should look at, in words, with what helps.
 */
import type { PeerKey } from '../../crdt/ids.ts';
import type { Alarm, View } from '../../crdt/view.ts';
import { OUR_VERSIONS, type Versions } from './sync-message.ts';

/** An alarm of the view as a line for people. */
export const alarmText = (view: View, { kind, about }: Alarm): string =>
  `${kind}: ${TEXTS[kind](view, about)}`;

/** How it comes to be. */
export const alarmCause = ({ kind }: Alarm): string => CAUSES[kind];

const CAUSES: { readonly [Kind in Alarm['kind']]: string } = {
  equivocation: 'one key in two places, or a member that lies',
  'over-use': 'those who let VMs in by it had not heard of each other, or lie',
  'double-recovery': 'neither of them had heard of the other',
  'address-tie': 'whoever let it in had not heard of the other member',
  'name-tie': 'whoever let it in or named it had not heard of the other member',
};

const memberName = (view: View, id: string): string =>
  view.members.find((member) => member.id === id)?.name ?? id.slice(0, 12);

const TEXTS: { readonly [Kind in Alarm['kind']]: (view: View, about: string) => string } = {
  equivocation: (view, about) => {
    const name = memberName(view, about);
    return (
      `${name} signed two different statements for one place, so what it said since ` +
      `is not heard; is it one of two VMs with one key, run cnsmo stop and cnsmo leave --local ` +
      `on the copy, and cnsmo recover on ${name}; is it hostile, evict it`
    );
  },
  'over-use': (view, about) => {
    const invite = view.invites.find(({ id }) => id === about);
    return (
      `invite ${about.slice(0, 12)} let in ${invite?.used ?? '?'} VMs, ${invite?.uses ?? '?'} at ` +
      `most were meant; look at cnsmo members and evict who does not belong`
    );
  },
  'double-recovery': (_, about) =>
    `${about}: two members used one recovery code, of which one holds; ` +
    `has only one of them your trust, evict the other`,
  'address-tie': (view, about) =>
    `${memberName(view, about)} was given an address that another member has; ` +
    `it takes a free one by itself while it runs`,
  'name-tie': (view, about) =>
    `${memberName(view, about)} was given a name that another member has, and shows a mark; ` +
    `give it another with cnsmo member rename`,
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
