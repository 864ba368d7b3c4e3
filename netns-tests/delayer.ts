/**
 * Edge: delayer — a longer way to VMs, where the kernel cannot make one: a program in the router of
 * the internet that passes TCP on to them, each chunk of it late. UDP it does not pass.
 *
 * As a program of its own it reads Ways as JSON, a line of standard input, and ends with that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from './namespace.ts';

/** Where each VM is reached late: a port of the router for each host. */
interface Ways {
  readonly delayMs: number;
  readonly port: number;
  readonly ways: readonly { readonly port: number; readonly host: string }[];
}

/** Opens ways of so many ms, each direction, and gives what ends them. `port`: of the hosts. */
export async function openDelayer(at: Namespace, ways: Ways): Promise<() => void> {
  const [program = '', ...argv] = at.enterNetwork([process.execPath, import.meta.filename]);
  const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${JSON.stringify(ways)}\n`);
  await firstLine(child);
  return () => child.kill('SIGKILL');
}

const firstLine = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the delayer ended with ${code}`)));
  });

/** Passes on in order: each chunk waits for its own time, and none overtakes another. */
function pass(from: Socket, to: Socket, delayMs: number): void {
  let last: Promise<unknown> = Promise.resolve();
  const later = (act: () => void): void => {
    const waited = sleep(delayMs);
    last = last.then(() => waited).then(act);
  };
  from.on('data', (chunk) => later(() => to.write(chunk)));
  from.on('end', () => later(() => to.end()));
  from.on('error', () => later(() => to.destroy()));
}

async function serve({ delayMs, port, ways }: Ways): Promise<void> {
  for (const way of ways) {
    const server = createServer((near) => {
      const far = connect(port, way.host);
      for (const socket of [near, far]) socket.setNoDelay(true);
      pass(near, far, delayMs);
      pass(far, near, delayMs);
    });
    await new Promise<void>((resolve) => server.listen(way.port, resolve));
  }
}

if (import.meta.main) {
  const lines = createInterface(process.stdin);
  lines.once('line', (line) => {
    void serve(JSON.parse(line) as Ways).then(() => process.stdout.write('ready\n'));
  });
  lines.once('close', () => process.exit(0));
}
