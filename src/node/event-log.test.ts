import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinBytes } from '../crdt/signed.ts';
import { world } from '../crdt/test-world.ts';
import { type EventLog, type KeptEvent, openEventLog } from './event-log.ts';
import { createEvents } from './events.ts';
import { pictureOf } from './rules/event-picture.ts';
import { around } from './rules/test-picture.ts';
import { createDisk } from './test-replica.ts';
import { createTime, settle } from './test-time.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const never = new AbortController().signal;
const ALL = { after: null, ageMsMax: null, countMax: null, waitMs: 0 };

const eventOf = (number: number): KeptEvent => ({
  number,
  time: new Date(1_800_000_000_000 + number).toISOString(),
  kind: 'joined',
  member: 'vm1',
  text: `event ${number}`,
  cause: null,
});

async function note(kept: EventLog, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number += 1) {
    kept.note(eventOf(number));
    if (number % 500 === 0) await kept.flush();
  }
  await kept.flush();
}

const numbersIn = (kept: EventLog): readonly number[] => kept.earlier.map(({ number }) => number);

test('event log: the last 10,000 are on disk, and not many more', async () => {
  // Goal: kept over a restart, and bounded. Method: 15,000 events in three lives of the daemon.
  const { disk, files } = createDisk();
  for (const from of [1, 5_001, 10_001]) {
    await note(await openEventLog({ disk, log }), from, from + 4_999);
  }
  const numbers = numbersIn(await openEventLog({ disk, log }));
  assert.equal(numbers.at(-1), 15_000);
  assert.ok(numbers.length >= 10_000 && numbers.length <= 12_500, String(numbers.length));
  assert.deepEqual(
    numbers,
    numbers.map((_, at) => 15_001 - numbers.length + at),
  );
  assert.ok(files.size <= 7);
});

test('event log: a torn line and a damaged one lose themselves only', async () => {
  // Goal: a power cut in the midst. Method: cut the last line, spoil another, go on, read back.
  const { disk, files } = createDisk();
  await note(await openEventLog({ disk, log }), 1, 5);
  const [name = ''] = files.keys();
  const bytes = files.get(name);
  const text = new TextDecoder().decode(bytes).replace('"event 2"', '"event 2');
  files.set(name, new TextEncoder().encode(text.slice(0, -10)));
  const again = await openEventLog({ disk, log });
  assert.deepEqual(numbersIn(again), [1, 3, 4]);
  await note(again, 6, 7);
  assert.deepEqual(numbersIn(await openEventLog({ disk, log })), [1, 3, 4, 6, 7]);
});

test('event log: crashes make the log no shorter, and no part of it', async () => {
  // Goal: the last 10,000 are kept over a VM that crashes often. Method: 10,000 events, then lives
  // of three with a torn tail each; what is read, and in how many files.
  const { disk, files } = createDisk();
  await note(await openEventLog({ disk, log }), 1, 10_000);
  for (let life = 0; life < 20; life += 1) {
    const from = 10_001 + 3 * life;
    await note(await openEventLog({ disk, log }), from, from + 2);
    const name = [...files.keys()].toSorted().at(-1) ?? '';
    const torn = new TextEncoder().encode('{"number":1,"text":"to');
    files.set(name, joinBytes(files.get(name) ?? new Uint8Array(), torn));
  }
  const numbers = numbersIn(await openEventLog({ disk, log }));
  assert.deepEqual(
    numbers,
    Array.from({ length: 10_060 }, (_, at) => at + 1),
  );
  assert.equal(files.size, 6);
});

test('event log: parts that are not full are kept until the rest holds enough', async () => {
  // Goal: what another release or damage left short costs no events. Method: 10,000 events in full
  // parts, ten parts of 100 after them, then 500 more.
  const { disk, files } = createDisk();
  await note(await openEventLog({ disk, log }), 1, 10_000);
  for (let part = 0; part < 10; part += 1) {
    const lines = Array.from({ length: 100 }, (_, at) => eventOf(10_001 + part * 100 + at));
    const text = lines.map((event) => `${JSON.stringify(event)}\n`).join('');
    const name = `events-${String(part + 6).padStart(10, '0')}`;
    await disk.append(name, new TextEncoder().encode(text));
  }
  await note(await openEventLog({ disk, log }), 11_001, 11_500);
  const counted = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at);
  assert.deepEqual(numbersIn(await openEventLog({ disk, log })), counted(1, 11_500));
  await note(await openEventLog({ disk, log }), 11_501, 12_000);
  assert.deepEqual(numbersIn(await openEventLog({ disk, log })), counted(2_001, 12_000));
  assert.equal(files.size, 14);
});

test('event log: a disk that takes nothing loses events there and nowhere else', async () => {
  // Goal: nobody is held up. Method: appends that fail, then one that does not.
  const { disk, state } = createDisk();
  const kept = await openEventLog({ disk, log });
  state.failure = new Error('no space');
  await note(kept, 1, 2);
  state.failure = null;
  await note(kept, 3, 3);
  assert.deepEqual(numbersIn(await openEventLog({ disk, log })), [3]);
});

test('events: a daemon knows what the one before it saw, and how that ended', async () => {
  // Goal: crashes included, and cursors that go on. Method: a life that stops, one that is killed,
  // and a third.
  const { disk } = createDisk();
  const time = createTime();
  const live = async (isKilled: boolean) => {
    await time.pass(1);
    const events = createEvents(time.clock, '1.0');
    await events.keepOn({ disk, log });
    const stop = new AbortController();
    const look = () => pictureOf(world().view(), around());
    const running = events.run(look, stop.signal);
    await settle();
    const { cursor } = await events.next(ALL, never);
    if (!isKilled) stop.abort();
    await (isKilled ? events.flush() : running.then(events.flush));
    return { events, cursor };
  };
  const first = await live(false);
  await live(true);
  const { events } = await live(true);
  const told = async (after: string | null) =>
    (await events.next({ ...ALL, after }, never)).events.map(({ text }) => text);
  const started = 'cnsmo 1.0 started';
  const rest = ['cnsmo 1.0 stopped', started, `${started}; the one before it ended without a word`];
  assert.deepEqual(await told(null), [started, ...rest]);
  assert.deepEqual(await told(first.cursor), rest);
  const lost = first.cursor.replace(/-.*/, '-99');
  assert.deepEqual(await told(lost), rest.slice(-1), 'more was seen than a crash left on disk');
  assert.deepEqual(await told('elsewhere-1'), [started, ...rest], 'a cursor of nobody');
});
