/**
 * Edge: memory — what keeps a daemon small that is idle nearly all its life.
 *
 * Measured in a mesh of 20 after all had joined, the largest of the daemons: 71 MB with neither
 * setting, 48 MB with both, at equal CPU time (`npm run bench -- idle`).
 */
import { setFlagsFromString } from 'node:v8';

/**
 * The environment of a daemon. One heap of the C library for all threads: each thread that has one
 * of its own keeps 1 to 4 MB that only itself can use again. It is read before our first line.
 */
export const DAEMON_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' };

/**
 * Node puts small buffers together into slabs of so many bytes, 64 KiB in Node 24, and one that is
 * kept keeps all its slab: libp2p's record of each peer that ever came kept one or two.
 */
const SLAB_BYTES = 1024;

/**
 * From now on buffers share small slabs only, and V8 collects garbage for size: after a busy time,
 * 20 joins for one, it gives back what it would keep for the next. To be called once the daemon has
 * started: as a flag of the command line it would make V8 reject the compiled code that Node
 * carries, 15 ms each start.
 */
export function saveMemory(): void {
  Buffer.poolSize = SLAB_BYTES;
  setFlagsFromString('--optimize-for-size');
}
