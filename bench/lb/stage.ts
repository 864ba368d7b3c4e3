/**
 * Edge: stage — three namespaces on two cables: who asks from outside, a member that balances, and
 * its backends, all of whose addresses are in one. Each measurement has a stage of its own: what a
 * kernel remembers of connections of before would change the next.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from '../../netns-tests/command.ts';
import { type Namespace, openNamespace } from '../../netns-tests/namespace.ts';
import { environmentOf } from '../../src/node/linux/environment.ts';
import type { Sample } from '../figure.ts';
import { type PerlProgram, startPerl } from '../perl.ts';
import { CLIENT, SERVER } from './programs.ts';

/** The balancing member's address outside, and who asks from there. */
export const OUTSIDE = '192.0.2.1';
const ASKER = '192.0.2.2';
/** The balancing member's address in the mesh. */
export const MEMBER = '10.10.0.1';
/** Its backends are 10.10.0.2 and so on. */
export const BACKENDS = 10;
/** Further addresses of the member, for connections of many clients. */
export const CLIENTS: readonly string[] = Array.from({ length: 100 }, (_, n) => `10.10.1.${n + 1}`);

/** Where a program that asks is. */
export type Place = 'member' | 'outside';

export interface Stage {
  readonly member: Namespace;
  readonly servers: Namespace;
  readonly outside: Namespace;
  /** A directory for files of this stage. */
  readonly directory: string;
  /** Loads a table of nft's text into the member's kernel. Unit of the sample: ms. */
  load(text: string): Promise<Sample>;
  /** Asks from a place, by a line of `CLIENT`; its answer. */
  ask(from: Place, line: string): Promise<string>;
  /** Resolves when something listens at a port, there or at the servers. */
  listening(port: number, at?: Namespace): Promise<void>;
  end(): Promise<void>;
}

const MEMBER_SETUP = `
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1`;

const READY_MS = 5_000;
const LOOK_MS = 20;

/** Opens a stage. */
export async function openStage(): Promise<Stage> {
  const [outside, member, servers] = await Promise.all([
    openNamespace('network', 'ip link set lo up'),
    openNamespace('machine', MEMBER_SETUP),
    openNamespace('machine', 'ip link set lo up'),
  ]);
  await cable([outside, 'eth0', [`${ASKER}/24`]], [member, 'eth0', [`${OUTSIDE}/24`]]);
  const backends = Array.from({ length: BACKENDS }, (_, n) => `10.10.0.${n + 2}/16`);
  const own = [`${MEMBER}/16`, ...CLIENTS.map((each) => `${each}/16`)];
  await cable([member, 'cnsmo0', own], [servers, 'eth0', backends]);
  await outside.must(['ip', 'route', 'add', '10.10.0.0/16', 'via', OUTSIDE]);
  await servers.must(['ip', 'route', 'add', '192.0.2.0/24', 'via', MEMBER]);
  const directory = mkdtempSync(join(tmpdir(), 'cnsmo-bench-'));
  const server = await startPerl(servers, SERVER);
  const askers = {
    member: await startPerl(member, CLIENT),
    outside: await startPerl(outside, CLIENT),
  };
  const all = [server, ...Object.values(askers)];
  return {
    ...{ member, servers, outside, directory },
    load: async (text) => {
      const file = join(directory, 'table');
      writeFileSync(file, text);
      const startMs = performance.now();
      await member.must(['nft', '-f', file], { env: environmentOf('nft') });
      return { value: performance.now() - startMs };
    },
    listening: (port, at = servers) => awaitListener(at, port),
    ask: (from, line) => answer(askers[from], line),
    end: async () => {
      for (const { child } of all) child.kill('SIGKILL');
      await Promise.all([outside, member, servers].map((each) => each.end()));
      rmSync(directory, { recursive: true });
    },
  };
}

async function awaitListener(at: Namespace, port: number): Promise<void> {
  for (
    const endMs = performance.now() + READY_MS;
    performance.now() < endMs;
    await sleep(LOOK_MS)
  ) {
    if ((await at.must(['ss', '-Hltn', `sport = :${port}`])) !== '') return;
  }
  throw new Error(`nothing listens at port ${port}`);
}

type End = readonly [at: Namespace, name: string, addresses: readonly string[]];

async function cable(a: End, b: End): Promise<void> {
  const [first, firstName] = a;
  const [second, secondName] = b;
  const peer = ['type', 'veth', 'peer', 'name', secondName, 'netns', String(second.pid)];
  await must(['ip', 'link', 'add', firstName, 'netns', String(first.pid), ...peer]);
  for (const [at, name, addresses] of [a, b]) {
    const lines = addresses.map((address) => `address add ${address} dev ${name}\n`);
    await at.must(['ip', '-batch', '-'], { input: `${lines.join('')}link set ${name} up\n` });
  }
}

async function answer({ child, lines }: PerlProgram, line: string): Promise<string> {
  child.stdin?.write(`${line}\n`);
  const { value, done } = await lines.next();
  if (done === true) throw new Error(`who was asked for ${line} has ended`);
  return value;
}
