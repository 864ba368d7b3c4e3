/**
 * Rule: firewall — no kernel holds a rule that nobody signed, and in the end each holds what its
 * view says, no more and no less, and nothing on trial (I4).
 */
import type { MemberId } from '../src/crdt/ids.ts';
import type { HostResult } from '../src/ports.ts';
import { diff } from '../src/services/firewall/diff.ts';
import { plan } from '../src/services/firewall/plan.ts';
import { probes } from '../src/services/firewall/probes.ts';
import { read } from '../src/services/firewall/read.ts';
import type { FirewallObserved } from '../src/services/firewall/state.ts';
import { isRunning } from '../src/services/firewall/trial.ts';
import { SERVICES } from '../src/services/registry.ts';
import type { NodeSelf, Self } from '../src/services/service.ts';
import type { Evidence } from './evidence.ts';
import { type Look, machinesOf, openEverHeld, type Scene } from './invariant.ts';
import type { Kernel } from './kernel.ts';
import type { Machine } from './machine.ts';
import { runNft } from './nft-command.ts';

/** Where rules stand, and how those of `acts-firewall.ts` are called. */
const PLACE = 'intent/firewall/';
const NAMED = /^storm-\d+$/;

/** Looks at the table of every kernel. */
export function lookAtFirewalls(scene: Scene): Look {
  const signed = openEverHeld(scene, namesSaid);
  return {
    always: () =>
      machinesOf(scene).flatMap((machine) => {
        const known = signed(machine);
        const names = namesIn(machine.kernel).filter((name) => !known.has(name));
        return names.map((name) => `${machine.name} filters by ${name}, which nobody signed for`);
      }),
    whole: (members) => members.flatMap(flawsOf),
  };
}

/** Names of rules that statements speak of, those in trials included. */
const namesSaid = ({ said }: Evidence): readonly string[] =>
  said
    .filter(({ path, value }) => path.startsWith(PLACE) && value !== null)
    .flatMap(({ path, value }) => [...`${path} ${JSON.stringify(value)}`.matchAll(/storm-\d+/g)])
    .map(([name]) => name);

/** Rules that are tried in turn bear their names. */
const namesIn = ({ tables }: Kernel): readonly string[] =>
  (tables.get('inet cnsmo') ?? []).flatMap((object) => {
    const { rule } = object as { readonly rule?: { readonly comment?: string } };
    return rule?.comment !== undefined && NAMED.test(rule.comment) ? [rule.comment] : [];
  });

function flawsOf(machine: Machine): readonly string[] {
  const { name, node } = machine;
  if (node === null) return [`${name} has no daemon`];
  const view = node.replica.view();
  const here = selfOf(machine.kernel, node.self);
  const self = { ...here, openings: SERVICES.flatMap((each) => each.openings(view, here)) };
  const observed = lookAt(machine, self, view);
  if (observed.kind === 'present' && isRunning(observed.table)) return [`${name} still tries`];
  const found = diff(plan(view, self, observed).state, observed).flatMap((command) =>
    command.kind === 'run' ? (command.found ?? ['something']) : [],
  );
  return found.map((each) => `${name}: firewall: ${each}`);
}

type View = Parameters<typeof plan>[0];

function lookAt({ kernel }: Machine, self: Self, view: View): FirewallObserved {
  const results: Record<string, HostResult> = {};
  for (;;) {
    const missing = probes(self, view, results).filter(({ name }) => !(name in results));
    if (missing.length === 0) return read(results, self, null).state;
    for (const probe of missing) {
      results[probe.name] =
        'argv' in probe
          ? runNft(kernel, probe.argv.slice(1), probe.stdin ?? '')
          : { status: 0, stdout: '', stderr: '' };
    }
  }
}

const NODE: Omit<NodeSelf, 'id'> = {
  ...{ interface: 'cnsmo0', port: 7300, seen: new Map(), skewsMs: new Map() },
  ...{ sights: new Map(), recoveredAtMs: null },
  facts: {
    ...{ hostname: '', isRoot: true, hasTun: true, hasKernelWireguard: true, hasSystemd: false },
    tools: { nft: true },
  },
};

/** The daemon of a VM as its rules see it, connected with nobody. */
export const selfOf = (kernel: Kernel, id: MemberId): Self => ({
  ...{ ...NODE, id },
  ...{ nowMs: 0, wallMs: kernel.wallMs(), stepsMs: [], viewAgeMs: 0 },
  ...{ openings: [], made: new Set() },
});
