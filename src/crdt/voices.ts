/**
 * Rule: voices — whose word counts at a path that several may write, and whose ever did.
 *
 * A node may say whatever it likes anywhere, and what it says is held; so nothing that it says may
 * tell what an operator replaced.
 * 1. At the paths of operators theirs counts alone. Of admissions and recoveries each author's
 *    counts by itself, and takes the place of nobody's.
 * 2. What was in force once was said by an operator of then. Who is to be believed about the past
 *    is, besides those of now: the founder, and whoever one of them gave the role or took it from.
 */
import type { MemberId } from './ids.ts';
import { readPath } from './paths.ts';

const OPERATOR_PATH = /^(intent\/|trust\/(invite|adopt|evict|role|name|label)\/)/;
const ROLE = 'trust/role/';

/** Whether only what operators say at a path counts. */
export const isOperatorPath = (path: string): boolean => OPERATOR_PATH.test(path);

/** Gathers who ever had the role, out of what was said about roles. */
export interface Voices {
  /** Takes note of a statement. */
  note(said: { readonly author: MemberId; readonly path: string }): void;
  /**
   * Invariant 2. `roots`: the founder and the operators of now; `spokenOf`: the paths of which an
   * author speaks now, for what was not noted.
   */
  all(
    roots: Iterable<MemberId>,
    spokenOf: (author: MemberId) => readonly string[],
  ): ReadonlySet<MemberId>;
}

/** Nobody noted yet. */
export const openVoices = (): Voices => {
  const noted = new Map<MemberId, Set<string>>();
  return {
    note: ({ author, path }) => {
      if (!path.startsWith(ROLE)) return;
      const paths = noted.get(author) ?? new Set();
      noted.set(author, paths.add(path));
    },
    all: (roots, spokenOf) => {
      const voices = new Set(roots);
      // A set iterates over what is added meanwhile, so this reaches everyone.
      for (const voice of voices) {
        for (const path of [...(noted.get(voice) ?? []), ...spokenOf(voice)]) {
          if (!path.startsWith(ROLE)) continue;
          const about = readPath(path);
          if (about !== null) voices.add(about.key as MemberId);
        }
      }
      return voices;
    },
  };
};
