/**
 * Edge: fork server, its own process — runs what the daemon asks for, until the daemon is gone.
 */
import { fstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { type Ended, type Run, runToEnd } from './command-run.ts';
import { codeOf } from './files.ts';
import { FORK_SERVER_DESCRIPTOR, FRAME, openFrames, writeFrame } from './fork-frames.ts';
import type { AskedRun, RunEnd } from './fork-server.ts';

/** Longest piece of an output, so that the daemon has short work with each. Unit: bytes. */
const PIECE_BYTES = 32 * 1024;

/** Signals that are for the daemon, whose end is also ours. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Serves the process that started this one; false where that is no daemon. */
export function serveForks(): boolean {
  const socket = openSocket();
  if (socket === null) return false;
  for (const signal of SIGNALS) process.on(signal, () => undefined);
  const say = (run: number, kind: number, content: Buffer): void => {
    socket.write(writeFrame({ run, kind, content }));
  };
  const tell = (run: number, kind: number, text: string): void => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      say(run, kind, bytes.subarray(at, at + PIECE_BYTES));
    }
  };
  const serve = async (run: number, asked: AskedRun): Promise<void> => {
    const ended = await runFor(asked);
    if (ended?.kind === 'ended') {
      tell(run, FRAME.stdout, ended.result.stdout);
      tell(run, FRAME.stderr, ended.result.stderr);
    }
    say(run, FRAME.end, Buffer.from(JSON.stringify(endOf(ended))));
  };
  const hear = openFrames(({ run, content }) => {
    void serve(run, JSON.parse(content.toString()) as AskedRun);
  });
  say(0, FRAME.ready, Buffer.alloc(0));
  socket.on('data', hear);
  socket.once('error', () => process.exit());
  socket.once('close', () => process.exit());
  return true;
}

function openSocket(): Socket | null {
  try {
    if (!fstatSync(FORK_SERVER_DESCRIPTOR).isSocket()) return null; // A person's pipe.
    return new Socket({ fd: FORK_SERVER_DESCRIPTOR });
  } catch {
    return null; // Nobody gave us one.
  }
}

/** Null: the daemon's input cannot be opened from here. */
async function runFor({ input, daemon, ...asked }: AskedRun): Promise<Ended | null> {
  const run: Run = { ...asked, input: null };
  if (input === null) return await runToEnd(run);
  // Of a daemon that is gone, or has another number here, it would be another's descriptor.
  if (process.ppid !== daemon) return null;
  // It has no name; the daemon keeps it open until it has our answer.
  const handle = await open(`/proc/${daemon}/fd/${input}`).catch(() => null);
  if (handle === null) return null;
  try {
    return await runToEnd({ ...run, input: handle });
  } finally {
    await handle.close();
  }
}

function endOf(ended: Ended | null): RunEnd {
  if (ended === null) return { kind: 'unable' };
  if (ended.kind === 'ended') return { kind: 'ended', status: ended.result.status };
  if (ended.kind !== 'unstarted') return ended;
  return { kind: 'unstarted', code: codeOf(ended.error), message: String(ended.error) };
}
