/**
 * Edge: stage — two namespaces on one cable: one that opens connections as fast as it can, and one
 * that filters and takes them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { must } from '../../netns-tests/command.ts';
import { type Namespace, openNamespace } from '../../netns-tests/namespace.ts';
import type { Sample } from '../figure.ts';

/** Connections of one measurement, and how many are under way at a time. */
const CONNECTIONS = 4_000;
const AT_ONCE = 16;
const [PORT, TAKER] = [9_999, '192.0.2.1'];

export interface Stage {
  /** Loads a table. Unit of the sample: ms. */
  load(text: string): Promise<Sample>;
  /** New connections that passed. Unit of the sample: 1/s. */
  storm(): Promise<Sample>;
  end(): Promise<void>;
}

/** Opens the stage. */
export async function openStage(): Promise<Stage> {
  const [opener, taker] = await Promise.all([
    openNamespace('network', 'ip link set lo up'),
    openNamespace('network', 'ip link set lo up'),
  ]);
  const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(taker.pid)];
  await must(['ip', 'link', 'add', 'eth0', 'netns', String(opener.pid), ...peer]);
  for (const [namespace, address] of [
    [opener, '192.0.2.2/24'],
    [taker, `${TAKER}/24`],
  ] as const) {
    await namespace.must(['ip', 'address', 'add', address, 'dev', 'eth0']);
    await namespace.must(['ip', 'link', 'set', 'eth0', 'up']);
  }
  const directory = mkdtempSync(join(tmpdir(), 'cnsmo-bench-'));
  const server = await start(taker, SERVER);
  const client = await start(opener, CLIENT);
  return {
    load: async (text) => {
      const file = join(directory, 'table');
      writeFileSync(file, text);
      const startMs = performance.now();
      await taker.must(['nft', '-j', '-f', file]);
      return { value: performance.now() - startMs };
    },
    storm: async () => {
      client.child.stdin?.write('go\n');
      return { value: Number((await client.lines.next()).value) };
    },
    end: async () => {
      for (const { child } of [server, client]) child.kill('SIGKILL');
      await Promise.all([opener.end(), taker.end()]);
      rmSync(directory, { recursive: true });
    },
  };
}

/** Starts a program of Node's in a namespace; its first line says that it is up. */
async function start(
  at: Namespace,
  program: string,
): Promise<{ readonly child: ChildProcess; readonly lines: AsyncIterator<string> }> {
  const [command = '', ...rest] = at.enter([process.execPath, '-e', program]);
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return { child, lines };
}

const SERVER = `
require('node:net').createServer((s) => { s.on('error', () => {}); s.resume(); })
  .listen(${PORT}, '${TAKER}', 1024, () => console.log('up'));`;

/** Each connection is reset as soon as it stands, so that no port has to wait. */
const CLIENT = `
const { connect } = require('node:net');
const one = () => new Promise((resolve, reject) => {
  const s = connect(${PORT}, '${TAKER}', () => { s.resetAndDestroy(); resolve(); });
  s.on('error', reject);
});
console.log('up');
require('node:readline').createInterface({ input: process.stdin }).on('line', async () => {
  let left = ${CONNECTIONS};
  const worker = async () => { while (left-- > 0) await one(); };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: ${AT_ONCE} }, worker));
  console.log(${CONNECTIONS} / ((performance.now() - startMs) / 1000));
});`;
