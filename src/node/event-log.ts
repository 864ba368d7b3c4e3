/**
 * Loop: event log — keeps the last events on disk, so that they outlive the daemon and its crashes.
 *
 * 1. It holds nobody up: events are written behind, many in one append where many come at once.
 * 2. It is bounded: full parts go whole, the oldest first, and 10,000 events always stay.
 * 3. A line that a crash tore, or that does not read, is left out; nothing else is lost by it.
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

/** Events in one part, and parts that are kept: five full ones hold 10,000. */
const PART_EVENTS = 2_000;
const PARTS_MAX = 6;
const PREFIX = 'events-';
/** Parts are numbered with so many digits, so that names sort as they were begun. */
const DIGITS = 10;

type LogPorts = Pick<Ports, 'disk' | 'log'>;

interface Part {
  readonly name: string;
  lines: number;
}

/** Opens it, and reads what is there. */
export async function openEventLog(ports: LogPorts): Promise<EventLog> {
  const { disk, log } = ports;
  const parts: Part[] = [];
  const earlier: KeptEvent[] = [];
  for (const name of (await disk.list()).filter((one) => one.startsWith(PREFIX)).toSorted()) {
    const text = new TextDecoder().decode((await disk.read(name)) ?? undefined);
    const events = text.split('\n').flatMap(readLine);
    // After a torn line the next would be torn as well: a new part begins.
    parts.push({ name, lines: text.endsWith('\n') ? events.length : PART_EVENTS });
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
  if (part === undefined || part.lines >= PART_EVENTS) {
    const number = Number(part?.name.slice(PREFIX.length) ?? 0) + 1;
    part = { name: `${PREFIX}${String(number).padStart(DIGITS, '0')}`, lines: 0 };
    parts.push(part);
  }
  const text = batch.map((event) => `${JSON.stringify(event)}\n`).join('');
  await disk.append(part.name, new TextEncoder().encode(text));
  part.lines += batch.length;
  for (; parts.length > PARTS_MAX; parts.shift()) await disk.remove(parts[0]?.name ?? '');
}

function readLine(line: string): readonly KeptEvent[] {
  try {
    const read = JSON.parse(line) as KeptEvent;
    return Number.isSafeInteger(read.number) && typeof read.text === 'string' ? [read] : [];
  } catch {
    return []; // Empty, or torn.
  }
}
