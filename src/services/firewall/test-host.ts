/**
 * Rule: test host — one member's firewall on a host whose commands take time, for tests on a real
 * kernel and on a simulated one.
 */
import type { Value } from '../../crdt/entry.ts';
import type { View } from '../../crdt/view.ts';
import type { HostResult } from '../../ports.ts';
import type { Self } from '../service.ts';
import { diff } from './diff.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import type { FirewallDesired, FirewallObserved } from './state.ts';
import { siteOf } from './test-policy.ts';

/** What the firewall needs of a host. Unit of the clock: Unix ms. */
export interface NftHost {
  run(argv: readonly string[], stdin: string): Promise<HostResult>;
  wallMs(): number;
}

/** A command of the firewall: always one transaction. */
interface Step {
  readonly argv: readonly string[];
  readonly text: string;
  readonly found: readonly string[];
}

/** What is there, and what it takes to have it as the policy says. */
interface Sight {
  readonly observed: FirewallObserved;
  readonly desired: FirewallDesired;
  readonly steps: readonly Step[];
}

/** Looks at the host by the firewall's own probes. Signs, which are no commands, find nothing. */
export async function lookAt(host: NftHost, view: View): Promise<Sight> {
  const self = selfOf(view, host.wallMs());
  const results: Record<string, HostResult> = {};
  const missing = () => probes(self, view, results).filter(({ name }) => !(name in results));
  for (let next = missing(); next.length > 0; next = missing()) {
    for (const probe of next) {
      results[probe.name] =
        'argv' in probe ? await host.run(probe.argv, probe.stdin ?? '') : NOTHING;
    }
  }
  const observed = read(results, self, null).state;
  const desired = plan(view, self, observed).state;
  const steps = diff(desired, observed).map((command): Step => {
    if (command.kind === 'run' && command.stdin !== undefined && 'text' in command.stdin) {
      return { argv: command.argv, text: command.stdin.text, found: command.found ?? [] };
    }
    throw new TypeError('not a command of the firewall');
  });
  return { observed, desired, steps };
}

/** Makes the table as this policy has it; what is still not as it should be then. */
export async function settle(host: NftHost, view: View): Promise<readonly string[]> {
  for (const { argv, text } of (await lookAt(host, view)).steps) {
    const { status, stderr } = await host.run(argv, text);
    if (status !== 0) throw new Error(`${stderr}\n${text.slice(0, 2_000)}`);
  }
  return (await lookAt(host, view)).steps.flatMap(({ found }) => found);
}

/** What a sign says that nobody looks for here. */
const NOTHING: HostResult = { status: 0, stdout: '', stderr: '' };

/** The first member, connected with nobody. */
export const selfOf = (view: View, wallMs: number): Self => {
  const site = siteOf(view);
  return {
    ...{ id: site.member, interface: site.interface, openings: site.openings, port: 7300 },
    facts: {
      ...{ hostname: 'b', isRoot: true, hasTun: true, hasKernelWireguard: false },
      ...{ hasSystemd: false, tools: { nft: true } },
    },
    ...{ seen: new Map(), skewsMs: new Map(), nowMs: wallMs, wallMs, stepsMs: [], viewAgeMs: 0 },
    ...{ made: new Set(), sights: new Map(), recoveredAtMs: null },
  };
};

/** A view whose objects of these values are stamped with a moment, Unix ms. */
export const stampedAt = (view: View, value: Value, wallMs: number): View => ({
  ...view,
  intent: view.intent.map((each) =>
    each.value === value ? { ...each, hlc: [wallMs, 0] as const } : each,
  ),
});
