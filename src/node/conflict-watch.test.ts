import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAudit } from './audit.ts';
import { watchConflicts } from './conflict-watch.ts';
import { openCrypto } from './linux/crypto.ts';
import { adoptionOf, createDisk, idOf, open, testClock } from './test-replica.ts';

const crypto = openCrypto();
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const NO_LIMITS = () => ({ bytesMax: 1_000_000, ageMsMax: 1_000_000 });
const PATH = 'intent/lb/service/web';

test('conflict watch: two operators that change one thing apart, and only those', async () => {
  // Goal: the event of a conflict. Method: 7 and 8 are operators; each changes the same apart, then
  // 7 hears of it; a change that knew of the other one is none, nor is one of another path.
  const seven = await open(createDisk().disk);
  const eight = await open(createDisk().disk, 8);
  const give = async (from: typeof seven, to: typeof seven) =>
    void to.receive(from.framesAfter(to.heads(), 1_000_000));
  await seven.write([adoptionOf(7), adoptionOf(8)]);
  await seven.write([{ path: `trust/role/${idOf(8)}`, value: { number: 1 } }]);
  await seven.write([{ path: PATH, value: 1 }]);
  await give(seven, eight);
  const told: unknown[] = [];
  const log = { ...silent, warn: (line: string, facts?: object) => void told.push([line, facts]) };
  const watch = watchConflicts(log, idOf(7), seven);
  const ports = { clock: testClock, crypto, disk: createDisk().disk, log: silent };
  const audit = await openAudit(ports, seven, NO_LIMITS, watch);
  seven.onFrames(audit.note);

  await eight.write([{ path: PATH, value: 2 }]);
  await give(eight, seven);
  await audit.flush();
  assert.deepEqual(told, [], 'it knew what it replaced');
  await seven.write([{ path: PATH, value: 3 }]);
  await eight.write([{ path: PATH, value: 4 }]);
  await eight.write([{ path: 'intent/lb/service/other', value: 4 }]);
  await give(eight, seven);
  await audit.flush();
  assert.equal(told.length, 1);
  const [[line, facts] = []] = told as [string, { path: string; winner: string; loser: string }][];
  assert.equal(line, 'conflict');
  assert.equal(facts?.path, PATH);
  assert.deepEqual([facts?.winner, facts?.loser].toSorted(), ['vm7', 'vm8']);
});
