/**
 * Edge: releases — what later releases of the product are, as far as other members can tell.
 */
import type { Patch } from './edition.ts';

/** Where a later release says something of which this one knows nothing. */
export const LATER_PATH = 'member/mood';

/**
 * The next release: it says something at a path that is new, adds a field to a record and one to a
 * message; all else is alike.
 */
export const NEXT: readonly Patch[] = [
  {
    file: 'src/node/rules/facts.ts',
    find: "{ path: 'member/version', value: own.version },",
    put: `{ path: 'member/version', value: { ...own.version, channel: 'next' } },
    { path: '${LATER_PATH}', value: { words: 'well', since: [1, 2, 3] } },`,
  },
  {
    file: 'src/node/rules/sync-message.ts',
    find: '    v: OUR_VERSIONS.wire,',
    put: "    v: OUR_VERSIONS.wire, mood: 'well',",
  },
];

/** A release with which nothing can be exchanged. */
export const OTHER_WIRE: readonly Patch[] = [
  {
    file: 'src/node/rules/sync-message.ts',
    find: 'OUR_VERSIONS: Versions = { wire: 1,',
    put: 'OUR_VERSIONS: Versions = { wire: 2,',
  },
];

/** The product with a length of generations that can be set: two copies would be compiled twice. */
export const DIALLED: readonly Patch[] = [
  {
    file: 'src/crdt/writing.ts',
    find: 'const GENERATION_FRAMES_MAX = 1000;',
    put: `let GENERATION_FRAMES_MAX = 1000;
export const setGenerationFrames = (frames: number): void => { GENERATION_FRAMES_MAX = frames; };`,
  },
];

/** As the product has it. */
export const GENERATION_FRAMES = 1000;
/** Who starts a generation after a few frames meets in minutes what others meet in weeks. */
export const HASTY_FRAMES = 3;
