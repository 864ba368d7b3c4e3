/**
 * Rule: snapshot — the largest first frames of a generation that an operator can make, each of
 * another kind: what holds a reader up most.
 */

import type { Value } from '../../src/crdt/entry.ts';
import {
  encodeStatement,
  pathHashOf,
  type Statement,
  tombstoneOf,
} from '../../src/crdt/entry-bytes.ts';
import { makeFrame, readFrame } from '../../src/crdt/frame.ts';
import { clientIdOf } from '../../src/crdt/gate.ts';
import { memberIdOf } from '../../src/crdt/ids.ts';
import { openPen } from '../../src/crdt/subdocument.ts';
import { crypto, enrol, foundWith, NOW_MS, openMember, seedOf } from './crowd.ts';

/** Just below an operator's quota: 16,384 keys, 65,536 deletions, 8 MiB. */
const KEYS = 16_300;
const DELETIONS = 65_000;
/** An admission takes some 480 bytes. */
const ADMISSIONS = 16_300;

/** What such a snapshot is full of. */
export type SnapshotKind = 'keys' | 'deletions' | 'invites' | 'admissions' | 'members';

/** The frames of a mesh of three, the last of them such a snapshot by the founder. */
export const snapshotOf = (kind: SnapshotKind): readonly Uint8Array[] => {
  const before = foundWith(['member-0', 'member-1']);
  const founder = openMember('founder');
  founder.load(before, NOW_MS);
  const [head] = founder.heads();
  const read = readFrame(before[0] ?? new Uint8Array());
  if (head === undefined || !read.ok) throw new Error('the founder said nothing');
  const { mesh, author } = read.frame;
  const said = founder
    .pathsOf(head.author)
    .map((path) => entry(path, founder.valueOf(head.author, path), 0));
  const admission = founder
    .pathsOf(head.author)
    .find((path) => path.startsWith('trust/admission/'));
  const model = founder.valueOf(head.author, admission ?? '') as { readonly [key: string]: Value };
  const more = STATEMENTS[kind](model);
  const body = openPen(clientIdOf(crypto, author, 1), null).write(
    [],
    [...said, ...more].map(encodeStatement),
  );
  const previous = [0, head.sequence, head.hash] as const;
  const content = { mesh, author, generation: 1, sequence: 0, previous, body };
  return [...before, makeFrame(crypto, seedOf('founder'), content)];
};

const entry = (path: string, value: Value, counter: number): Statement => ({
  kind: 'entry',
  entry: { path, value, hlc: [NOW_MS, counter], replaces: null },
});

const times = <Result>(count: number, make: (index: number) => Result): readonly Result[] =>
  Array.from({ length: count }, (_, index) => make(index));

const keyOf = (index: number): Uint8Array => seedOf(`stall ${index}`);

const STATEMENTS: Readonly<
  Record<SnapshotKind, (admission: { readonly [key: string]: Value }) => readonly Statement[]>
> = {
  keys: () =>
    times(KEYS, (index) =>
      entry(`intent/firewall/rule/r-${index}`, { text: 'x'.repeat(380), index }, index),
    ),
  deletions: () => [
    ...times(KEYS, (index) => entry(`intent/firewall/rule/r-${index}`, index, index)),
    ...times(DELETIONS, (index): Statement => {
      const pathHash = pathHashOf(crypto, `intent/gone/${index}`);
      return { kind: 'tombstone', tombstone: tombstoneOf(pathHash, [NOW_MS, index]) };
    }),
  ],
  invites: () =>
    times(KEYS, (index) => {
      const publicKey = keyOf(index);
      const value = { number: index + 2, publicKey, labels: {}, expiry: NOW_MS + 1000, uses: 1 };
      return entry(`trust/invite/${memberIdOf(publicKey)}`, value, index);
    }),
  // All of them hold, above the uses of their invite: an operator may do that.
  members: (model) =>
    times(ADMISSIONS, (index) => {
      const host = 2_000 + index;
      const ipv4 = `10.10.${Math.floor(host / 256)}.${host % 256}`;
      const { path, value } = enrol(`more-${index}`, ipv4, model.invite as string);
      return entry(path, value, index);
    }),
  // None of their signatures holds, so each is checked to its end.
  admissions: (model) =>
    times(ADMISSIONS, (index) => {
      const memberKey = keyOf(index);
      const value = { ...model, memberKey, name: `m-${index}` };
      return entry(`trust/admission/${memberIdOf(memberKey)}`, value, index);
    }),
};
