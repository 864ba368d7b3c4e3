/** Rule: test host — the balancer of the first member on a host whose commands take time. */
import type { View } from '../../crdt/view.ts';
import type { HostResult } from '../../ports.ts';
import type { Sights } from '../loop.ts';
import { diff } from './diff.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import type { LbDesired, LbObserved } from './state.ts';
import { selfOf } from './test-balancers.ts';

type Run = (argv: readonly string[], stdin: string) => Promise<HostResult>;

/** What is there, and what it takes to have it as operators want it. */
interface Sight {
  readonly observed: LbObserved;
  readonly desired: LbDesired;
  readonly steps: readonly {
    readonly argv: readonly string[];
    readonly text: string;
    readonly found: readonly string[];
  }[];
}

/** Looks at the host by the balancer's own probes. */
export async function lookAt(run: Run, view: View, sights: Sights): Promise<Sight> {
  const self = { ...selfOf(1), sights };
  const results: Record<string, HostResult> = {};
  for (const probe of probes(self, view, {})) {
    if ('argv' in probe) results[probe.name] = await run(probe.argv, probe.stdin ?? '');
  }
  const observed = read(results, self, null).state;
  const desired = plan(view, self, observed).state;
  const steps = diff(desired, observed).map((command) => {
    if (command.kind !== 'run') throw new TypeError('not a command of the balancer');
    const { argv, stdin, found = [] } = command;
    return { argv, text: stdin !== undefined && 'text' in stdin ? stdin.text : '', found };
  });
  return { observed, desired, steps };
}
