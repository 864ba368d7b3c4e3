/**
 * Rule: test mesh — stores of several members over a projection of the simplest kind, for tests
 * only.
 *
 * Whoever is named by `trust/admission/<id>` of anybody is a member, by `trust/evict/<id>` evicted,
 * by `trust/role/<id>` an operator, as the founder is; nothing else is checked.
 */
import assert from 'node:assert/strict';
import { openCrypto } from '../node/linux/crypto.ts';
import type { Project } from './chains.ts';
import { type Change, changesIn, type SeenBefore } from './change.ts';
import { encode } from './codec.ts';
import type { AuthorState, Edit, Value } from './entry.ts';
import { makeFrame } from './frame.ts';
import { clientIdOf } from './gate.ts';
import { type MemberId, memberIdOf, meshIdOf } from './ids.ts';
import { finish, UNMETERED } from './meter.ts';
import type { Receipt } from './receiving.ts';
import { openStore, type Store } from './store.ts';
import { openPen } from './subdocument.ts';
import type { View } from './view.ts';

/** The real thing: signatures count. */
export const testCrypto = openCrypto();

/** The seed of the member of a name. */
export const seedOf = (name: string): Uint8Array =>
  testCrypto.sha256(new TextEncoder().encode(name));
const keys = new Map<string, Uint8Array>();

/** The public key of the member of a name: to derive one takes as long as to sign. */
const keyOf = (name: string): Uint8Array => {
  const key = keys.get(name) ?? testCrypto.publicKey(seedOf(name));
  keys.set(name, key);
  return key;
};

/** The id of the member of a name. */
export const idOf = (name: string): MemberId => memberIdOf(keyOf(name));

/** The time in tests, ms: long after 1970 and long before anything overflows. */
export const NOW = 1_000_000;

const MESH = testCrypto.sha256(new Uint8Array(1));

const GENESIS = {
  v: 1 as const,
  name: 'test',
  prefix: '10.10.0.0/24',
  prefix6: 'fd12:3456:789a:1::/64',
  founderKey: testCrypto.publicKey(seedOf('founder')),
  nextRootHash: new Uint8Array(32),
  signature: new Uint8Array(64),
};

/** The simplest view; besides, it shows the states that it was made of. */
const projectSimply = (authors: readonly AuthorState[]): View => {
  const named = (kind: string): MemberId[] =>
    authors
      .flatMap(({ entries }) => entries)
      .filter(({ path, value }) => path.startsWith(`trust/${kind}/`) && value !== null)
      .map(({ path }) => path.split('/')[2] as MemberId);
  const shown: Readonly<Record<string, Value | readonly AuthorState[]>> = { authors };
  return {
    ...shown,
    members: named('admission').map((id) => ({ id })),
    evicted: named('evict'),
    operators: [idOf('founder'), ...named('role')].map((member) => ({ member })),
  } as unknown as View;
};

/** The store of a member of a name, empty. */
export const openTestStore = (name: string, project: Project = projectSimply): Store =>
  openStore(
    testCrypto,
    { genesis: GENESIS, meshId: meshIdOf(MESH) },
    { id: idOf(name), seed: seedOf(name) },
    project,
  );

/** Writes and commits; gives the frame. Fails when there is none. */
export const say = (store: Store, edits: readonly Edit[], wallMs = NOW): Uint8Array =>
  commit(store.write(edits, wallMs));

/** Commits what came of writing; gives the frame. Fails when there is none. */
export const commit = (written: ReturnType<Store['write']>): Uint8Array => {
  assert.equal(written.kind, 'frame', written.kind === 'refused' ? written.why : written.kind);
  if (written.kind !== 'frame') return new Uint8Array();
  written.commit();
  return written.bytes;
};

/** Makes a member of whoever has the name. */
export const admit = (name: string): Edit => ({
  path: `trust/admission/${idOf(name)}`,
  value: true,
});

/** A frame of the test mesh by hand, well signed, whatever it says. */
export const forge = (
  name: string,
  choice: {
    readonly generation?: number;
    readonly sequence?: number;
    readonly previous?: Parameters<typeof makeFrame>[2]['previous'];
    readonly mesh?: Uint8Array;
    readonly body?: Uint8Array;
    readonly signer?: string;
  },
): Uint8Array =>
  makeFrame(testCrypto, seedOf(choice.signer ?? name), {
    mesh: choice.mesh ?? MESH,
    author: keyOf(name),
    generation: choice.generation ?? 0,
    sequence: choice.sequence ?? 0,
    previous: choice.previous ?? null,
    body: choice.body ?? Uint8Array.of(0, 0),
  });

/** A founder that admitted `a`, and `a` with the founder's frames. */
export const pair = (): { readonly founder: Store; readonly a: Store } => {
  const founder = openTestStore('founder');
  const a = openTestStore('a');
  a.receive(say(founder, [admit('a')], NOW), NOW);
  return { founder, a };
};

/** A receipt in words, as `held: gap`. */
export const verdictOf = (receipt: Receipt): string =>
  'why' in receipt ? `${receipt.verdict}: ${receipt.why}` : receipt.verdict;

/** The body of the first frame of a member's generation that says contents as they are. */
export const bodyOf = (
  name: string,
  contents: readonly Uint8Array[],
  generation = 0,
): Uint8Array => {
  const author = keyOf(name);
  return openPen(clientIdOf(testCrypto, author, generation), null).write([], contents);
};

/** The bytes of an entry that replaces nothing. */
export const entryBytes = (path: string, value: Value, ms = NOW): Uint8Array =>
  encode({ path, value, hlc: [ms, 0], replaces: null });

/** What two stores must have in common when they hold the same frames. */
export const picture = (store: Store): unknown => ({ heads: store.heads(), view: store.view() });

/** What is new in a frame, all at once. */
export const changesOf = (bytes: Uint8Array, seenBefore: SeenBefore): readonly Change[] =>
  finish(changesIn(testCrypto, bytes, seenBefore, UNMETERED));

/** An edit, in short. */
export const at = (path: string, value: Value): Edit => ({ path, value });

/** What a store says of the member of a name. Fails where it knows nothing of it. */
export const stateOf = (store: Store, name: string): AuthorState => {
  const { authors } = store.view() as unknown as { authors: readonly AuthorState[] };
  const found = authors.find(({ author }) => author === idOf(name));
  assert.ok(found !== undefined);
  return found;
};

/** Why nothing was written, or what came of it. */
export const refusal = (written: ReturnType<Store['write']>): string =>
  written.kind === 'refused' ? written.why : written.kind;
