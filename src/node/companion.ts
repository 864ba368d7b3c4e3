/**
 * Loop: companion — runs the loop of a service beside its agent, where it has one, and holds what
 * that shows.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Ports } from '../ports.ts';
import { type LoopContext, NO_SIGHTS, type ServiceLoop, type Sights } from '../services/loop.ts';
import type { Liveness } from './liveness.ts';
import { WORD_BYTES_MAX } from './rules/word-message.ts';
import { createWake } from './wake.ts';
import type { Words } from './words.ts';

/** Time between two looks of a loop that waits for ever. Unit: ms. */
const IDLE_MS = 600_000;

/** What it needs of the node. */
export interface CompanionContext {
  readonly self: MemberId;
  readonly view: () => View;
  readonly mayRun: () => boolean;
  readonly words: Pick<Words, 'say' | 'of'>;
  readonly liveness: Pick<Liveness, 'sight'>;
  /** Whether this VM consents to the service. */
  readonly isWanted: () => boolean;
  /** Told when the loop shows something else than before, and what that was. */
  readonly onShow: (before: Sights) => void;
}

/** The loop of one service. */
export interface Companion {
  readonly sights: () => Sights;
  /** Something that it looks at may have changed. */
  readonly mark: () => void;
  /** Ends with `signal`. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Of a service without a loop: shows nothing, and ends at once. */
const NOBODY: Companion = {
  sights: () => NO_SIGHTS,
  mark: () => undefined,
  run: async () => undefined,
};

/** Makes it; it does nothing until `run`. */
export function createCompanion(
  ports: Pick<Ports, 'clock' | 'random' | 'net' | 'host'>,
  service: { readonly name: string; readonly loop?: ServiceLoop },
  context: CompanionContext,
): Companion {
  const { name, loop } = service;
  if (loop === undefined) return NOBODY;
  const { words, liveness, isWanted, onShow } = context;
  const wake = createWake(ports.clock);
  let sights = NO_SIGHTS;
  const loopContext: LoopContext = {
    self: context.self,
    view: context.view,
    mayRun: context.mayRun,
    say: (text) => words.say(name, text),
    wordBytesMax: WORD_BYTES_MAX,
    words: () => words.of(name),
    liveliness: (member) => (member === context.self ? 'alive' : liveness.sight(member).mesh),
    show: (next) => {
      if (isSame(sights, next)) return;
      const before = sights;
      sights = next;
      onShow(before);
    },
    wait: async (timeoutMs, signal) => {
      await wake.wait(timeoutMs ?? IDLE_MS, signal);
    },
  };
  return {
    sights: () => sights,
    mark: wake.mark,
    run: async (signal) => {
      await loop(ports, loopContext, signal);
      // A daemon that only stops leaves its host as it is, and says nothing.
      if (isWanted()) return;
      sights = NO_SIGHTS;
      words.say(name, '');
    },
  };
}

const isSame = (a: Sights, b: Sights): boolean =>
  a.size === b.size && [...a].every(([key, text]) => b.get(key) === text);
