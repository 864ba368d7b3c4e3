/**
 * Edge: install plan — which command installs which packages on this host.
 */
import { Fault } from '../../fault.ts';
import type { HostFacts } from '../../ports.ts';
import { packageOf } from '../rules/tool-packages.ts';

/** How a package manager refreshes its lists (null: does it by itself) and how it installs. */
const MANAGERS: Readonly<
  Record<string, { refresh: readonly string[]; install: readonly string[] }>
> = {
  'apt-get': {
    refresh: ['apt-get', 'update', '-q'],
    install: ['apt-get', 'install', '-y', '-q', '--no-install-recommends', '--'],
  },
  dnf: { refresh: ['dnf', 'makecache', '-q'], install: ['dnf', 'install', '-y', '--'] },
  apk: { refresh: ['apk', 'update'], install: ['apk', 'add', '--'] },
  pacman: {
    refresh: ['pacman', '-Sy', '--noconfirm'],
    install: ['pacman', '-S', '--noconfirm', '--needed', '--'],
  },
  zypper: {
    refresh: ['zypper', '--non-interactive', 'refresh'],
    install: ['zypper', '--non-interactive', 'install', '--'],
  },
};

/** Their names, the one that is taken first where a host has several. */
export const MANAGER_NAMES: readonly string[] = Object.keys(MANAGERS);

/** What to run to install the missing tools: refresh the lists, then install. */
export interface InstallPlan {
  readonly refresh: readonly string[];
  readonly install: readonly string[];
}

/**
 * What would be run to install `missing` on such a host. Fault 'forbidden' without root, 'refused'
 * when a tool has no known package or the host no known package manager.
 */
export function planInstall(facts: HostFacts, missing: readonly string[]): InstallPlan {
  const value = missing.join(', ');
  if (!facts.isRoot) {
    const [why, remedy] = ['only root may install packages', 'run it again as root'];
    throw new Fault('forbidden', { field: 'install-tools', value, why, remedy });
  }
  const manager = MANAGER_NAMES.find((name) => facts.tools[name] === true);
  const steps = manager === undefined ? undefined : MANAGERS[manager];
  if (manager === undefined || !steps) {
    const why = `none of ${MANAGER_NAMES.join(', ')} is on this host`;
    const remedy = 'install the tools by hand, then run it again without --install-tools';
    throw new Fault('refused', { field: 'install-tools', value, why, remedy });
  }
  const packages = missing.map((tool) => {
    const name = packageOf(tool, manager);
    if (name !== null) return name;
    const [why, remedy] = ['has no package that we know', 'install it by hand, then run it again'];
    throw new Fault('refused', { field: 'install-tools', value: tool, why, remedy });
  });
  return { refresh: steps.refresh, install: [...steps.install, ...new Set(packages)] };
}
