/**
 * Rule: stable — in the midst of trouble: members that reach each other, and have for a while, have
 * one core (I2, I3) and addresses of their own (I5), whatever goes on beside them.
 */
import { electCore } from '../src/node/rules/election.ts';
import { type Look, machinesOf, type Scene } from './invariant.ts';
import type { Machine } from './machine.ts';
import type { Party } from './party.ts';
import { holdsMember } from './storm.ts';

/**
 * How long a component has to be as it is until it is looked at: T of I2. Detection takes 15 s at
 * worst, settling 5. Unit: virtual ms.
 */
const STABLE_MS = 20_000;
/**
 * And how long a flaw then lasts until it is one. Unit: virtual ms. A core: I3 has one within 30 s
 * of a component's beginning; and where a turn ends, clocks that are up to 8 s apart (`room.ts`)
 * may end it at different moments. Addresses: I5 has 30 s.
 */
const CORE_LASTS_MS = 10_000;
const ADDRESS_LASTS_MS = 30_000;
/** Clocks that are off by more are wrong. Unit: ms. */
const SKEW_MS_MAX = 5_000;

type Node = NonNullable<Machine['node']>;

/** Looks at all components that are sound, and that nobody met or left since the look before. */
export function lookAtStable(scene: Scene): Look {
  const { scheduler } = scene.storm.room;
  const serial = openSerial();
  /** Since when a component, or a flaw of one, is there. */
  let since = new Map<string, number>();
  return {
    always: () => {
      const nowMs = scheduler.nowMs();
      const now = new Map<string, number>();
      const lasting = (key: string): number => {
        now.set(key, since.get(key) ?? nowMs);
        return nowMs - (since.get(key) ?? nowMs);
      };
      const parties = partiesOf(scene);
      const partings = ({ node }: Machine) => parties.get(node?.self ?? '')?.partings ?? 0;
      const found = componentsOf(scene, parties).flatMap((members) => {
        if (!isSound(scene, parties, members)) return [];
        const key = members
          .map((one) => `${one.name} ${serial(one)} ${one.clockSets} ${partings(one)}`)
          .toSorted()
          .join();
        if (lasting(key) < STABLE_MS) return [];
        const names = members.map(({ name }) => name).join();
        return flawsOf(members)
          .filter(({ text, of, lastsMs }) => lasting(`${key}: ${text} ${of}`) >= lastsMs)
          .map(({ text }) => `${names} reach each other: ${text}`);
      });
      since = now;
      return found;
    },
  };
}

/** A number for each run of a daemon. */
function openSerial(): (machine: Machine) => number {
  const numbers = new WeakMap<Node, number>();
  let made = 0;
  return ({ node }) => {
    if (node === null) return 0;
    const known = numbers.get(node);
    if (known !== undefined) return known;
    made += 1;
    numbers.set(node, made);
    return made;
  };
}

/** By who listens. */
type Parties = ReadonlyMap<string, Party>;

const partiesOf = ({ storm }: Scene): Parties =>
  new Map([...storm.room.hall.listeners.values()].map((party) => [party.self, party]));

/** Machines that are connected with each other, in any number of steps. */
function componentsOf(scene: Scene, parties: Parties): readonly (readonly Machine[])[] {
  const left = new Map<string, Machine>();
  for (const machine of machinesOf(scene)) {
    if (machine.node !== null && holdsMember(machine)) left.set(machine.node.self, machine);
  }
  const components: (readonly Machine[])[] = [];
  for (const start of left.keys()) {
    const reached = new Set([start]);
    // A set iterates over what is added meanwhile.
    for (const self of reached) {
      for (const { peer } of parties.get(self)?.ends ?? []) if (left.has(peer)) reached.add(peer);
    }
    components.push([...reached].flatMap((self) => left.get(self) ?? []));
    for (const self of reached) left.delete(self);
  }
  return components;
}

/** Whether nothing is wrong among them, as far as the storm knows. */
function isSound({ storm }: Scene, parties: Parties, members: readonly Machine[]): boolean {
  const { underlay, hall, editions } = storm.room;
  const selves = members.flatMap(({ node }) => node?.self ?? []);
  const isWell = ({ name, node, daemon, skewMs, edition }: Machine): boolean => {
    if (node === null || daemon === null || daemon.isPaused()) return false;
    const { replica, self, core } = node;
    const elected = electCore(core.constituency())?.id ?? '';
    const peers = new Set([...(parties.get(self)?.ends ?? [])].map(({ peer }) => peer as string));
    const present = replica.view().members.filter(({ hasLeft }) => !hasLeft);
    return (
      !storm.tampered.has(name) &&
      !hall.hostile.has(self) &&
      // One that has the role and says nothing is another matter.
      !hall.hostile.has(elected) &&
      edition !== editions.foreign &&
      Math.abs(skewMs) <= SKEW_MS_MAX &&
      !replica.isInDoubt() &&
      !replica.isElsewhere() &&
      selves.every((other) => other === self || peers.has(other)) &&
      selves.every((other) => present.some(({ id }) => id === other))
    );
  };
  const stations = members.map(({ kernel }) => kernel.station);
  const isWhole = stations.every((a) => stations.every((b) => a === b || underlay.reaches(a, b)));
  return isWhole && members.every(isWell);
}

interface Flaw {
  readonly text: string;
  /** What tells it from one that was there before, was over, and is there again. */
  readonly of: string;
  /** How long it may last. */
  readonly lastsMs: number;
}

function flawsOf(members: readonly Machine[]): readonly Flaw[] {
  const nodes = members.flatMap(({ node }) => node ?? []);
  const acting = nodes.filter(({ core }) => core.isActing());
  // Who cannot keep a term takes none.
  const isKept = members.some(({ platter }) => platter.trouble === null);
  const canHave = isKept && nodes.every(({ core }) => electCore(core.constituency()) !== null);
  const addresses = nodes.flatMap(
    ({ self, replica }) => replica.view().members.find(({ id }) => id === self)?.ipv4 ?? [],
  );
  const flaws: Flaw[] = [];
  // Somebody may have had the role between two looks, at each of which nobody has.
  const of = nodes.map(({ core }) => Object.values(core.highest() ?? {}).join('.')).join();
  const ofCore = (text: string): void => void flaws.push({ text, of, lastsMs: CORE_LASTS_MS });
  if (acting.length > 1) ofCore(`${acting.length} act as core at once (I2)`);
  if (acting.length === 0 && canHave) ofCore('nobody acts as core (I3)');
  if (new Set(addresses).size < addresses.length) {
    flaws.push({ text: 'two keep one address (I5)', of: '', lastsMs: ADDRESS_LASTS_MS });
  }
  return flaws;
}
