/**
 * Edge: show command — runs a command that takes minutes and shows its lines as they come.
 *
 * It keeps the proxy variables of whoever called, or a VM behind a proxy could install nothing.
 */
import { spawn } from 'node:child_process';
import { FIXED_ENVIRONMENT } from './command.ts';
import { openLineSplitter } from './line-splitter.ts';

/**
 * Longest run of a package manager: a slow mirror, a lock held by unattended upgrades. Unit: ms.
 */
const SHOWN_TIMEOUT_MS = 10 * 60_000;

/** Runs a command, handing on its lines of both streams. Whether it ended well. */
export async function showCommand(
  argv: readonly string[],
  onLine: (line: string) => void,
): Promise<boolean> {
  const [tool = '', ...operands] = argv;
  const child = spawn(tool, operands, {
    cwd: '/',
    env: { ...FIXED_ENVIRONMENT, ...proxyVariables(), DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill(), SHOWN_TIMEOUT_MS);
  for (const stream of [child.stdout, child.stderr]) {
    const lines = openLineSplitter(onLine);
    stream.on('data', lines.push);
    stream.once('end', lines.end);
  }
  const isDone = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (status) => resolve(status === 0));
  });
  clearTimeout(timer);
  return isDone;
}

function proxyVariables(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [
    name,
    name.toUpperCase(),
  ]);
  const entries = names.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => !!entry[1]));
}
