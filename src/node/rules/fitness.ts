/**
 * Rule: fitness — whether this host can be a member, before anything on it is changed.
 */
import * as z from 'zod/mini';
import { overlaps } from '../../crdt/addresses.ts';
import { isOverlay } from '../../crdt/endpoints.ts';
import { Fault } from '../../fault.ts';
import type { HostFacts, ProbedFacts } from '../../ports.ts';
import { packageText } from './tool-packages.ts';

/** Tools that no member does without. */
const NEEDED_TOOLS = ['ip', 'wg'];

/** The tools that this host lacks. */
const missingTools = (facts: HostFacts): readonly string[] =>
  NEEDED_TOOLS.filter((tool) => facts.tools[tool] !== true);

/** Tools that single services run; a member does without them. */
const SERVICE_TOOLS = ['nft', 'haproxy'];

/** What is installed for who asks for it: what this host lacks of all that a member may run. */
export const toolsToInstall = (facts: HostFacts): readonly string[] => [
  ...missingTools(facts),
  ...SERVICE_TOOLS.filter((tool) => facts.tools[tool] !== true),
];

/** Fault 'refused' naming the first thing that this host lacks. */
export function checkFitness(facts: ProbedFacts): void {
  if (!facts.isRoot) {
    throw unfit('user', 'not root', 'interfaces and routes need root', 'run it again with sudo');
  }
  const tool = missingTools(facts)[0];
  if (tool !== undefined) {
    const remedy = `install the package ${packageText(tool)}, or add --install-tools`;
    throw unfit('tool', tool, 'not found', remedy);
  }
  if (!facts.hasKernelWireguard && !facts.hasTun) {
    const why = 'the kernel has neither WireGuard nor a usable /dev/net/tun';
    throw unfit('host', '/dev/net/tun', why, 'load the module tun, or give this VM the device');
  }
}

const routes = z.array(
  z.object({
    dst: z.optional(z.string()),
    dev: z.optional(z.string()),
    type: z.optional(z.string()),
  }),
);

/**
 * Fault 'refused' when a route of this host, of another interface than ours, overlaps the mesh's
 * prefix. `routesJson`: what `ip -j route show` printed; both families may be checked with the
 * same call.
 */
export function checkRoutes(routesJson: string, prefix: string, ownInterface: string): void {
  const parsed = z.safeParse(routes, JSON.parse(routesJson === '' ? '[]' : routesJson));
  if (!parsed.success) return;
  for (const { dst, dev } of parsed.data) {
    if (dst === undefined || dst === 'default' || dev === ownInterface) continue;
    const isHost = !dst.includes('/');
    const target = isHost ? `${dst}/${dst.includes(':') ? 128 : 32}` : dst;
    if (!overlaps(prefix, target)) continue;
    const field = prefix.includes(':') ? 'prefix6' : 'prefix';
    const why = `overlaps the route ${dst} of interface ${dev ?? 'unknown'} on this host`;
    throw unfit(field, prefix, why, `init the mesh with another --${field}`);
  }
}

/** Fault 'refused' when what is advertised is an address of the overlay. */
export function checkAdvertised(
  host: string,
  mesh: { readonly prefix: string; readonly prefix6: string },
): void {
  if (!isOverlay(mesh, host)) return;
  const why = 'an address of the VPN itself, which is reached only through what is advertised';
  throw unfit('advertise', host, why, 'give the public address of this VM');
}

const unfit = (field: string, value: string, why: string, remedy: string): Fault =>
  new Fault('refused', { field, value, why, remedy });
