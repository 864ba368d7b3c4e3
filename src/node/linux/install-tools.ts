/**
 * Edge: install tools — adds missing tools with the host's own package manager, when told to.
 */
import { Fault } from '../../fault.ts';
import type { Host } from '../../ports.ts';
import { planInstall } from './install-plan.ts';
import { showCommand } from './show-command.ts';

/**
 * Installs the missing tools, handing on the package manager's lines. Does nothing when none is
 * missing. A failing refresh is passed over: a package may be in the lists that are there. Fault
 * as of `planInstall`, and 'internal' when the package manager fails.
 */
export async function installTools(
  host: Host,
  missing: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  if (missing.length === 0) return;
  const plan = planInstall(await host.facts(), missing);
  await showCommand(plan.refresh, onLine);
  if (await showCommand(plan.install, onLine)) return;
  throw new Fault('internal', {
    field: 'install-tools',
    value: plan.install.join(' '),
    why: 'the package manager failed; its last lines say why',
    remedy: 'repair that, or install the packages by hand, then run it again',
  });
}
