/**
 * Rule: void — nothing that an evicted member ever said, before or after, is in a view (I10).
 *
 * Whoever holds the eviction has the view that it would have had it never heard of the member's own
 * frames; and soon no host lets it in.
 */
import { base64 } from '@scure/base';
import { readGenesis } from '../src/crdt/genesis.ts';
import { type MemberId, memberIdOf } from '../src/crdt/ids.ts';
import { trustPath } from '../src/crdt/paths.ts';
import { openProjector } from '../src/crdt/projection.ts';
import { openStore } from '../src/crdt/store.ts';
import type { View } from '../src/crdt/view.ts';
import { heldBy, type Look, machinesOf, type Scene } from './invariant.ts';
import { whyDiffer } from './invariant-views.ts';
import type { Machine } from './machine.ts';

/** Looks at evicted members. */
export const lookAtVoid = (scene: Scene): Look => {
  const judged = new WeakMap<View, string>();
  const flawsOf = (machine: Machine): readonly string[] => {
    const out = knownEvictions(scene, machine);
    const view = machine.node?.replica.view();
    const key = [...out].join();
    if (out.size === 0 || view === undefined || judged.get(view) === key) return [];
    const flaws = voidFlaws(scene, machine, { out, view });
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

function voidFlaws(
  scene: Scene,
  machine: Machine,
  { out, view }: { readonly out: ReadonlySet<MemberId>; readonly view: View },
): readonly string[] {
  const { name } = machine;
  const left = view.members.filter(({ id }) => out.has(id));
  if (left.length > 0) return left.map(({ id }) => `${name} takes ${id} for a member`);
  const without = viewWithout(scene, machine, out);
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

/** What the daemon would hold without the frames of these. Null when it holds no genesis. */
function viewWithout(
  { storm, reader }: Scene,
  machine: Machine,
  out: ReadonlySet<MemberId>,
): View | null {
  const { crypto } = storm.room;
  const file = (name: string): Uint8Array =>
    machine.platter.files.get(name)?.cached ?? new Uint8Array();
  const read = readGenesis(crypto, file('genesis'));
  if (!read.ok) return null;
  const seed = file('member-key');
  const self = { id: memberIdOf(crypto.publicKey(seed)), seed };
  const project = openProjector(crypto, read.genesis, read.meshId);
  const store = openStore(crypto, read, self, project);
  const frames = reader.inMemory(machine).filter(({ author }) => !out.has(author));
  store.load(
    frames.map(({ bytes }) => bytes),
    0,
  );
  return store.view();
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
