/**
 * Rule: swarm stage — what the swarm contract needs of the world under test, and the nodes of one
 * test on it.
 */
import type { PeerKey } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Endpoint, GossipVerdict, Swarm, SwarmConfig, SwarmNode } from '../ports.ts';
import type { Suite } from './contract.ts';

/**
 * A host of the world under test: its swarm edge, and an endpoint there that is free to listen on.
 */
export interface SwarmHost {
  readonly swarm: Swarm;
  readonly endpoint: Endpoint;
}

/** What the suite needs of the world. */
export interface SwarmWorld {
  /** A new host, reachable from all others. */
  host(): Promise<SwarmHost>;
  /** The key of a seed, as the swarm will show it. */
  keyOf(seed: Uint8Array): PeerKey;
  /**
   * Resolves once the condition holds; rejects with `what` when it does not within some seconds.
   */
  eventually(what: string, condition: () => boolean): Promise<void>;
}

/** A node under test: the port, and what its judge was shown. */
export interface Subject {
  readonly node: SwarmNode;
  readonly endpoint: Endpoint;
  readonly judged: { readonly from: PeerKey; readonly text: string }[];
  readonly changes: PeerKey[];
}

const MESH = 'contract'.repeat(7).slice(0, 52);
/** The one address that every node of a stage takes for an overlay address. */
export const OVERLAY = '10.10.0.1';
/** What a dial or a request that is to work gets. Unit: ms. */
export const PATIENCE_MS = 5_000;
/** Options of a protocol for members, with little room. */
export const OPEN = { bytesMax: 64, inviteMayUse: false };

/** The bytes of an ASCII text. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
/** The ASCII text of bytes. */
export const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
/** The seed of the node with number `n`. */
export const seedOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);

/** Code and field of the Fault that an action ends with; whatever else happened is in the code. */
export const faultOf = async (
  action: () => Promise<unknown>,
): Promise<{ readonly code: string; readonly field: string }> => {
  try {
    await action();
    return { code: 'no fault', field: '' };
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, field: error.facts.field };
    return { code: `a bug: ${error}`, field: '' };
  }
};

type Options = Partial<Omit<SwarmConfig, 'judge'>> & {
  readonly verdict?: (text: string) => GossipVerdict;
};

/** One test's nodes: opened on hosts of their own, stopped at the end. */
export interface Stage {
  readonly world: SwarmWorld;
  /** Opens the node of seed `n`. */
  add(n: number, options?: Options): Promise<Subject>;
  /** Opens the node of seed `n` on a given host. */
  addOn(host: SwarmHost, n: number, options?: Options): Promise<Subject>;
}

/** A stage on a world; it adds each node that it opens to `opened`. */
export const createStage = (world: SwarmWorld, opened: SwarmNode[]): Stage => {
  const addOn: Stage['addOn'] = async (host, n, options = {}) => {
    const judged: Subject['judged'] = [];
    const changes: PeerKey[] = [];
    const { verdict = () => 'accept', ...config } = options;
    const node = await host.swarm.open({
      seed: seedOf(n),
      psk: seedOf(99),
      port: host.endpoint.port,
      meshId: MESH,
      standing: () => 'member',
      isOverlay: (address) => address === OVERLAY,
      ...config,
      judge: (from, frame) => {
        const text = textOf(frame);
        judged.push({ from, text });
        return verdict(text);
      },
    });
    opened.push(node);
    node.onConnectionChange((peer) => void changes.push(peer));
    return { node, endpoint: host.endpoint, judged, changes };
  };
  return { world, addOn, add: async (n, options) => addOn(await world.host(), n, options) };
};

/** Dials the one at the endpoint of the other; rejects as the port does. */
export const dial = (from: Subject, to: Subject): Promise<void> =>
  from.node.dial(to.node.self, [to.endpoint], PATIENCE_MS);

/** Whether the one shows a connection to the other. */
export const isConnected = (from: Subject, to: Subject): boolean =>
  from.node.connections().some(({ peer }) => peer === to.node.self);

/** Resolves once each shows a connection to the other. */
export const areConnected = (world: SwarmWorld, a: Subject, b: Subject): Promise<void> =>
  world.eventually('both are connected', () => isConnected(a, b) && isConnected(b, a));

/** Resolves once neither shows a connection to the other. */
export const areApart = (world: SwarmWorld, a: Subject, b: Subject): Promise<void> =>
  world.eventually('both are apart', () => !isConnected(a, b) && !isConnected(b, a));

/**
 * Publishes marked frames until one reached `to`: gossip is best effort, and just after a dial
 * nothing is promised.
 */
export const reaches = async (world: SwarmWorld, from: Subject, to: Subject): Promise<void> => {
  let count = 0;
  const mark = `from ${from.node.self} `;
  await world.eventually('a frame arrives', () => {
    void from.node.publish(bytesOf(`${mark}${count++}`));
    return to.judged.some(({ text }) => text.startsWith(mark));
  });
};

/** A handler that answers with the request. */
export const echo = async (_from: unknown, request: Uint8Array): Promise<Uint8Array> => request;

/** What a group of tests is given. */
export interface Context {
  readonly test: (name: string, body: (stage: Stage) => Promise<void>) => void;
  readonly assert: Suite['assert'];
}
