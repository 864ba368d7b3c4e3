/**
 * Rule: booty — the frames that a forger has, as far as it reads them.
 */
import { isSameBytes } from '../src/crdt/codec.ts';
import { type Frame, readFrame } from '../src/crdt/frame.ts';
import type { MemberId } from '../src/crdt/ids.ts';
import { trustPath } from '../src/crdt/paths.ts';
import type { Crypto } from '../src/ports.ts';
import { readEvidence } from './evidence.ts';

/** A frame that the forger has. */
export interface Booty {
  readonly bytes: Uint8Array;
  readonly frame: Frame;
}

/** What forgers have, read once: by the list of its frames, which never changes. */
const booties = new WeakMap<readonly Uint8Array[], readonly Booty[]>();

/** All that can be read of these. */
export function bootyIn(frames: readonly Uint8Array[]): readonly Booty[] {
  const booty =
    booties.get(frames) ??
    frames.flatMap((bytes) => {
      const read = readFrame(bytes);
      return read.ok ? [{ bytes, frame: read.frame }] : [];
    });
  booties.set(frames, booty);
  return booty;
}

/** The first frames of generations after which their authors began others. */
export function replacedIn(frames: readonly Uint8Array[]): readonly Uint8Array[] {
  const first = bootyIn(frames).filter(({ frame }) => frame.sequence === 0);
  const isReplaced = ({ frame: { author, generation } }: Booty): boolean =>
    first.some(({ frame }) => frame.generation > generation && isSameBytes(frame.author, author));
  return first.filter(isReplaced).map(({ bytes }) => bytes);
}

const ADMISSION = trustPath('admission', '');

/** Where an author let somebody in, by its own frames. */
export function admissionsOf(
  crypto: Crypto,
  frames: readonly Uint8Array[],
  author: MemberId,
): readonly string[] {
  const said = frames
    .flatMap((bytes) => readEvidence(crypto, bytes) ?? [])
    .filter((one) => one.author === author)
    .flatMap((one) => one.said);
  const paths = said.filter(({ path, value }) => path.startsWith(ADMISSION) && value !== null);
  return [...new Set(paths.map(({ path }) => path))];
}
