/**
 * Edge: gate bench — what taking a frame costs beside the check of its signature, which nobody can
 * do without. Both in CPU time of the process, collection of garbage included: the ratio does not
 * depend on who else uses the machine.
 */
import { isSigned, readFrame } from '../../src/crdt/frame.ts';
import type { Sample } from '../figure.ts';
import type { Contenders } from '../rounds.ts';
import { crypto, factsOf, foundWith, NOW_MS, openMember, say } from './crowd.ts';

/** Frames in one round: some 30 ms of work. */
const FRAMES = 200;
/** Facts of the author, of which each frame changes one. */
const KEYS = 20;
/** Rounds before the first that counts: a daemon's code has long been compiled. */
const WARM_UP = 10;

/** The two series. */
const GATE = 'the whole gate';
export const BARE = 'bare signature check';

/** The frames of an author that is known: its facts, then one change after the other. */
const prepare = () => {
  const author = openMember('author');
  const known = [...foundWith(['author']), factsOf('author', KEYS)];
  author.load(known, NOW_MS);
  const changes = Array.from({ length: FRAMES }, (_, round) =>
    say(author, [{ path: `status/fact-${round % KEYS}`, value: { round, text: 'changed again' } }]),
  );
  return { known, changes };
};

const measured = (work: () => void): Sample => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return { value: (user + system) / FRAMES };
};

/**
 * One frame on its way into a store that knows its author, and its signature alone. Unit: µs of
 * CPU.
 */
export const gateContenders = (): Contenders => {
  const { known, changes } = prepare();
  const contenders = {
    [GATE]: () => {
      const reader = openMember('reader');
      reader.receiveAll(known, NOW_MS);
      return measured(() => {
        for (const frame of changes) {
          const { verdict } = reader.receive(frame, NOW_MS);
          if (verdict !== 'taken') throw new Error(`a frame was ${verdict}`);
        }
      });
    },
    [BARE]: () => {
      const frames = changes.map((bytes) => {
        const read = readFrame(bytes);
        if (!read.ok) throw new Error(read.why);
        return read.frame;
      });
      return measured(() => {
        for (const frame of frames) {
          if (!isSigned(crypto, frame)) throw new Error('a signature does not hold');
        }
      });
    },
  };
  for (let round = 0; round < WARM_UP; round += 1) {
    for (const contender of Object.values(contenders)) contender();
  }
  return contenders;
};
