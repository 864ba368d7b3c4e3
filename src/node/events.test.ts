import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../crdt/test-world.ts';
import type { Clock, Log } from '../ports.ts';
import { createEvents, type EventWish } from './events.ts';
import { pictureOf } from './rules/event-picture.ts';
import { around } from './rules/test-picture.ts';

/** A clock that stands; its sleeps end when they are aborted, or when the test lets time pass. */
function standing() {
  let nowMs = 1_000;
  const sleepers = new Set<() => void>();
  const clock: Clock = {
    wallMs: () => 1_800_000_000_000 + nowMs,
    monotonicMs: () => nowMs,
    sleep: (_durationMs, signal) =>
      new Promise((resolve) => {
        const finish = (): void => {
          sleepers.delete(finish);
          resolve();
        };
        sleepers.add(finish);
        signal.addEventListener('abort', finish, { once: true });
        if (signal.aborted) finish();
      }),
  };
  const pass = (durationMs: number): void => {
    nowMs += durationMs;
    for (const finish of [...sleepers]) finish();
  };
  return { clock, pass };
}

const never = new AbortController().signal;
const settle = () => new Promise((resolve) => setImmediate(resolve));
const wish = (changed: Partial<EventWish> = {}): EventWish => ({
  after: null,
  ageMsMax: null,
  countMax: null,
  waitMs: 0,
  ...changed,
});
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('events: what changed since the last look, with its time', async () => {
  // Goal: a mark leads to a comparison. Method: a member that connects between two looks.
  const { clock } = standing();
  const events = createEvents(clock, '0.1.0');
  const view = world().invites('i').admits('a', 'i').view();
  const connected = new Map<ReturnType<typeof idOf>, 'inbound'>();
  const stop = new AbortController();
  const running = events.run(() => pictureOf(view, around({ connected })), stop.signal);
  const first = await events.next(wish(), never);
  const time = new Date(1_800_000_001_000).toISOString();
  assert.deepEqual(first.events, [
    { time, kind: 'started', member: null, text: 'cnsmo 0.1.0 started', cause: null },
  ]);
  const waiting = events.next(wish({ after: first.cursor, waitMs: 5_000 }), never);
  connected.set(idOf('a'), 'inbound');
  events.mark();
  const second = await waiting;
  assert.deepEqual(second.events, [
    { time, kind: 'connected', member: 'a', text: 'connected', cause: 'it dialled this VM' },
  ]);
  assert.deepEqual((await events.next(wish({ after: second.cursor }), never)).events, []);
  stop.abort();
  await running;
});

test('events: who waits in vain gets an empty answer in time, or when the node stops', async () => {
  // Goal: no request hangs. Method: time passes; the signal aborts.
  const { clock, pass } = standing();
  const events = createEvents(clock, '0.1.0');
  const late = events.next(wish({ waitMs: 5_000 }), never);
  await settle();
  pass(5_000);
  assert.deepEqual((await late).events, []);
  const stop = new AbortController();
  const cut = events.next(wish({ waitMs: 5_000 }), stop.signal);
  await settle();
  stop.abort();
  assert.deepEqual((await cut).events, []);
});

test('events: the log is written as before, and heard', async () => {
  // Goal: no line is lost by the ear. Method: a log that counts.
  const { clock } = standing();
  const events = createEvents(clock, '0.1.0');
  const lines: string[] = [];
  const noting = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  const log = events.overhear({
    info: noting('info'),
    warn: noting('warn'),
    error: noting('error'),
  });
  log.info('host-changed', { service: 'vpn' });
  log.warn('drift-repaired', { service: 'vpn', found: ['ip link set up'] });
  log.error('key-used-elsewhere');
  assert.deepEqual(lines, ['info host-changed', 'warn drift-repaired', 'error key-used-elsewhere']);
  const { events: heard } = await events.next(wish(), never);
  assert.deepEqual(
    heard.map(({ kind }) => kind),
    ['drift', 'alarm'],
  );
});

test('events: the last 10,000 are kept, and a cursor that lags gets those', async () => {
  // Goal: bounded memory, no gap that is not an end. Method: more than fit.
  const { clock } = standing();
  const events = createEvents(clock, '0.1.0');
  const log = events.overhear(silent);
  const { cursor } = await events.next(wish(), never);
  for (let n = 0; n < 10_005; n++) log.info('join-refused', { invite: 'i', why: String(n) });
  for (const after of [cursor, null]) {
    const answer = await events.next(wish({ after }), never);
    assert.equal(answer.events.length, 10_000);
    assert.equal(answer.events[0]?.cause, '5');
    assert.equal(answer.events.at(-1)?.cause, '10004');
  }
});

test('events: a fight is told once a minute', async () => {
  // Goal: what repeats pushes nothing else out. Method: the same, another, and a minute later.
  const { clock, pass } = standing();
  const events = createEvents(clock, '0.1.0');
  const log = events.overhear(silent);
  const drift = (command: string) =>
    log.warn('drift-repaired', { service: 'vpn', found: [command] });
  for (let n = 0; n < 5; n++) drift('ip link set up');
  drift('wg set');
  pass(59_999);
  drift('ip link set up');
  pass(1);
  drift('ip link set up');
  const { events: heard } = await events.next(wish(), never);
  assert.deepEqual(
    heard.map(({ text }) => text.split(': ')[1]),
    ['ip link set up', 'wg set', 'ip link set up'],
  );
});

test('events: by age, and by the cursor of another daemon', async () => {
  // Goal: --since, and a restart in between. Method: two events a minute apart; foreign cursors.
  const { clock, pass } = standing();
  const events = createEvents(clock, '0.1.0');
  const log = events.overhear(silent);
  log.info('join-refused', { invite: 'i', why: 'old' });
  pass(60_000);
  log.info('join-refused', { invite: 'i', why: 'new' });
  const count = async (changed: Partial<EventWish>) =>
    (await events.next(wish(changed), never)).events.length;
  assert.equal(await count({ ageMsMax: 59_000 }), 1);
  assert.equal(await count({ ageMsMax: 60_000 }), 2);
  for (const after of ['1-2', '', 'x', '1800000001000', '1800000001000-x']) {
    assert.equal(await count({ after }), 2, after);
  }
  assert.equal(await count({ after: '1800000001000-1' }), 1);
});
