/**
 * Edge: install tools — adds missing tools with the host's own package manager, when told to.
 *
 * Runs for minutes and shows its lines as they come, so it does not go through `Host.run`. It keeps
 * the proxy variables of whoever called, or a VM behind a proxy could install nothing.
 */
import { execa } from 'execa';
import { Fault } from '../../fault.ts';
import type { Host, HostFacts } from '../../ports.ts';
import { FIXED_ENVIRONMENT } from './command.ts';

/**
 * Longest run of a package manager: a slow mirror, a lock held by unattended upgrades. Unit: ms.
 */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

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

/** The package of a tool, by manager where the name is not the common one. */
const PACKAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ip: { common: 'iproute2', dnf: 'iproute' },
  nft: { common: 'nftables' },
  wg: { common: 'wireguard-tools' },
  haproxy: { common: 'haproxy' },
  conntrack: { common: 'conntrack-tools', 'apt-get': 'conntrack' },
};

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
  const manager = Object.keys(MANAGERS).find((name) => facts.tools[name] === true);
  const steps = manager === undefined ? undefined : MANAGERS[manager];
  if (manager === undefined || !steps) {
    const why = `none of ${Object.keys(MANAGERS).join(', ')} is on this host`;
    const remedy = 'install the tools by hand, then run it again without --install-tools';
    throw new Fault('refused', { field: 'install-tools', value, why, remedy });
  }
  const packages = missing.map((tool) => {
    const name = PACKAGES[tool]?.[manager] ?? PACKAGES[tool]?.common;
    if (name !== undefined) return name;
    const [why, remedy] = ['has no package that we know', 'install it by hand, then run it again'];
    throw new Fault('refused', { field: 'install-tools', value: tool, why, remedy });
  });
  return { refresh: steps.refresh, install: [...steps.install, ...new Set(packages)] };
}

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
  await runShowing(plan.refresh, onLine);
  if (await runShowing(plan.install, onLine)) return;
  throw new Fault('internal', {
    field: 'install-tools',
    value: plan.install.join(' '),
    why: 'the package manager failed; its last lines say why',
    remedy: 'repair that, or install the packages by hand, then run it again',
  });
}

/** Runs a command, handing on its lines of both streams. Whether it ended well. */
export async function runShowing(
  argv: readonly string[],
  onLine: (line: string) => void,
): Promise<boolean> {
  const [tool = '', ...operands] = argv;
  const child = execa(tool, operands, {
    reject: false,
    cwd: '/',
    env: { ...FIXED_ENVIRONMENT, ...proxyVariables(), DEBIAN_FRONTEND: 'noninteractive' },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    timeout: INSTALL_TIMEOUT_MS,
  });
  for await (const line of child.iterable({ from: 'all' })) onLine(line);
  return (await child).exitCode === 0;
}

function proxyVariables(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [
    name,
    name.toUpperCase(),
  ]);
  const entries = names.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => !!entry[1]));
}
