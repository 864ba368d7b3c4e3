/**
 * Edge: cuts — which VMs cannot reach which others now, and whose links are slow.
 */
import type { Station } from './underlay.ts';

/** The troubles of links. What ends one is harmless when it has ended. */
export interface Cuts {
  /** Whether anything gets from `a` to `b` now. */
  passes(a: Station, b: Station): boolean;
  /** Whether anything gets there and back. */
  reaches(a: Station, b: Station): boolean;
  /** Throughput between two, bytes per ms. */
  rateOf(a: Station, b: Station): number;
  /** Nothing passes between two sites, until all is healed. */
  cut(siteA: string, siteB: string): void;
  /** Nothing gets from one VM to another, until the block ends or all is healed. */
  block(fromVm: string, toVm: string): () => void;
  /** What a VM sends and gets is slow, until that ends or all is healed. */
  throttle(vm: string, bytesPerMs: number): () => void;
  heal(): void;
}

/** Throughput of a path where nothing is wrong. Unit: bytes per ms: 100 Mb/s. */
const BYTES_PER_MS = 12_500;

/** No trouble. */
export function openCuts(): Cuts {
  const cuts = new Set<string>();
  const blocks = new Map<object, string>();
  const slow = new Map<object, { readonly vm: string; readonly bytesPerMs: number }>();
  const pair = (a: string, b: string): string => [a, b].toSorted().join('|');
  const isBlocked = (a: Station, b: Station): boolean =>
    blocks.size > 0 && [...blocks.values()].includes(`${a.vm} ${b.vm}`);
  const passes = (a: Station, b: Station): boolean =>
    a.isOn && b.isOn && !(cuts.size > 0 && cuts.has(pair(a.site, b.site))) && !isBlocked(a, b);
  return {
    passes,
    reaches: (a, b) => passes(a, b) && passes(b, a),
    rateOf: (a, b) => {
      let least = BYTES_PER_MS;
      for (const { vm, bytesPerMs } of slow.values()) {
        if (vm === a.vm || vm === b.vm) least = Math.min(least, bytesPerMs);
      }
      return least;
    },
    cut: (siteA, siteB) => {
      cuts.add(pair(siteA, siteB));
    },
    block: (fromVm, toVm) => noted(blocks, `${fromVm} ${toVm}`),
    throttle: (vm, bytesPerMs) => noted(slow, { vm, bytesPerMs }),
    heal: () => {
      for (const all of [cuts, blocks, slow]) all.clear();
    },
  };
}

/** Notes something; gives what ends it. */
function noted<What>(all: Map<object, What>, what: What): () => void {
  const key = {};
  all.set(key, what);
  return () => void all.delete(key);
}
