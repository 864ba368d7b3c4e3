import assert from 'node:assert/strict';
import crypto, {
  generateKeyPairSync,
  getRandomValues,
  randomBytes,
  randomInt,
  randomUUID,
} from 'node:crypto';
import { test } from 'node:test';
import { setInterval as startInterval } from 'node:timers';
import { setInterval as repeat, scheduler, setTimeout as sleep } from 'node:timers/promises';
import { underBan } from './ban.ts';

/** By name: what rules and loops must not reach for, however they came by it. */
const FORBIDDEN: Readonly<Record<string, () => unknown>> = {
  'Date.now': () => Date.now(),
  'new Date': () => new Date(),
  Date: () => Date(),
  'Math.random': () => Math.random(),
  'performance.now': () => performance.now(),
  setTimeout: () => setTimeout(() => undefined, 1),
  setInterval: () => setInterval(() => undefined, 1),
  setImmediate: () => setImmediate(() => undefined),
  'imported setInterval': () => startInterval(() => undefined, 1),
  'imported sleep': () => sleep(1),
  'imported repeat': () => repeat(1),
  'scheduler.wait': () => scheduler.wait(1),
  'scheduler.yield': () => scheduler.yield(),
  'AbortSignal.timeout': () => AbortSignal.timeout(1),
  'process.hrtime': () => process.hrtime(),
  'process.uptime': () => process.uptime(),
  'crypto.randomBytes': () => crypto.randomBytes(4),
  'imported randomBytes': () => randomBytes(4),
  'imported randomInt': () => randomInt(4),
  'imported randomUUID': () => randomUUID(),
  'crypto.randomFillSync': () => crypto.randomFillSync(new Uint8Array(4)),
  'crypto.randomUUIDv7': () => crypto.randomUUIDv7(),
  'crypto.pseudoRandomBytes': () => crypto.pseudoRandomBytes(4),
  'crypto.generateKeySync': () => crypto.generateKeySync('hmac', { length: 64 }),
  'imported generateKeyPairSync': () => generateKeyPairSync('ed25519'),
  'crypto.getRandomValues': () => crypto.getRandomValues(new Uint8Array(4)),
  'imported getRandomValues': () => getRandomValues(new Uint8Array(4)),
  'webcrypto.getRandomValues': () => crypto.webcrypto.getRandomValues(new Uint8Array(4)),
  'web crypto': () => globalThis.crypto.getRandomValues(new Uint8Array(4)),
  'web randomUUID': () => globalThis.crypto.randomUUID(),
};

for (const [name, reach] of Object.entries(FORBIDDEN)) {
  test(`${name} throws in a run, and works before and after it`, async () => {
    // Goal: nothing in a run depends on the real clock or on chance. Method: reach for it.
    const isFree = (): boolean => {
      const given = reach();
      if (given instanceof Promise) void given.catch(() => undefined);
      else clearTimeout(given as NodeJS.Timeout);
      return true;
    };
    assert.ok(isFree());
    await underBan(async () => {
      assert.throws(reach, /is forbidden in a simulated run/);
      assert.equal(new Date(0).getTime(), 0); // A moment that is given is no clock.
    });
    assert.ok(isFree());
  });
}
