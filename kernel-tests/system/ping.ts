/** Edge: ping — a ping that runs while something happens, and its answers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_PATH } from '../../netns-tests/command.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import { type Answer, readAnswers } from './pings.ts';

/** Ten a second: a gap of more than 0.1 s is seen. */
const INTERVAL_S = '0.1';
/** How long after the end answers may still come: emulation is slow. Unit: ms. */
const LATE_MS = 1_000;

/** A running ping. */
export interface Pinging {
  /** The answers so far. */
  answers(): readonly Answer[];
  /** Ends it, and gives all answers. */
  stop(): Promise<readonly Answer[]>;
}

/** Starts one in a VM. */
export function startPing(vm: Vm, address: string): Pinging {
  const words = ['ping', '-D', '-n', '-i', INTERVAL_S, address];
  const [command = '', ...argv] = vm.machine().enter(words);
  const child: ChildProcess = spawn(command, argv, {
    env: { PATH: SEARCH_PATH, LC_ALL: 'C' },
    detached: true, // nsenter waits for it; a signal has to reach both.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout?.on('data', (text: Buffer) => {
    said += text.toString();
  });
  return {
    answers: () => readAnswers(said),
    stop: async () => {
      await sleep(LATE_MS);
      const ended = new Promise((resolve) => child.once('close', resolve));
      process.kill(-(child.pid ?? 0), 'SIGINT');
      await ended;
      return readAnswers(said);
    },
  };
}
