/**
 * Edge: web — web servers on a mesh's backends, that can be killed or stopped, and who asks for
 * pages: each a connection of its own, and what came of each.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Namespace } from '../../netns-tests/namespace.ts';
import { leashed } from '../leash.ts';

/** Port at which backends serve. */
export const WEB_PORT = 8_080;

/** A web server that answers with its name. */
export interface WebServer {
  kill(): Promise<void>;
  /** It hangs: the kernel still takes its connections. */
  stop(): void;
  resume(): void;
}

/** Starts one; resolves when it listens. */
export async function openWebServer(at: Namespace, name: string): Promise<WebServer> {
  const child = spawnIn(at, ['perl', '-e', SERVER, name]);
  await firstLine(child);
  return {
    kill: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
    stop: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
}

/** What came of a request. `from`: who answered; null: it failed. */
export interface Asked {
  /** When its connection was begun, by `process.hrtime`, ms. */
  readonly atMs: number;
  readonly from: string | null;
  /** Why it failed, else ''. */
  readonly why: string;
}

/** Who asks. */
export interface Asker {
  /** All that was heard so far. */
  readonly heard: readonly Asked[];
  end(): void;
}

/**
 * Starts asking: so many at once, each a pause after its last. A pause of 0: as fast as it can; one
 * with a pause does not wait for answers.
 */
export function openAsker(
  at: Namespace,
  address: string,
  { port, lanes, pauseMs }: { readonly port: number; lanes: number; pauseMs: number },
): Asker {
  const words = [address, port, lanes, pauseMs].map(String);
  const child = spawnIn(at, [process.execPath, '-e', ASKER, ...words]);
  const heard: Asked[] = [];
  if (child.stdout === null) throw new Error('no pipe');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [atMs, kind, what = ''] = line.split(' ');
    const isAnswer = kind === 'answer';
    heard.push({ atMs: Number(atMs), from: isAnswer ? what : null, why: isAnswer ? '' : what });
  });
  return { heard, end: () => void child.kill('SIGKILL') };
}

function spawnIn(at: Namespace, argv: readonly string[]): ChildProcess {
  const [command = '', ...rest] = leashed(at.enterNetwork(argv));
  return spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
}

const firstLine = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (status) => reject(new Error(`a web server ended with ${status}`)));
  });

/** Takes one connection after the other, as who asks closes what it gave up. */
const SERVER = `
use strict; use Socket; $| = 1; $SIG{PIPE} = 'IGNORE'; my $name = $ARGV[0];
socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
bind($s, pack_sockaddr_in(${WEB_PORT}, INADDR_ANY)) or die "bind: $!";
listen($s, 1024) or die "listen: $!"; print "up\\n";
while (1) {
  accept(my $one, $s) or next;
  sysread($one, my $said, 4096) or next;
  my $length = length $name;
  my $head = "HTTP/1.1 200 OK\\r\\nContent-Length: $length\\r\\nConnection: close";
  syswrite($one, "$head\\r\\n\\r\\n$name");
  close($one);
}`;

/** Longest wait for an answer. Unit: ms. */
const SILENT_MS = 2_000;

const ASKER = `
const { connect } = require('node:net');
const [address, port, lanes, pauseMs] = process.argv.slice(1);
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const ask = (then) => {
  const atMs = nowMs();
  const socket = connect(Number(port), address);
  let said = '';
  let isTold = false;
  const tell = (kind, what) => {
    if (isTold) return;
    isTold = true;
    clearTimeout(timer);
    socket.destroy();
    process.stdout.write(atMs.toFixed(1) + ' ' + kind + ' ' + what + '\\n');
    then();
  };
  const timer = setTimeout(() => tell('failure', 'silent'), ${SILENT_MS});
  socket.setNoDelay(true);
  socket.on('connect', () => socket.write('GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n'));
  socket.on('data', (data) => { said += data; });
  socket.on('error', ({ code }) => tell('failure', code));
  socket.on('close', () => {
    const [, name] = said.split('\\r\\n\\r\\n');
    if (name) tell('answer', name); else tell('failure', 'closed');
  });
};
const again = () => ask(again);
for (let lane = 0; lane < Number(lanes); lane += 1) {
  if (Number(pauseMs) === 0) again();
  else setInterval(() => ask(() => undefined), Number(pauseMs));
}`;
