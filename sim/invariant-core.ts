/**
 * Rule: core — the core role: who acts is who its own view elects; a calm mesh has one that acts,
 * and all know it; no term that was taken is ever forgotten.
 *
 * A gap between two holders is part of the design, so what may be a gap counts only when it is
 * still there half a minute later.
 */
import { compareTerms, electCore, type Term } from '../src/node/rules/election.ts';
import { type Look, machinesOf, type Scene } from './invariant.ts';
import type { Machine } from './machine.ts';
import { holdsMember } from './storm.ts';

/** Longest gap between two holders: settling, and clocks that differ. Unit: virtual ms. */
const GAP_MS = 30_000;
/** Clocks that are off by more are wrong; where half of them are, none is the time. Unit: ms. */
const SKEW_MS_MAX = 5_000;
/** Looks that are further apart than this say nothing of what was between. Unit: virtual ms. */
const APART_MS = 300_000;

/** I1: in two looks in a row, 15 s apart, somebody acts in one term whom it does not elect. */
export function lookAtActing(scene: Scene): Look {
  let before = new Set<string>();
  return {
    always: () => {
      const wrong = machinesOf(scene).filter((machine) => {
        const core = machine.node?.core;
        const isAwake = machine.daemon !== null && !machine.daemon.isPaused();
        if (core === undefined || !isAwake || !core.isActing()) return false;
        return electCore(core.constituency())?.id !== machine.node?.self;
      });
      const now = new Set(wrong.map((machine) => `${machine.name} acts in ${termOf(machine)}`));
      const flaws = [...now].filter((flaw) => before.has(flaw));
      before = now;
      return flaws.map((flaw) => `${flaw}, and elects another`);
    },
  };
}

const termOf = ({ node }: Machine): string => {
  const term = node?.core.highest() ?? null;
  return term === null ? 'no term' : `${term.epoch}.${term.n}`;
};

/** I2 and I3, when all trouble is over. */
export function lookAtHolder({ storm }: Scene): Look {
  const since = new Map<string, number>();
  const lasts = (flaw: string): boolean => {
    const nowMs = storm.room.scheduler.nowMs();
    const firstMs = since.get(flaw) ?? nowMs;
    since.set(flaw, nowMs - firstMs > APART_MS ? nowMs : firstMs);
    return nowMs - firstMs >= GAP_MS && nowMs - firstMs <= APART_MS;
  };
  return {
    whole: (members) => {
      const nodes = members.flatMap(({ node }) => node ?? []);
      // Whose key another VM uses is two to the others: what the one says, the other does not know.
      const isTwin = nodes.some(({ replica }) => replica.isElsewhere());
      const isNobodySure = nodes.every(({ replica }) => replica.isInDoubt());
      const wrong = members.filter(({ skewMs }) => Math.abs(skewMs) > SKEW_MS_MAX);
      const isTimeUnclear = 2 * wrong.length >= members.length;
      if (isTwin || isNobodySure || isTimeUnclear) return [];
      const acting = members.filter(({ node }) => node?.core.isActing() === true);
      const named = new Set(nodes.map(({ core }) => core.holder()?.id ?? 'nobody'));
      const found = [
        ...(acting.length > 1 ? [`${acting.map(({ name }) => name).join()} act at once`] : []),
        ...(acting.length === 0 ? ['nobody acts'] : []),
        ...(named.size > 1 ? ['members name different holders'] : []),
      ];
      for (const flaw of since.keys()) if (!found.includes(flaw)) since.delete(flaw);
      return found.filter(lasts);
    },
  };
}

interface SeenTerm {
  readonly self: string;
  readonly term: Term | null;
  readonly clockSets: number;
  readonly oldDisks: number;
}

/**
 * I6 of terms: none goes back, in memory or over a crash; but one of an epoch that has not come, as
 * a clock that was ahead took it, need not stay.
 */
export function lookAtTerms(scene: Scene): Look {
  const seen = new Map<string, SeenTerm>();
  return {
    always: () =>
      machinesOf(scene).flatMap((machine) => {
        const { name, node, clockSets, oldDisks } = machine;
        const before = seen.get(name);
        // An older copy of a disk holds what was known when it was made, and heals without it,
        // maybe between two looks.
        if (scene.storm.tampered.has(name)) seen.delete(name);
        if (node === null || !holdsMember(machine) || scene.storm.tampered.has(name)) return [];
        const term = node.core.highest();
        seen.set(name, { self: node.self, term, clockSets, oldDisks });
        if (before?.self !== node.self || before.clockSets !== clockSets) return [];
        if (before.oldDisks !== oldDisks) return [];
        const hasCome = (before.term?.epoch ?? 0) <= node.core.constituency().epoch;
        if (before.term === null || !hasCome || !isLess(term, before.term)) return [];
        const was = `${before.term.epoch}.${before.term.n}`;
        return [`${name} forgot the term ${was}, and has ${termOf(machine)}`];
      }),
  };
}

const isLess = (term: Term | null, before: Term): boolean =>
  term === null || compareTerms(term, before) < 0;
