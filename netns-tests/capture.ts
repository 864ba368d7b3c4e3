/**
 * Edge: capture — what passes a link, as somebody sees it who listens there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { must } from './command.ts';
import type { Namespace } from './namespace.ts';

/** How long a capture may lag behind what passes, ms. */
export const LAG_MS = 10_000;

/** A capture that runs. */
export interface Capture {
  /**
   * Whether so many packets that match a filter of tcpdump are in its file. They are there only a
   * while after they passed, and what is not when it ends is lost: wait for the last of them.
   */
  has(filter: string, count: number): Promise<boolean>;
  /** Ends it, and gives what it has. */
  stop(): Promise<Captured>;
}

/** What was captured. */
export interface Captured {
  /** Whether these bytes passed in the clear. */
  holds(text: string): boolean;
  /** Packets that match a filter of tcpdump, one line each. */
  packets(filter: string): Promise<readonly string[]>;
}

/** Captures what passes an interface inside a namespace, into a file. Resolves once it listens. */
export async function capture(namespace: Namespace, link: string, file: string): Promise<Capture> {
  const argv = [
    'tcpdump',
    '-i',
    link,
    '-n',
    '-U',
    '--immediate-mode',
    '-s',
    '0',
    '-Z',
    'root',
    '-w',
    file,
  ];
  const [command = '', ...rest] = namespace.enterNetwork(argv);
  const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  const listening = new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('listening on')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`tcpdump ended: ${said}`)));
  });
  await listening;
  return {
    has: async (filter, count) => (await packetsIn(file, filter)).length >= count,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGINT'); // It writes what it still holds.
      await ended;
      const bytes = readFileSync(file);
      return {
        holds: (text) => bytes.includes(text),
        packets: (filter) => packetsIn(file, filter),
      };
    },
  };
}

async function packetsIn(file: string, filter: string): Promise<readonly string[]> {
  const shown = await must(['tcpdump', '-n', '-q', '-r', file, filter]);
  return shown.split('\n').filter((line) => line !== '');
}
