/**
 * Edge: prober — opens connections from one VM to a port of another, where nobody listens, every
 * few milliseconds: each a new one, by real packets. Let through, it is reset; forbidden, silent.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vm } from '../../netns-tests/vm.ts';
import { leashed } from '../leash.ts';

/** Between two probes. Unit: ms. */
const PAUSE_MS = 5;
/** A probe without an answer for so long was swallowed. Unit: ms. */
const SILENT_MS = 150;
const LOOK_MS = 10;

/** A prober that runs. Moments are by `process.hrtime`, ms, the same in all processes. */
export interface Prober {
  /** When the first answer after silence came. Waits for it; rejects after `lostMs`. */
  answered(lostMs: number): Promise<number>;
  /** When the first probe was sent that had no answer, nor any after it. */
  silent(lostMs: number): Promise<number>;
  end(): void;
}

/** This moment, as probers count. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Starts one. It is `answered` or `silent` from the first probe on. */
export function openProber(from: Vm, address: string, port: number): Prober {
  const program = PROGRAM.replace('PORT', String(port)).replace('ADDRESS', address);
  const [command = '', ...rest] = leashed(
    from.machine().enterNetwork([process.execPath, '-e', program]),
  );
  const child: ChildProcess = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no pipe');
  let [state, atMs] = ['', Number.NaN];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [word = '', at] = line.split(' ');
    [state, atMs] = [word, Number(at)];
  });
  const becomes = async (wanted: string, lostMs: number): Promise<number> => {
    for (const endMs = nowMs() + lostMs; nowMs() < endMs; await sleep(LOOK_MS)) {
      if (state === wanted) return atMs;
    }
    throw new Error(`${address} port ${port} is not ${wanted} after ${lostMs / 1_000} s`);
  };
  return {
    answered: (lostMs) => becomes('answered', lostMs),
    silent: (lostMs) => becomes('silent', lostMs),
    end: () => void child.kill('SIGKILL'),
  };
}

const PROGRAM = `
const { connect } = require('node:net');
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
let state = '';
const become = (next, atMs) => {
  if (state !== next) console.log(next + ' ' + atMs);
  state = next;
};
const probe = () => {
  const sentMs = nowMs();
  const socket = connect(PORT, 'ADDRESS');
  const timer = setTimeout(() => {
    socket.destroy();
    become('silent', sentMs);
  }, ${SILENT_MS});
  socket.on('error', (error) => {
    clearTimeout(timer);
    if (error.code === 'ECONNREFUSED') become('answered', nowMs());
  });
};
setInterval(probe, ${PAUSE_MS});`;
