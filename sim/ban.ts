/**
 * Edge: ban — while a run is on, the real clock, timers and randomness of this process throw.
 *
 * The product must not reach for them outside its edges, and a run that did would not repeat. Only
 * the scheduler keeps the real `setImmediate`; and lib0, on which Yjs rests, the real
 * `getRandomValues`, which it bound when it was loaded: each new document draws a client id, and
 * `src/crdt/subdocument.ts` puts its own in the place of that before anything is written (its test
 * proves that none of what is drawn reaches bytes).
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import sleeping from 'node:timers/promises';

const forbidden = (name: string) => (): never => {
  throw new Error(`${name} is forbidden in a simulated run: use the port`);
};

/** Owner and name of everything that throws. */
const TARGETS: readonly (readonly [owner: object, name: string, shown: string])[] = [
  [Date, 'now', 'Date.now'],
  [Math, 'random', 'Math.random'],
  [performance, 'now', 'performance.now'],
  [globalThis, 'setTimeout', 'setTimeout'],
  [globalThis, 'setInterval', 'setInterval'],
  [globalThis, 'setImmediate', 'setImmediate'],
  [timers, 'setTimeout', 'timers.setTimeout'],
  [timers, 'setInterval', 'timers.setInterval'],
  [timers, 'setImmediate', 'timers.setImmediate'],
  [sleeping, 'setTimeout', 'timers/promises.setTimeout'],
  [sleeping, 'setImmediate', 'timers/promises.setImmediate'],
  [sleeping, 'setInterval', 'timers/promises.setInterval'],
  [sleeping.scheduler, 'wait', 'timers/promises.scheduler.wait'],
  [sleeping.scheduler, 'yield', 'timers/promises.scheduler.yield'],
  [AbortSignal, 'timeout', 'AbortSignal.timeout'],
  [process, 'hrtime', 'process.hrtime'],
  [process, 'uptime', 'process.uptime'],
  [crypto, 'randomBytes', 'crypto.randomBytes'],
  [crypto, 'randomFill', 'crypto.randomFill'],
  [crypto, 'randomFillSync', 'crypto.randomFillSync'],
  [crypto, 'randomInt', 'crypto.randomInt'],
  [crypto, 'randomUUID', 'crypto.randomUUID'],
  [crypto, 'randomUUIDv7', 'crypto.randomUUIDv7'],
  [crypto, 'pseudoRandomBytes', 'crypto.pseudoRandomBytes'],
  [crypto, 'generateKey', 'crypto.generateKey'],
  [crypto, 'generateKeySync', 'crypto.generateKeySync'],
  [crypto, 'generateKeyPair', 'crypto.generateKeyPair'],
  [crypto, 'generateKeyPairSync', 'crypto.generateKeyPairSync'],
  // Of all instances: the export of that name of node:crypto cannot be redefined, and reads this.
  [Crypto.prototype, 'getRandomValues', 'crypto.getRandomValues'],
  [Crypto.prototype, 'randomUUID', 'crypto.randomUUID'],
];

const realDate = Date;
const realSetImmediate = setImmediate;

/** Waits of which one goes through the event loop, which tells of promises that nobody caught. */
const LOOP_EVERY = 64;

/**
 * The one real wait in a run: resolves after everything that can settle has settled. A tick, where
 * it is asked for within a microtask, comes after all of those.
 */
export function openSettle(): () => Promise<void> {
  let waits = 0;
  return () => {
    waits += 1;
    const isLoop = waits % LOOP_EVERY === 0;
    return new Promise((resolve) => {
      if (isLoop) realSetImmediate(resolve);
      else process.nextTick(resolve);
    });
  };
}

/** Runs `work` under the ban. Runs do not overlap. */
export async function underBan<Result>(work: () => Promise<Result>): Promise<Result> {
  const lift = impose();
  try {
    return await work();
  } finally {
    lift();
  }
}

function impose(): () => void {
  const lifts = TARGETS.map(([owner, name, shown]) => {
    const real = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, {
      value: forbidden(shown),
      configurable: true,
      writable: true,
    });
    return () => {
      if (real === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, real);
    };
  });
  globalThis.Date = new Proxy(realDate, {
    apply: forbidden('Date()'),
    construct: (target, values: unknown[]) =>
      values.length === 0 ? forbidden('new Date()')() : Reflect.construct(target, values),
  });
  syncBuiltinESMExports();
  return () => {
    globalThis.Date = realDate;
    for (const lift of lifts) lift();
    syncBuiltinESMExports();
  };
}
