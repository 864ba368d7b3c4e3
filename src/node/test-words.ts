/**
 * Loop: test words — members with their words, and lines between them that can be cut, for tests
 * only.
 */
import { idOf, seedOf, world } from '../crdt/test-world.ts';
import type { View } from '../crdt/view.ts';
import type { MessageListener, SwarmNode } from '../ports.ts';
import { openCrypto } from './linux/crypto.ts';
import { createTime, settle } from './test-time.ts';
import { createWords } from './words.ts';

/** The service that speaks. */
export const SERVICE = 'lb';
const silent = () => undefined;

/** A view of the founder and so many others, `vm2` on. */
export const viewOf = (count: number): View => {
  let story = world().invites('door', { uses: count });
  for (let n = 2; n <= count; n += 1) story = story.admits(`vm${n}`, 'door');
  return story.view();
};

/** A member of a stage. */
export interface Actor {
  readonly name: string;
  readonly words: ReturnType<typeof createWords>;
  /** How often it was told of a change. */
  changes: number;
  /** What its log warned of. */
  readonly warnings: string[];
  view: View;
  /** What others hear from it, as it stands on its line. */
  send(to: string, bytes: Uint8Array): void;
  /** What it says of the service, as the other one hears it. */
  hears(of: string): string | undefined;
  stop(): Promise<void>;
}

type Ears = { hear: MessageListener; changed: () => void };

/** The swarm as one of them has it. */
const swarmOf = (
  ears: () => Ears,
  others: () => ReadonlySet<string>,
  deliver: (to: string, bytes: Uint8Array) => void,
): SwarmNode =>
  ({
    connections: () => [...others()].map((other) => ({ peer: idOf(other) })),
    onConnectionChange: (listener: () => void) => {
      ears().changed = listener;
      return silent;
    },
    receive: (_channel: string, _bytesMax: number, listener: MessageListener) => {
      ears().hear = listener;
      return () => {
        ears().hear = silent;
      };
    },
    send: (peer: string, _channel: string, bytes: Uint8Array) => {
      const to = [...others()].find((other) => idOf(other) === peer);
      if (to !== undefined) deliver(to, bytes);
      return to !== undefined;
    },
  }) as unknown as SwarmNode;

/** What all of a stage share. */
interface Ground {
  readonly time: ReturnType<typeof createTime>;
  readonly view: View;
  readonly actors: Map<string, Actor & Ears>;
  readonly others: (name: string) => ReadonlySet<string>;
  readonly deliver: (from: string, to: string, bytes: Uint8Array) => void;
}

/** Starts one of them, in this life of its daemon. */
const startOn = (ground: Ground, name: string, life: number): Actor => {
  const { time, view, actors, others, deliver } = ground;
  const stop = new AbortController();
  const swarm = swarmOf(
    () => actor,
    () => others(name),
    (to, bytes) => deliver(name, to, bytes),
  );
  const warnings: string[] = [];
  const log = { info: silent, warn: (event: string) => warnings.push(event), error: silent };
  const random = { bytes: () => new Uint8Array(), fraction: () => 0.5 };
  const words = createWords(
    { clock: time.clock, random, crypto: openCrypto(), log },
    { self: idOf(name), seed: seedOf(name), meshId: view.mesh.id, life, view: () => actor.view },
  );
  const actor: Actor & Ears = {
    ...{ name, words, warnings, changes: 0, view, hear: silent, changed: silent },
    send: (to, bytes) => deliver(name, to, bytes),
    hears: (of) => words.of(SERVICE).get(idOf(of)),
    stop: async () => {
      stop.abort();
      await time.pass(1);
      await done;
    },
  };
  actors.set(name, actor);
  words.onChange(() => {
    actor.changes += 1;
  });
  const done = words.run(swarm, stop.signal);
  return actor;
};

/** A mesh of this view, in which nobody is connected yet. */
export function openStage(view: View) {
  const time = createTime();
  const lines = new Map<string, Set<string>>();
  const actors = new Map<string, Actor & Ears>();
  const sent: { from: string; to: string; bytes: Uint8Array }[] = [];
  const line = { isLossy: false };
  const deliver = (from: string, to: string, bytes: Uint8Array): void => {
    sent.push({ from, to, bytes });
    if (line.isLossy) return;
    void Promise.resolve().then(() => {
      if (lines.get(from)?.has(to) === true) actors.get(to)?.hear(idOf(from), bytes);
    });
  };
  const others = (name: string): ReadonlySet<string> => lines.get(name) ?? new Set();
  const ground = { time, view, actors, others, deliver };
  const set = (a: string, b: string, isUp: boolean): void => {
    for (const [from, to] of [[a, b] as const, [b, a] as const]) {
      const others = lines.get(from) ?? new Set();
      lines.set(from, others);
      if (isUp) others.add(to);
      else others.delete(to);
    }
    for (const name of [a, b]) actors.get(name)?.changed();
  };
  /** Lets so much time pass, in steps: what is said in one is heard in it. */
  const go = async (durationMs: number): Promise<void> => {
    await settle();
    for (let leftMs = durationMs; leftMs > 0; leftMs -= 500) await time.pass(Math.min(500, leftMs));
  };
  return {
    start: (name: string, life: number) => startOn(ground, name, life),
    go,
    line,
    sent,
    link: (a: string, b: string) => set(a, b, true),
    cut: (a: string, b: string) => set(a, b, false),
  };
}
