/**
 * Edge: stage — two namespaces on one cable: one that opens connections as fast as it can, and one
 * that filters and takes them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../netns-tests/command.ts';
import { openNamespace } from '../../netns-tests/namespace.ts';
import { environmentOf } from '../../src/node/linux/environment.ts';
import type { Sample } from '../figure.ts';
import { runMs, startPerl } from '../perl.ts';

/** Connections of one measurement, one after the other. */
const CONNECTIONS = 4_000;
const [PORT, TAKER] = [9_999, '192.0.2.1'];

/** New connections of one measurement. */
interface Storm {
  readonly perSecond: number;
  /** By the CPU time of the two that talk; their kernel's work for them is in it. */
  readonly perCpuSecond: number;
  readonly cpuMs: number;
}

export interface Stage {
  /** Loads a table. Unit of the sample: ms. */
  load(text: string): Promise<Sample>;
  /** Opens connections that pass. */
  storm(): Promise<Storm>;
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
  const server = await startPerl(taker, SERVER);
  const client = await startPerl(opener, CLIENT);
  const usedMs = (): number => runMs(server.child) + runMs(client.child);
  return {
    load: async (text) => {
      const file = join(directory, 'table');
      writeFileSync(file, text);
      const startMs = performance.now();
      await taker.must(['nft', '-j', '-f', file], { env: environmentOf('nft') });
      return { value: performance.now() - startMs };
    },
    storm: async () => {
      const beforeMs = usedMs();
      client.child.stdin?.write('go\n');
      const { value, done } = await client.lines.next();
      if (done === true) throw new Error('the opener of connections has ended');
      const cpuMs = usedMs() - beforeMs;
      return { perSecond: Number(value), perCpuSecond: (1_000 * CONNECTIONS) / cpuMs, cpuMs };
    },
    end: async () => {
      for (const { child } of [server, client]) child.kill('SIGKILL');
      await Promise.all([opener.end(), taker.end()]);
      rmSync(directory, { recursive: true });
    },
  };
}

const PRELUDE = `
use strict; use Socket; use Time::HiRes 'time'; $| = 1;
my $to = pack_sockaddr_in(${PORT}, inet_aton('${TAKER}'));
sub fresh { socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!"; return $s }`;

const SERVER = `${PRELUDE}
my $s = fresh(); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
bind($s, $to) or die "bind: $!"; listen($s, 1024) or die "listen: $!"; print "up\\n";
while (accept(my $one, $s)) { close($one) }`;

/** Each connection is reset as soon as it stands, so that no port has to wait. */
const CLIENT = `${PRELUDE}
print "up\\n";
while (<STDIN>) {
  my $start = time;
  for (1 .. ${CONNECTIONS}) {
    my $s = fresh(); connect($s, $to) or die "connect: $!";
    setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close($s);
  }
  printf "%f\\n", ${CONNECTIONS} / (time - $start);
}`;
