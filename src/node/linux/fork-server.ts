/**
 * Edge: fork server — a process beside a large daemon that starts commands for it.
 *
 * To start a child the kernel copies the page tables of who starts it, and makes read-only what it
 * may write, so that the first write to each page costs a fault: a daemon with a heap of 200 MB
 * waits up to 20 ms for a start, and then pays for thousands of pages, most of all when it collects
 * garbage. A small process has nothing of that (D115).
 *
 * 1. A daemon whose heap is small starts its commands itself, and has no such process: one that has
 *    become small again ends it.
 * 2. A server that cannot be started, or ends by itself, is not replaced: from then on the daemon
 *    starts its commands itself. One that may have been started fails, as its end is not known.
 * 3. The server ends with the daemon, however that ends: the socket between them is closed.
 * 4. A run ends in bounded time also where the server hangs: one that owes an end and says nothing
 *    is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { Fault } from '../../fault.ts';
import type { Log } from '../../ports.ts';
import { type Ended, type Run, type RunToEnd, runToEnd } from './command-run.ts';
import { FIXED_ENVIRONMENT } from './environment.ts';
import { FORK_SERVER_DESCRIPTOR, FRAME, openFrames, writeFrame } from './fork-frames.ts';
import { DAEMON_ENVIRONMENT } from './memory.ts';
import { joinPieces, openText } from './output-text.ts';
import { inTurn } from './turns.ts';

/** A heap from which on a server is worth its 25 MB, and below which it is no more. D115. */
const [LARGE_HEAP_BYTES, SMALL_HEAP_BYTES] = [64 * 1024 * 1024, 48 * 1024 * 1024];

/**
 * How long a server may say nothing at all while it owes an end: the deadline of that run is over,
 * it starts others in turns, and it may only just have been started itself. Unit: ms.
 */
const SILENCE_MS_MAX = 10_000;

/**
 * What is heard of a server before others have their turn. Unit: bytes. Node reads up to 2 MiB of a
 * socket in one turn, and its pages and those of the text cost 10 ms a MiB in a nested guest,
 * 37 µs a fault.
 */
const TURN_BYTES = 256 * 1024;

/** A run as the server is asked for it: `input` is a descriptor of the process `daemon`. */
export type AskedRun = Omit<Run, 'input'> & {
  readonly input: number | null;
  readonly daemon: number;
};

/** What the server says at the end of a run. `unable`: it could not begin. */
export type RunEnd =
  | { readonly kind: 'ended'; readonly status: number }
  | { readonly kind: 'unstarted'; readonly code: string; readonly message: string }
  | { readonly kind: 'late' | 'verbose' | 'unable' };

/**
 * Runs commands here while the heap is small, and by `command`, which is a fork server, while it is
 * large.
 */
export function openForkServer(
  command: readonly string[],
  log: Pick<Log, 'warn'>,
  heapBytes = (): number => process.memoryUsage().heapTotal,
  silenceMsMax = SILENCE_MS_MAX,
): RunToEnd {
  let current: ForkServer | null = null;
  let isLost = false;
  const lose = (how: string): void => {
    if (!isLost) log.warn('fork-server-lost', { how });
    isLost = true;
  };
  const serverNow = (): ForkServer | null => {
    const bytes = heapBytes();
    if (bytes < SMALL_HEAP_BYTES) {
      current?.dismiss();
      current = null;
    } else if (bytes >= LARGE_HEAP_BYTES) current ??= startServer(command, lose, silenceMsMax);
    return current;
  };
  return async (run) => {
    const server = isLost ? null : serverNow();
    const ended = server === null ? null : await server.run(run);
    if (ended === null) return await runToEnd(run);
    if (ended.kind === 'ended') await joinPieces(ended.result.stdout);
    return ended;
  };
}

/** A server that was started. */
interface ForkServer {
  /** Null: it was not begun. Rejects with a Fault 'internal' when it is not known how it ended. */
  run(run: Run): Promise<Ended | null>;
  /** Ends it once nothing runs. */
  dismiss(): void;
}

function startServer(
  command: readonly string[],
  onLost: (how: string) => void,
  silenceMsMax: number,
): ForkServer | null {
  let isDismissed = false;
  const lose = (how: string): void => {
    if (!isDismissed) onLost(how);
  };
  const server = spawnServer(command, lose);
  if (server === null) return null;
  const socket = server.stdio[FORK_SERVER_DESCRIPTOR] as Socket;
  const giveUp = (): void => {
    lose('it hangs');
    server.kill('SIGKILL');
    socket.destroy(); // Also where the kernel cannot end it yet.
  };
  const { ask, isIdle } = openTalk(socket, silenceMsMax, giveUp);
  const rest = (): void => {
    if (!isIdle()) return;
    if (isDismissed) socket.destroy();
    else socket.unref();
  };
  return {
    dismiss: () => {
      isDismissed = true;
      rest();
    },
    run: async (run) => {
      if (socket.destroyed) return null;
      socket.ref();
      try {
        return await ask(run);
      } finally {
        rest();
      }
    },
  };
}

