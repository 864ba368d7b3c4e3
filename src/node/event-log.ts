/**
 * Loop: event log — keeps the last events on disk, so that they outlive the daemon and its crashes.
 *
 * 1. It holds nobody up: events are written behind, many in one append where many come at once.
 * 2. It is bounded: the oldest part goes whole, once those after it hold 10,000 events.
 * 3. A line that a crash tore, or that does not read, is left out; nothing else is lost by it. What
 *    comes next begins a line of its own in the same part, so crashes make no parts.
 */
import type { Ports } from '../ports.ts';
import type { MeshEvent } from './events.ts';

/** An event and its number: one more for each, also across restarts. */
export interface KeptEvent extends MeshEvent {
  readonly number: number;
}

/** The log of a running member. */
export interface EventLog {
  /** What earlier daemons noted, the oldest first. */
  readonly earlier: readonly KeptEvent[];
  note(event: KeptEvent): void;
  /** Resolves when everything noted so far is on disk, or given up. */
  flush(): Promise<void>;
}

/** Events that stay, and events in one part: at most one part more is kept. Unit: count. */
const EVENTS_KEPT = 10_000;
const PART_EVENTS = 2_000;
const PREFIX = 'events-';
/** Parts are numbered with so many digits, so that names sort as they were begun. */
const DIGITS = 10;

type LogPorts = Pick<Ports, 'disk' | 'log'>;

interface Part {
  readonly name: string;
  /** Events in it that read. */
  count: number;
  /** Its last line has no end. */
  isTorn: boolean;
}

/** Opens it, and reads what is there. */
export async function openEventLog(ports: LogPorts): Promise<EventLog> {
  const { disk, log } = ports;
  const parts: Part[] = [];
  const earlier: KeptEvent[] = [];
  for (const name of (await disk.list()).filter((one) => one.startsWith(PREFIX)).toSorted()) {
    const text = new TextDecoder().decode((await disk.read(name)) ?? undefined);
    const events = text.split('\n').flatMap(readLine);
    parts.push({ name, count: events.length, isTorn: !text.endsWith('\n') });
    earlier.push(...events);
  }
  let waiting: KeptEvent[] = [];
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    await append(disk, parts, batch).catch((error: unknown) =>
      log.warn('events-not-kept', { count: batch.length, why: String(error) }),
    );
  };
  return {
    earlier,
    note: (event) => {
      waiting.push(event);
      if (waiting.length === 1) writing = writing.then(write);
    },
    flush: () => writing,
  };
}

async function append(
  disk: Ports['disk'],
  parts: Part[],
  batch: readonly KeptEvent[],
): Promise<void> {
  let part = parts.at(-1);
  if (part === undefined || part.count >= PART_EVENTS) {
    const number = Number(part?.name.slice(PREFIX.length) ?? 0) + 1;
    const name = `${PREFIX}${String(number).padStart(DIGITS, '0')}`;
    part = { name, count: 0, isTorn: false };
    parts.push(part);
  }
  const lines = batch.map((event) => `${JSON.stringify(event)}\n`);
  const text = [part.isTorn ? '\n' : '', ...lines].join('');
  await disk.append(part.name, new TextEncoder().encode(text));
  part.count += batch.length;
  part.isTorn = false;
  await dropOldest(disk, parts);
}

async function dropOldest(disk: Ports['disk'], parts: Part[]): Promise<void> {
  for (let kept = parts.reduce((sum, { count }) => sum + count, 0); ; parts.shift()) {
    const [oldest] = parts;
    kept -= oldest?.count ?? 0;
    if (oldest === undefined || kept < EVENTS_KEPT) return;
    await disk.remove(oldest.name);
  }
}

function readLine(line: string): readonly KeptEvent[] {
  try {
    const read = JSON.parse(line) as KeptEvent;
    return Number.isSafeInteger(read.number) && typeof read.text === 'string' ? [read] : [];
  } catch {
    return []; // Empty, or torn.
  }
}
