/**
 * Edge: show command — runs a command that takes minutes and shows its lines as they come.
 *
 * It keeps the proxy variables of whoever called, or a VM behind a proxy could install nothing.
 */
import { FIXED_ENVIRONMENT } from './environment.ts';

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
  const { execa } = await import('execa');
  const child = execa(tool, operands, {
    reject: false,
    cwd: '/',
    env: { ...FIXED_ENVIRONMENT, ...proxyVariables(), DEBIAN_FRONTEND: 'noninteractive' },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    timeout: SHOWN_TIMEOUT_MS,
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
