import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAudit } from './audit.ts';
import { conflictsNow, type HistoryContext } from './history.ts';
import { openCrypto } from './linux/crypto.ts';
import { adoptionOf, createDisk, founderKey, idOf, open, testClock } from './test-replica.ts';

const crypto = openCrypto();
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const PATH = 'intent/x';
const role = (fill: number, value: { number: number } | null) => ({
  path: `trust/role/${idOf(fill)}`,
  value,
});

test('history: a loss stays listed when an operator on the way back loses the role', async () => {
  // Goal: who had the role is believed about the past. Method: 9 goes on from 7's word and 8 from
  // 9's, while 7 says something else apart; then 9 loses the role. The twin: 9 never had it.
  for (const hadRole of [true, false]) {
    const disk = createDisk().disk;
    const seven = await open(disk);
    const ports = { clock: testClock, crypto, disk, log };
    const audit = await openAudit(ports, seven, () => ({ bytesMax: 1e6, ageMsMax: 1e6 }));
    seven.onFrames(audit.note);
    const [eight, nine] = [await open(createDisk().disk, 8), await open(createDisk().disk, 9)];
    const give = (from: typeof seven, to: typeof seven) =>
      void to.receive(from.framesAfter(to.heads(), 1e9));
    const say = async (who: typeof seven, value: number) => {
      testClock.nowMs += 1;
      await who.write([{ path: PATH, value }]);
    };
    await seven.write([7, 8, 9].map(adoptionOf));
    await seven.write([role(8, { number: 1 })]);
    if (hadRole) await seven.write([role(9, { number: 2 })]);
    await say(seven, 0);
    for (const other of [eight, nine]) give(seven, other);
    await say(nine, 1);
    give(nine, eight);
    await say(seven, 3);
    await say(eight, 2);
    give(eight, seven);
    give(nine, seven);
    if (hadRole) await seven.write([role(9, null)]);
    const context = { ports, replica: seven, audit, local: { genesis: { founderKey } } };
    const found = await conflictsNow(context as unknown as HistoryContext);
    assert.deepEqual(
      found.map(({ winner, losers }) => [winner.value, losers.map(({ value }) => value)]),
      [[2, [3]]],
    );
  }
});