/** What is said over the socket: runs are asked for, and each has its end. */
function openTalk(socket: Socket, silenceMsMax: number, onSilent: () => void) {
  const pending = new Map<number, Pending>();
  let heard = 0;
  let isReady = false;
  const hear = openFrames(({ run, kind, content }) => {
    heard += 1;
    if (kind === FRAME.ready) isReady = true;
    else if (kind !== FRAME.end) pending.get(run)?.print(kind, content);
    else pending.get(run)?.end(JSON.parse(content.toString()) as RunEnd);
  });
  let heardBytes = 0;
  socket.on('data', (chunk: Buffer) => {
    hear(chunk);
    heardBytes += chunk.length;
    if (heardBytes < TURN_BYTES) return;
    heardBytes = 0;
    socket.pause();
    inTurn(() => socket.resume());
  });
  socket.on('error', () => undefined); // It is closed then.
  socket.once('close', () => {
    for (const { lose } of pending.values()) lose(isReady);
  });
  const silenceMs = (): number => (isReady ? silenceMsMax : SILENCE_MS_MAX);
  let asked = 0;
  return {
    isIdle: (): boolean => pending.size === 0,
    ask: async (run: Run): Promise<Ended | null> => {
      asked = (asked + 1) % 2 ** 32;
      const number = asked;
      const unwatch = watchSilence(() => heard, run.limits.timeoutMs, silenceMs, onSilent);
      try {
        return await new Promise((resolve, reject) => {
          const lose = (isReady: boolean): void => {
            if (isReady) reject(unknownEnd(run.argv));
            else resolve(null);
          };
          pending.set(number, openPending(resolve, lose));
          socket.write(requestFrame(number, run));
        });
      } finally {
        unwatch();
        pending.delete(number);
      }
    },
  };
}

/**
 * Calls `onSilent` when after `timeoutMs` nothing was heard for as long as it may be silent. That
 * time begins anew when the first is over, so that after a standstill of us both it has all of it.
 */
function watchSilence(
  heard: () => number,
  timeoutMs: number,
  silenceMs: () => number,
  onSilent: () => void,
): () => void {
  const look = (before: number): NodeJS.Timeout =>
    setTimeout(() => {
      if (heard() === before) onSilent();
      else timer = look(heard());
    }, silenceMs());
  let timer = setTimeout(() => {
    timer = look(heard());
  }, timeoutMs);
  return () => clearTimeout(timer);
}

/** A server that has been started, or null. */
function spawnServer(
  [program = '', ...operands]: readonly string[],
  onLost: (how: string) => void,
): ChildProcess | null {
  try {
    const child = spawn(program, operands, {
      argv0: 'cnsmo',
      cwd: '/',
      env: { ...FIXED_ENVIRONMENT, ...DAEMON_ENVIRONMENT },
      detached: true, // No signal of a terminal reaches it.
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    child.once('error', (error) => onLost(error.message));
    child.once('exit', (status, signal) => onLost(signal ?? `status ${status}`));
    if (child.pid === undefined) return null;
    child.unref();
    return child;
  } catch (error) {
    onLost(String(error)); // Node throws what the system has too little of.
    return null;
  }
}

function requestFrame(number: number, run: Run): Buffer {
  const asked: AskedRun = { ...run, input: run.input?.fd ?? null, daemon: process.pid };
  const content = Buffer.from(JSON.stringify(asked));
  return writeFrame({ run: number, kind: FRAME.run, content });
}

/** A run that has no end yet. */
interface Pending {
  readonly print: (kind: number, content: Buffer) => void;
  readonly end: (end: RunEnd) => void;
  /** `isReady`: the server may have begun it. */
  readonly lose: (isReady: boolean) => void;
}

/** Gathers what it prints as text, piece by piece, so that no turn has long work with it. */
function openPending(resolve: (ended: Ended | null) => void, lose: Pending['lose']): Pending {
  const asSaid = { ignoreBOM: true }; // The server has taken it off.
  const [out, err] = [openText(asSaid), openText(asSaid)];
  return {
    lose,
    print: (kind, content) => (kind === FRAME.stdout ? out : err).add(content),
    end: (end) => {
      if (end.kind === 'unable') resolve(null);
      else if (end.kind === 'unstarted') resolve({ kind: end.kind, error: errorOf(end) });
      else if (end.kind !== 'ended') resolve({ kind: end.kind });
      else {
        const result = { status: end.status, stdout: out.whole(), stderr: err.whole() };
        resolve({ kind: end.kind, result });
      }
    },
  };
}

const errorOf = ({ code, message }: { code: string; message: string }): Error =>
  Object.assign(new Error(message), { code });

function unknownEnd(argv: readonly string[]): Fault {
  const why = 'the process that ran it is gone, so how it ended is not known';
  const remedy = 'try again; `cnsmo logs` says what became of that process';
  return new Fault('internal', { field: 'command', value: argv[0] ?? '', why, remedy });
}
