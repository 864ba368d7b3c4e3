/**
 * Loop: twins — finds out when two VMs run with one member's key.
 *
 * Members that meet say which instance they are (`crdt/twin.ts`), and which others of the peer's
 * key they heard. So a member that meets both copies of a VM brings each the other's proof.
 * 1. Nothing is believed of another member: only a proof, signed with our own key over the number
 *    of this run, says that there is a twin.
 * 2. Of each peer a few instances and proofs are kept: it can fill no memory but its own row.
 */
import { hex } from '@scure/base';
import { isSameBytes } from '../crdt/codec.ts';
import { bytesOfId, type MemberId, type MeshId, type PeerKey } from '../crdt/ids.ts';
import { INSTANCE_BYTES, makeTwin, readTwin } from '../crdt/twin.ts';
import type { Crypto, Random } from '../ports.ts';
import type { Introduction } from './rules/sync-message.ts';

/** Instances and proofs kept of one peer. Two VMs have two; a crash of each makes four. */
const KEPT_MAX = 4;
/** Peers of whom something is kept. A mesh has some hundred members. */
const PEERS_MAX = 1_024;

/** Who this member is, to sign as it. */
export interface TwinSelf {
  readonly id: MemberId;
  readonly seed: Uint8Array;
  readonly meshId: MeshId;
}

/** What members tell each other of instances. */
export interface Twins {
  /** What to say to a peer. */
  introduce(peer: PeerKey): Introduction;
  /** Takes what a peer said. True: it should be asked on all its connections, there is news. */
  hear(peer: PeerKey, said: Introduction): boolean;
  /** Whether a twin of the current instance proved itself. */
  isTwinned(): boolean;
  /** Becomes a new instance, so that only a twin that lives now can prove itself. */
  renew(): void;
  onTwin(listener: () => void): void;
}

/** What is known of a peer's key, by instance in hex. */
interface Row {
  readonly heard: Map<string, Uint8Array>;
  /** Proofs of the peer, by the instance of which they speak. */
  readonly proofs: Map<string, Uint8Array>;
}

/** Nobody was heard yet. */
export function createTwins(ports: TwinPorts, self: TwinSelf): Twins {
  const rows = new Map<PeerKey, Row>();
  const own = openOwn(ports, self);
  return {
    introduce: (peer) => {
      const row = rows.get(peer);
      return {
        instance: own.instance(),
        heard: row === undefined || row.heard.size < 2 ? [] : unproven(row),
        told: [...(row?.proofs.values() ?? [])],
        twins: own.proofs(),
      };
    },
    hear: (peer, { instance, heard, told, twins }) => {
      if (instance === null) return false;
      const row = rowOf(rows, peer);
      const isAnother = !row.heard.has(hex.encode(instance)) && row.heard.size > 0;
      keep(row.heard, hex.encode(instance), instance, KEPT_MAX);
      const news = twins
        .slice(0, KEPT_MAX)
        .map((bytes) => takeProof(row, bytes, (proof) => own.read(peer, proof)));
      own.judge(told);
      return own.proveAgainst(heard) || news.includes(true) || isAnother;
    },
    isTwinned: own.isTwinned,
    renew: own.renew,
    onTwin: own.onTwin,
  };
}

interface TwinPorts {
  readonly crypto: Crypto;
  readonly random: Random;
}

/** This member's own instance, what it signed as it, and what was proven against it. */
function openOwn({ crypto, random }: TwinPorts, self: TwinSelf) {
  const mesh = bytesOfId(self.meshId);
  const listeners = new Set<() => void>();
  const read = (id: string, bytes: Uint8Array) =>
    readTwin(crypto, { mesh, author: bytesOfId(id as MemberId) }, bytes);
  let instance = random.bytes(INSTANCE_BYTES);
  let isTwinned = false;
  /** By the instance of which they speak. */
  let proofs = new Map<string, Uint8Array>();
  return {
    read,
    instance: () => instance,
    proofs: () => [...proofs.values()],
    isTwinned: () => isTwinned,
    onTwin: (listener: () => void) => void listeners.add(listener),
    renew: () => {
      instance = random.bytes(INSTANCE_BYTES);
      isTwinned = false;
      proofs = new Map();
    },
    /** Signs that it heard of others; tells whether any is new to it. */
    proveAgainst: (others: readonly Uint8Array[]): boolean => {
      const fresh = others
        .slice(0, KEPT_MAX)
        .filter((other) => !isSameBytes(other, instance) && !proofs.has(hex.encode(other)));
      const ground = { mesh, author: bytesOfId(self.id) };
      for (const other of fresh) {
        const proof = makeTwin(crypto, self.seed, ground, { instance, other });
        keep(proofs, hex.encode(other), proof, KEPT_MAX);
      }
      return fresh.length > 0;
    },
    judge: (told: readonly Uint8Array[]): void => {
      if (isTwinned) return;
      isTwinned = told.slice(0, KEPT_MAX).some((bytes) => {
        const twin = read(self.id, bytes);
        return twin !== null && isSameBytes(twin.other, instance);
      });
      if (isTwinned) for (const listener of listeners) listener();
    },
  };
}

/** Instances of a peer of which nobody has signed that it heard of them. */
const unproven = ({ heard, proofs }: Row): readonly Uint8Array[] =>
  [...heard].filter(([name]) => !proofs.has(name)).map(([, instance]) => instance);

const takeProof = (
  { heard, proofs }: Row,
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => ReturnType<typeof readTwin>,
): boolean => {
  if ([...proofs.values()].some((known) => hex.encode(known) === hex.encode(bytes))) return false;
  const twin = read(bytes);
  // Only of instances that were heard here: others are no use to anybody.
  if (twin === null || !heard.has(hex.encode(twin.other))) return false;
  keep(proofs, hex.encode(twin.other), bytes, KEPT_MAX);
  return true;
};

const rowOf = (rows: Map<PeerKey, Row>, peer: PeerKey): Row => {
  const row = rows.get(peer) ?? { heard: new Map(), proofs: new Map() };
  keep(rows, peer, row, PEERS_MAX);
  return row;
};

/** Puts it last, and forgets the first when there are too many. */
const keep = <Key, Item>(items: Map<Key, Item>, key: Key, item: Item, max: number): void => {
  items.delete(key);
  items.set(key, item);
  if (items.size <= max) return;
  for (const oldest of items.keys()) {
    items.delete(oldest);
    return;
  }
};
