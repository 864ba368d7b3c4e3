/**
 * Rule: firewall counts — how often each rule decided, as the kernel counts it.
 *
 * Connections are counted by the packets that were judged: who passed is not judged again.
 */
import { intentPath } from '../../crdt/paths.ts';
import type { Count } from '../service.ts';
import { tableOf } from './diff.ts';
import { SERVICE } from './policy.ts';
import type { FirewallDesired, ObservedTable } from './state.ts';

/** Generations play no role here. */
const ANY = { now: 1, trial: 2 };

/** A lane's chain: its zone and direction. */
const LANE = /^now\/((?:mesh|wan)-(?:in|out))(?:\/back)?$/;

/** By path; what never decided is left out. */
export const countsOf = (
  desired: NonNullable<FirewallDesired>,
  observed: ObservedTable,
): Readonly<Record<string, Count>> => {
  const counts = new Map<string, Count>();
  const add = (path: string, packets: number, bytes: number): void => {
    if (packets === 0) return;
    const known = counts.get(path) ?? { packets: 0, bytes: 0 };
    counts.set(path, {
      packets: known.packets + packets,
      bytes: known.bytes + bytes,
    });
  };
  for (const set of tableOf({ ...desired, trial: null }, ANY).sets) {
    const there = set.isCounted ? observed.sets.get(set.name) : undefined;
    for (const [text, { packets, bytes }] of there?.elements ?? []) {
      const rule = set.elements.get(text)?.rule ?? null;
      if (rule !== null) add(pathOf('rule', rule), packets, bytes);
    }
  }
  for (const [name, { rules }] of observed.chains) {
    const [, lane] = LANE.exec(name) ?? [];
    if (lane === undefined) continue;
    for (const { comment, packets, bytes } of rules) {
      if (comment === 'default') add(pathOf('default', lane), packets, bytes);
      else if (comment !== null && NAMED.test(comment)) {
        add(pathOf('rule', comment), packets, bytes);
      }
    }
  }
  // What was counted for guards, under their words, is no object of anybody.
  const rules = new Set(desired.now.flatMap(({ clauses }) => clauses.map(({ rule }) => rule.path)));
  return Object.fromEntries(
    [...counts].filter(([path]) => path.includes('/default/') || rules.has(path)),
  );
};

/** What a rule may be called; guards speak in words. */
const NAMED = /^[a-z0-9.-]+$/;

const pathOf = (kind: 'rule' | 'default', name: string): string =>
  intentPath({ service: SERVICE, kind, name });
