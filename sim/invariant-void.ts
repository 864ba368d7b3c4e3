/**
 * Rule: void — nothing that an evicted member ever said, before or after, is in a view (I10).
 *
 * Whoever holds the eviction has the view that it would have had it never heard of the member's own
 * frames; and soon no host lets it in. What several hold alike is projected once.
 */
import { base64, hex } from '@scure/base';
import { readGenesis } from '../src/crdt/genesis.ts';
import { type MemberId, memberIdOf } from '../src/crdt/ids.ts';
import { type Memo, openMemo } from '../src/crdt/memo.ts';
import { trustPath } from '../src/crdt/paths.ts';
import { openProjector } from '../src/crdt/projection.ts';
import { openStore, type Store } from '../src/crdt/store.ts';
import type { View } from '../src/crdt/view.ts';
import type { Crypto } from '../src/ports.ts';
import type { Evidence } from './evidence.ts';
import { heldBy, type Look, machinesOf, type Scene } from './invariant.ts';
import { whyDiffer } from './invariant-views.ts';
import type { Machine } from './machine.ts';

/** Views that are remembered, by the frames that they come from. */
const VIEWS_MAX = 32;

/** Projects frames, each set of them once. */
type Project = (machine: Machine, frames: readonly Evidence[]) => View | null;

/** Looks at evicted members. */
export const lookAtVoid = (scene: Scene): Look => {
  const judged = new WeakMap<View, string>();
  const project = openProject(scene);
  const flawsOf = (machine: Machine): readonly string[] => {
    const out = knownEvictions(scene, machine);
    const view = machine.node?.replica.view();
    const key = [...out].join();
    if (out.size === 0 || view === undefined || judged.get(view) === key) return [];
    const frames = scene.reader.inMemory(machine).filter(({ author }) => !out.has(author));
    const without = project(machine, frames);
    const flaws = voidFlaws(machine, { out, view, without });
    if (flaws.length === 0) judged.set(view, key);
    return flaws;
  };
  return {
    always: () => machinesOf(scene).flatMap(flawsOf),
    whole: (members) =>
      members.flatMap((machine) => [
        ...flawsOf(machine),
        ...[...knownEvictions(scene, machine)].flatMap((id) => letIn(scene, machine, id)),
      ]),
  };
};

interface Judged {
  readonly out: ReadonlySet<MemberId>;
  readonly view: View;
  /** What it would be without them; null when there is no genesis. */
  readonly without: View | null;
}

function voidFlaws({ name }: Machine, { out, view, without }: Judged): readonly string[] {
  const left = view.members.filter(({ id }) => out.has(id));
  if (left.length > 0) return left.map(({ id }) => `${name} takes ${id} for a member`);
  const why = without === null ? null : whyDiffer(inForce(without), inForce(view));
  return why === null ? [] : [`${name} goes by what ${[...out].join()} said: ${why}`];
}

/** Who was admitted by the evicted is named among them; nothing else of their words is left. */
const inForce = (view: View): View => ({
  ...view,
  ...{ evicted: [], evictions: [], alarms: [], quarantined: [] },
});

/** Evictions that the run asked for, and of which the daemon holds the statement. */
function knownEvictions(scene: Scene, machine: Machine): ReadonlySet<MemberId> {
  const { evicted, granted } = scene.storm.promised;
  if (evicted.size === 0) return new Set();
  const held = scene.reader.inMemory(machine).filter(({ author }) => granted.has(author));
  const isKnown = (id: MemberId): boolean =>
    held.some(({ said }) => said.some(({ path }) => path === trustPath('evict', id)));
  return new Set([...evicted].filter(isKnown));
}

function openProject({ storm }: Scene): Project {
  const { crypto } = storm.room;
  const views: Memo<View | null> = openMemo(VIEWS_MAX);
  const names = new WeakMap<Evidence, string>();
  const filled = new Map<string, Filled>();
  const nameOf = (one: Evidence): string => {
    const name = names.get(one) ?? hex.encode(crypto.sha256(one.bytes));
    names.set(one, name);
    return name;
  };
  return (machine, frames) => {
    const genesis = machine.platter.files.get('genesis')?.cached ?? new Uint8Array();
    const key = [hex.encode(crypto.sha256(genesis)), ...frames.map(nameOf)].join();
    return views(key, () => {
      const before = filled.get(machine.name);
      const next = fill(crypto, machine, frames, before?.genesis === genesis ? before : null);
      if (next === null) return null;
      filled.set(machine.name, next);
      return next.store.view();
    });
  };
}

/** A store as a daemon would have it that holds these frames. */
interface Filled {
  readonly genesis: Uint8Array;
  readonly store: Store;
  readonly frames: ReadonlySet<Evidence>;
}

/** Fills a store; `before` goes on where nothing of it is gone. Null without a genesis. */
function fill(
  crypto: Crypto,
  { platter }: Machine,
  frames: readonly Evidence[],
  before: Filled | null,
): Filled | null {
  const file = (name: string): Uint8Array => platter.files.get(name)?.cached ?? new Uint8Array();
  const genesis = file('genesis');
  const read = readGenesis(crypto, genesis);
  if (!read.ok) return null;
  const held = new Set(frames);
  const isMore = before !== null && [...before.frames].every((one) => held.has(one));
  const seed = file('member-key');
  const self = { id: memberIdOf(crypto.publicKey(seed)), seed };
  const project = openProjector(crypto, read.genesis, read.meshId);
  const store = isMore ? before.store : openStore(crypto, read, self, project);
  const news = isMore ? frames.filter((one) => !before.frames.has(one)) : frames;
  store.load(
    news.map(({ bytes }) => bytes),
    0,
  );
  return { genesis, store, frames: held };
}

function letIn(scene: Scene, machine: Machine, id: MemberId): readonly string[] {
  const { name, kernel } = machine;
  const keys = heldBy(scene, machine)
    .flatMap(({ said }) => said)
    .filter(({ path }) => path === trustPath('admission', id))
    .flatMap(({ value }) => wgKeyIn(value));
  const peers = kernel.devices.get('cnsmo0')?.peers;
  return keys.some((key) => peers?.has(key)) ? [`${name} lets in ${id}, which was evicted`] : [];
}

const wgKeyIn = (value: unknown): readonly string[] => {
  const key = (value as { readonly wgKey?: unknown } | null)?.wgKey;
  return key instanceof Uint8Array ? [base64.encode(key)] : [];
};
