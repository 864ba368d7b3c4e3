/**
 * Edge: proxies — programs that balance in user space, on the member of a stage, as their manuals
 * say for TCP: what the balancer in the kernel is compared with.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../../netns-tests/command.ts';
import { ONE_CORE } from '../perl.ts';
import { BACKENDS, OUTSIDE, type Stage } from './stage.ts';

/** Port at which they listen on the member's address outside. */
export const PROXIED = 80;

/** One of them. */
export interface Proxy {
  readonly name: string;
  /** Starts it on a stage, for a port of its backends. It ends with the stage. */
  start(stage: Stage, port: number): Promise<void>;
}

const STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so';
/** Longer than any measurement. */
const LIFE_MS = 600_000;

const backends = (port: number): readonly string[] =>
  Array.from({ length: BACKENDS }, (_, n) => `10.10.0.${n + 2}:${port}`);

const haproxyText = (port: number): string => `
global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen web
  bind ${OUTSIDE}:${PROXIED}
  balance roundrobin
${backends(port)
  .map((each, n) => `  server s${n} ${each}\n`)
  .join('')}`;

const nginxText = (directory: string, port: number): string => `
load_module ${STREAM};
worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/nginx.log;
events { worker_connections 4096; }
stream {
  upstream web { ${backends(port)
    .map((each) => `server ${each};`)
    .join(' ')} }
  server { listen ${OUTSIDE}:${PROXIED}; proxy_pass web; tcp_nodelay on; }
}
`;

/** Those that this machine has. HAProxy must be there. */
export async function findProxies(): Promise<readonly Proxy[]> {
  const version = async (argv: readonly string[], pattern: RegExp): Promise<string | null> => {
    const said = await execute(argv).catch(() => null);
    return said === null ? null : (pattern.exec(said.stdout + said.stderr)?.[1] ?? null);
  };
  const haproxy = await version(['haproxy', '-v'], /version (\d[\d.]*)/);
  if (haproxy === null) throw new Error('there is no HAProxy; install the package haproxy');
  const nginx = existsSync(STREAM) ? await version(['nginx', '-v'], /nginx\/(\d[\d.]*)/) : null;
  const found: Proxy[] = [
    {
      name: `HAProxy ${haproxy}`,
      start: (stage, port) =>
        run(stage, haproxyText(port), (file) => ['haproxy', '-db', '-f', file]),
    },
  ];
  if (nginx === null) return found;
  return [
    ...found,
    {
      name: `nginx ${nginx} stream`,
      start: (stage, port) =>
        run(stage, nginxText(stage.directory, port), (file) => ['nginx', '-c', file]),
    },
  ];
}

/** Runs it on the core of all others; resolves when it listens. */
async function run(
  stage: Stage,
  text: string,
  argvOf: (file: string) => readonly string[],
): Promise<void> {
  const file = join(stage.directory, 'proxy.conf');
  writeFileSync(file, text);
  const words = argvOf(file);
  const ended = stage.member
    .run([...ONE_CORE, ...words], { timeoutMs: LIFE_MS })
    .then(({ stderr }) => {
      throw new Error(`${words.join(' ')} ended: ${stderr}`);
    });
  ended.catch(() => undefined); // It ends with the stage.
  await Promise.race([ended, stage.listening(PROXIED, stage.member)]);
}
