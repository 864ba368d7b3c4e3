/**
 * Edge: host — one-shot commands on this host, and what the host has.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { Host, HostFacts, Log, OwnAddress } from '../../ports.ts';
import { PACKAGED_TOOLS } from '../rules/tool-packages.ts';
import { findProgram, runCommand } from './command.ts';
import { type RunToEnd, runToEnd } from './command-run.ts';
import { MANAGER_NAMES } from './install-plan.ts';
import { openLog } from './log.ts';
import { readUplinks } from './uplinks.ts';

/** Longest run of one command. From the contract of Host; `ip`, `wg`, `nft` take 3 to 400 ms. */
const COMMAND_TIMEOUT_MS = 10_000;

/** Most that a command may print, by the contract of Host; 16,000 nft rules in JSON are 15 MiB. */
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024;

/** Tools whose presence is a fact: what services run, and what can install those. */
const TOOLS = [...PACKAGED_TOOLS, ...MANAGER_NAMES];

/** How often a probe is deleted before it is told that it stays. */
const DELETES_MAX = 3;

/** This host. `run`: who starts its commands. `warn`: who is told what it left behind. */
export function openHost(
  run: RunToEnd = runToEnd,
  warn: Log['warn'] = (event, facts) => openLog('warn').warn(event, facts),
): Host {
  const limits = { timeoutMs: COMMAND_TIMEOUT_MS, outputBytesMax: OUTPUT_BYTES_MAX };
  let asked: Promise<boolean> | null = null;
  const hasKernelWireguard = (): Promise<boolean> => {
    asked ??= makesWireguard(host, warn).catch((error: unknown) => {
      asked = null;
      throw error;
    });
    return asked;
  };
  const host: Host = {
    run: (command) => {
      const timeoutMs = Math.min(command.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
      return runCommand(command, { ...limits, timeoutMs }, { run });
    },
    facts: gatherFacts,
    probe: async () => {
      const facts = await gatherFacts();
      const isAble = facts.isRoot && facts.tools.ip === true;
      return { ...facts, hasKernelWireguard: isAble && (await hasKernelWireguard()) };
    },
    addresses: async () => listAddresses(await readUplinks()),
  };
  return host;
}

async function gatherFacts(): Promise<HostFacts> {
  const found = await Promise.all(
    TOOLS.map(async (tool) => [tool, (await findProgram(tool)) !== null] as const),
  );
  return {
    hostname: hostname(),
    isRoot: process.geteuid?.() === 0,
    hasTun: await canOpenTun(),
    hasSystemd: await isDirectory('/run/systemd/system'), // The test of sd_booted(3).
    tools: Object.fromEntries(found),
  };
}

/** Opening makes no interface yet; it fails where a container has the node but no rights to it. */
async function canOpenTun(): Promise<boolean> {
  try {
    const handle = await open('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
    const stats = await handle.stat();
    await handle.close();
    return stats.isCharacterDevice();
  } catch {
    return false; // Whatever keeps us from it, user-space WireGuard cannot work.
  }
}

/** Only making an interface tells: the module may be built in, loadable, missing or forbidden. */
async function makesWireguard(host: Host, warn: Log['warn']): Promise<boolean> {
  const name = `cnsmo${randomBytes(4).toString('hex')}`;
  const add = { argv: ['ip', 'link', 'add', name, 'type', 'wireguard'] };
  const made = await host.run(add).catch(async (error: unknown) => {
    await deleteProbe(host, name, warn); // Killed at its deadline, it may have made it.
    throw error;
  });
  if (made.status !== 0) return false;
  await deleteProbe(host, name, warn);
  return true;
}

/** Never rejects: the answer is known, and an idle interface keeps nobody from anything. */
async function deleteProbe(host: Host, name: string, warn: Log['warn']): Promise<void> {
  let why = '';
  for (let tries = 0; tries < DELETES_MAX; tries += 1) {
    try {
      const { status, stderr } = await host.run({ argv: ['ip', 'link', 'delete', name] });
      if (status === 0 || stderr.includes('Cannot find device')) return;
      why = `status ${status}: ${stderr.trim()}`;
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
  }
  warn('probe interface stays', { interface: name, why, remedy: `ip link delete ${name}` });
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false; // Not there, or not for us to see: the same to us.
  }
}

function listAddresses(uplinks: ReadonlySet<string>): readonly OwnAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter((entry) => !entry.internal && !isLinkLocal(entry.address))
      .map(({ address }) => ({ interface: name, host: address, isUplink: uplinks.has(name) })),
  );
}

/**
 * 169.254.0.0/16, and fe80::/10 in the kernel's spelling, which is lower case and not shortened.
 */
function isLinkLocal(host: string): boolean {
  return host.startsWith('169.254.') || /^fe[89ab]/.test(host);
}
