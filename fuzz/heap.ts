/** Edge: heap — how much of what was fuzzed stays in memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After so many looks, one for each thousand frames, all has been called and compiled. */
const WARM_LOOKS = 4;
/** A frame may leave 256 bytes at most, of 16,000; of more frames not more in all. Unit: bytes. */
const HEAP_BYTES_MAX = 4_000_000;

/** Looks at the heap of this process. */
export interface HeapWatch {
  /** How often it looked. */
  looks(): number;
  look(): void;
  /** In words, what stayed of all since it was warm; null where that is little. */
  flaw(): string | null;
}

/** Collects garbage at each look. */
export function openHeapWatch(): HeapWatch {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const bytes: number[] = [];
  return {
    looks: () => bytes.length,
    look: () => {
      collect();
      bytes.push(process.memoryUsage().heapUsed);
    },
    flaw: () => {
      const warm = bytes[WARM_LOOKS - 1];
      if (warm === undefined) return null;
      const grown = (bytes.at(-1) ?? warm) - warm;
      return grown < HEAP_BYTES_MAX ? null : `the heap grew by ${grown} bytes`;
    },
  };
}
