/**
 * Edge: memory — what keeps a daemon small that is idle nearly all its life.
 *
 * What each setting saves was measured (`npm run bench -- idle`), at equal CPU time: D96 says how
 * much the border of large memory does.
 */
import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { createThrift } from './thrift.ts';

/**
 * The environment of a daemon, for the C library, which reads it before our first line. One heap
 * for all threads: each thread that has one of its own keeps 1 to 4 MB that only itself can use
 * again. And whatever has 128 KiB or more goes back to the system when it is free, always: by
 * itself the library makes holes of all that is smaller than the largest that ever was, 7 MB here.
 */
export const DAEMON_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
};

/**
 * Node puts small buffers together into slabs of so many bytes, 64 KiB in Node 24, and one that is
 * kept keeps all its slab: libp2p's record of each peer that ever came kept one or two.
 */
const SLAB_BYTES = 1024;

/** Time between two looks at how busy the event loop is. Unit: ms. */
const LOOK_MS = 500;
/**
 * From so much on no collection is for size: one that moves most of a heap with thousands of rules
 * holds everybody up for 50 to 95 ms. Unit: bytes. A daemon in a mesh of 20 has half of it.
 */
const LARGE_BYTES = 64 * 1024 * 1024;
/** V8's flags while the daemon is calm; and while it is busy, when the heap may grow to twice. */
const CALM = ['--optimize-for-size', '--heap-growing-percent=0'];
const BUSY = ['--no-optimize-for-size', '--heap-growing-percent=100'];

/**
 * From now on buffers share small slabs only, and V8 collects garbage for size whenever the daemon
 * is calm: after a busy time, 20 joins for one, it gives back what it would keep for the next.
 * While it is busy that would hold everybody up: three times as many collections of all that
 * lives, each of which moves most of it. To be called once the daemon has started: as a flag of the
 * command line it would make V8 reject the compiled code that Node carries, 15 ms each start.
 */
export function saveMemory(): void {
  Buffer.poolSize = SLAB_BYTES;
  const isThrifty = createThrift();
  let wasThrifty: boolean | null = null;
  const note = (share: number): void => {
    const isLarge = getHeapStatistics().used_heap_size >= LARGE_BYTES;
    const isNow = isThrifty(share) && !isLarge;
    if (isNow !== wasThrifty) for (const flag of isNow ? CALM : BUSY) setFlagsFromString(flag);
    wasThrifty = isNow;
  };
  note(1); // What is on the disk is being taken in.
  let last = performance.eventLoopUtilization();
  const look = (): void => {
    const now = performance.eventLoopUtilization();
    note(performance.eventLoopUtilization(now, last).utilization);
    last = now;
  };
  setInterval(look, LOOK_MS).unref();
}
