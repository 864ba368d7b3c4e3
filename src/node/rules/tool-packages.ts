/**
 * Rule: tool packages — which package of the OS has a tool that members run.
 */

/** By tool: the name that most distributions have, and the package managers that have another. */
const PACKAGES: Readonly<
  Record<string, { readonly common: string; readonly other?: Readonly<Record<string, string>> }>
> = {
  ip: { common: 'iproute2', other: { dnf: 'iproute' } },
  ss: { common: 'iproute2', other: { dnf: 'iproute' } },
  wg: { common: 'wireguard-tools' },
  nft: { common: 'nftables' },
  haproxy: { common: 'haproxy' },
};

/** The tools that have one. */
export const PACKAGED_TOOLS: readonly string[] = Object.keys(PACKAGES);

/** The package by the names of that package manager; null for a tool that we know none of. */
export function packageOf(tool: string, manager: string): string | null {
  const names = Object.hasOwn(PACKAGES, tool) ? PACKAGES[tool] : undefined;
  return names?.other?.[manager] ?? names?.common ?? null;
}

/** The same in words where no manager is known: `iproute2 (dnf: iproute)`. */
export function packageText(tool: string): string | null {
  const names = Object.hasOwn(PACKAGES, tool) ? PACKAGES[tool] : undefined;
  if (names === undefined) return null;
  const others = Object.entries(names.other ?? {}).map(([manager, name]) => `${manager}: ${name}`);
  return others.length === 0 ? names.common : `${names.common} (${others.join(', ')})`;
}
