/**
 * Rule: chains — what a daemon holds of an author is one chain without a hole, each frame signed by
 * the author over the one before, with nothing in it that Yjs must not see.
 */
import { hex } from '@scure/base';
import { isSigned, readFrame } from '../src/crdt/frame.ts';
import { clientIdOf, inspectUpdate } from '../src/crdt/gate.ts';
import type { MemberId } from '../src/crdt/ids.ts';
import type { Crypto } from '../src/ports.ts';
import type { Evidence } from './evidence.ts';
import { type Look, machinesOf, type Scene } from './invariant.ts';

/** What follows from a chain up to a frame. */
interface Place {
  readonly before: Place | null;
  readonly sequence: number;
  readonly hash: string;
  readonly clock: number;
}

/** Looks at all chains; frames that were good after the same ones are not read again. */
export function lookAtChains(scene: Scene): Look {
  const { crypto } = scene.storm.room;
  const places = new WeakMap<Evidence, Place>();
  return {
    always: () =>
      machinesOf(scene).flatMap((machine) =>
        chainsIn(scene.reader.inMemory(machine)).flatMap(([author, chain]) => {
          let before: Place | null = null;
          for (const one of chain) {
            const known = places.get(one);
            const isKnown: boolean = known?.before === before;
            const place: Place | string =
              known !== undefined && isKnown ? known : placeOf(crypto, one, before);
            if (typeof place === 'string') return [`${machine.name} holds of ${author} ${place}`];
            places.set(one, place);
            before = place;
          }
          return [];
        }),
      ),
  };
}

/** Frames by author. The proof of a fork stands behind its chain, and is none of it. */
function chainsIn(
  frames: readonly Evidence[],
): readonly (readonly [MemberId, readonly Evidence[]])[] {
  const chains = new Map<MemberId, Evidence[]>();
  for (const one of frames) {
    const chain = chains.get(one.author);
    if (chain === undefined) chains.set(one.author, [one]);
    else chain.push(one);
  }
  return [...chains].map(([author, chain]) => [author, withoutProof(chain)]);
}

function withoutProof(chain: readonly Evidence[]): readonly Evidence[] {
  const [first, second] = chain.slice(-2);
  const isProof = first !== undefined && second !== undefined && first !== second;
  return isProof && first.sequence === second.sequence ? chain.slice(0, -2) : chain;
}

/** Where a frame stands, or what is wrong with it. */
function placeOf(crypto: Crypto, { bytes }: Evidence, before: Place | null): Place | string {
  const read = readFrame(bytes);
  if (!read.ok) return 'what is no frame';
  const { frame } = read;
  const { author, generation, sequence, previous, body } = frame;
  const name = `frame ${generation}.${sequence}`;
  if (sequence !== (before?.sequence ?? -1) + 1) return `${name} after ${before?.sequence}`;
  const follows = previous instanceof Uint8Array ? hex.encode(previous) : null;
  if (before !== null && follows !== before.hash) return `${name}, which follows another one`;
  if (!isSigned(crypto, frame)) return `${name}, which it did not sign`;
  const known = { client: clientIdOf(crypto, author, generation), clock: before?.clock ?? 0 };
  const inspection = inspectUpdate(body, known);
  if (!inspection.ok) return `${name}, in which ${inspection.why}`;
  return { before, sequence, hash: hex.encode(crypto.sha256(bytes)), clock: inspection.clock };
}
