/**
 * Edge: insider — a program of its own that puts a clock into a running daemon, by the inspector
 * that Node opens for SIGUSR1: how long the turns of its event loop are, by the wall and by what
 * the main thread used of a processor, and how long collecting garbage holds it up.
 *
 * It runs in the network of the VM, says `ready` once the clock goes, and when its standard input
 * ends it prints what was seen, an Inside as JSON. `node insider.ts FILE` also writes a profile of
 * the processor there, for who looks for what took long.
 *
 * 1. The clock begins in a turn of its own: amid what a process loads as it begins, Node's modules
 *    are not whole, and to ask for one there breaks it. What is before the first turn is not seen.
 * 2. A daemon that ends while it is watched, and waits for this program to go, is told of.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the clock saw: the longest of each. Unit: ms. */
export interface Inside {
  /** By what the main thread used of a processor in a turn. */
  readonly cpuMs: number;
  /** By the wall, waiting for a processor included. */
  readonly wallMs: number;
  /** A collection of garbage, by the wall. */
  readonly collectionMs: number;
  /** Most that the process ever had in memory. Unit: bytes. */
  readonly rssBytesMax: number;
}

/** Node's inspector, as long as nothing else is said; and longest wait until it is there. */
const PORT = 9229;
const OPEN_MS = 10_000;
/** Between two samples of the profile. Unit: µs. */
const SAMPLE_US = 500;

/** Runs in the daemon. A timer of 1 ms fires in each turn of the event loop, once at most. */
function clock(): void {
  const { PerformanceObserver, performance } = process.getBuiltinModule('node:perf_hooks');
  const seen = { cpuMs: 0, wallMs: 0, collectionMs: 0, rssBytesMax: 0 };
  const look = (): { readonly wallMs: number; readonly cpuMs: number } => {
    const { user, system } = process.threadCpuUsage();
    return { wallMs: performance.now(), cpuMs: (user + system) / 1000 };
  };
  let before = look();
  const timer = setInterval(() => {
    const now = look();
    seen.cpuMs = Math.max(seen.cpuMs, now.cpuMs - before.cpuMs);
    seen.wallMs = Math.max(seen.wallMs, now.wallMs - before.wallMs);
    before = now;
  }, 1);
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.collectionMs = Math.max(seen.collectionMs, duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const endClock = (): string => {
    clearInterval(timer);
    observer.disconnect();
    return JSON.stringify({ ...seen, rssBytesMax: process.resourceUsage().maxRSS * 1024 });
  };
  Object.assign(globalThis, { endClock });
}

/** Has it begin with the next turn, and waits for that. */
const BEGIN = `new Promise((resolve) => setImmediate(() => resolve((${clock.toString()})())))`;

type Result = Readonly<Record<string, unknown>>;
type Send = (method: string, params?: object) => Promise<Result>;

async function findInspector(): Promise<string> {
  const endMs = performance.now() + OPEN_MS;
  for (;;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${PORT}/json/list`);
      const [first] = (await answer.json()) as { readonly webSocketDebuggerUrl: string }[];
      if (first !== undefined) return first.webSocketDebuggerUrl;
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    await sleep(5);
  }
}

const endForGood = (): never => {
  process.stderr.write('the daemon ended while it was watched\n');
  return process.exit(1);
};

async function connect(): Promise<Send> {
  const socket = new WebSocket(await findInspector());
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  socket.onclose = endForGood;
  const asked = new Map<number, PromiseWithResolvers<Result>>();
  socket.onmessage = ({ data }) => {
    const { id, method, result, error } = JSON.parse(String(data));
    if (method === 'NodeRuntime.waitingForDisconnect') endForGood();
    if (error === undefined) asked.get(id)?.resolve(result);
    else asked.get(id)?.reject(new Error(JSON.stringify(error)));
  };
  let last = 0;
  return (method, params = {}) => {
    last += 1;
    const answer = Promise.withResolvers<Result>();
    asked.set(last, answer);
    socket.send(JSON.stringify({ id: last, method, params }));
    return answer.promise;
  };
}

/** Has the daemon run this. A process that has just begun has nowhere to run it yet. */
async function evaluate(send: Send, expression: string): Promise<unknown> {
  const endMs = performance.now() + OPEN_MS;
  for (;;) {
    try {
      const answer = await send('Runtime.evaluate', { expression, awaitPromise: true });
      if ('exceptionDetails' in answer) throw new Error(JSON.stringify(answer));
      return (answer.result as { readonly value?: unknown }).value;
    } catch (error) {
      if (performance.now() > endMs || !/context/.test(String(error))) throw error;
    }
    await sleep(2);
  }
}

const [profile] = process.argv.slice(2);
const send = await connect();
await send('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true });
if (profile !== undefined) {
  await send('Profiler.enable');
  await send('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await send('Profiler.start');
}
await evaluate(send, BEGIN);
process.stdout.write('ready\n');
for await (const _ of process.stdin);
const seen = await evaluate(send, 'endClock()');
if (profile !== undefined) {
  writeFileSync(profile, JSON.stringify((await send('Profiler.stop')).profile));
}
process.stdout.write(String(seen));
process.exit(0);
