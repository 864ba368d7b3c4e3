/**
 * Edge: wire — one connection between two swarm nodes, as TCP behaves.
 *
 * 1. What one end sends arrives in order, late rather than never, while both ends stand.
 * 2. An end that closes tells the other by a FIN, which travels behind everything sent before.
 * 3. A power cut tells nobody: the other end notices `SILENCE_MS` after the last sign of life, or
 *    when the VM is back and answers with a reset.
 */
import type { PeerKey } from '../src/crdt/ids.ts';
import type { Connection, Endpoint, Standing } from '../src/ports.ts';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';
import type { Station, Underlay } from './underlay.ts';

/** Time between two signs of life on a connection. Unit: ms. As `swarm-pulse.ts`. */
const KEEPALIVE_MS = 1_500;
/** Ends that are watched at about the same time are watched together. Unit: ms. */
const BEAT_MS = 250;
/** Silence after which an end gives up. Unit: ms. As `swarm-pulse.ts`. */
const SILENCE_MS = 7_500;
/** First and longest wait before what did not pass is sent again. Unit: ms. */
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 3_000;

/** Who holds an end. */
export interface Holder {
  readonly life: Life;
  readonly station: Station;
  /** Called once when an end has closed, for whatever reason. */
  down(end: End): void;
}

/** One side of a connection. */
export interface End {
  /** Counts up over the run; of two connections with one peer the later one is used. */
  readonly order: number;
  readonly holder: Holder;
  readonly peer: PeerKey;
  readonly remote: Endpoint;
  readonly direction: Connection['direction'];
  readonly standing: Standing;
  rttMs: number | null;
  isOpen: boolean;
  /** Rejects what waits for an answer over this end. */
  readonly waiting: Set<() => void>;
}

/** What an end is made of; the rest is the wire's. */
export type EndFacts = Pick<End, 'holder' | 'peer' | 'remote' | 'direction' | 'standing'>;

/** The means by which wires are made and used. */
export interface Wires {
  /** Connects two holders. Both ends are open at once. */
  join(first: EndFacts, second: EndFacts): readonly [End, End];
  /** Sends over an end; `arrive` gets the other end, if it still stands by then. */
  carry(from: End, bytes: number, arrive: (to: End) => void): void;
  /** Closes an end, with a FIN unless it is `silent`. Harmless when it is closed. */
  close(end: End, silent: boolean): void;
  /** How many messages of a VM are under way, or wait for their turn. */
  waiting(vm: string): number;
}

interface Parcel {
  readonly readyMs: number;
  readonly arrive: (to: End) => void;
}

/** One direction of a wire. */
interface Lane {
  readonly from: End;
  readonly to: End;
  readonly parcels: Parcel[];
  isMoving: boolean;
}

interface Loom {
  readonly scheduler: Scheduler;
  readonly underlay: Underlay;
  readonly lanes: Map<End, Lane>;
  /** By the moment of each beat that is to come, virtual ms: what happens then. */
  readonly beats: Map<number, (() => void)[]>;
  made: number;
}

/** Makes the wires of one run. */
export function openWires(scheduler: Scheduler, underlay: Underlay): Wires {
  const loom: Loom = { scheduler, underlay, lanes: new Map(), beats: new Map(), made: 0 };
  return {
    join: (first, second) => join(loom, first, second),
    carry: (from, bytes, arrive) => carry(loom, from, bytes, arrive),
    close: (end, silent) => close(loom, end, silent),
    waiting: (vm) =>
      [...loom.lanes.values()]
        .filter(({ from }) => from.holder.station.vm === vm)
        .reduce((sum, { parcels }) => sum + parcels.length, 0),
  };
}

function join(loom: Loom, first: EndFacts, second: EndFacts): readonly [End, End] {
  loom.made += 1;
  const [one, other] = [makeEnd(first, loom.made), makeEnd(second, loom.made)];
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const lane: Lane = { from, to, parcels: [], isMoving: false };
    loom.lanes.set(from, lane);
    watch(loom, lane, loom.scheduler.nowMs());
    from.holder.life.onEnd((death) => close(loom, from, death === 'power-cut'));
  }
  return [one, other];
}

const makeEnd = (facts: EndFacts, order: number): End => ({
  ...facts,
  order,
  rttMs: null,
  isOpen: true,
  waiting: new Set(),
});

const passes = ({ underlay }: Loom, { from, to }: Lane): boolean =>
  underlay.passes(from.holder.station, to.holder.station);

/** Whether a sign of life would be answered: there and back, by a process that does not stand. */
const isAnswered = ({ underlay }: Loom, { from, to }: Lane): boolean =>
  underlay.reaches(from.holder.station, to.holder.station) && !to.holder.life.isPaused();

function close(loom: Loom, end: End, silent: boolean): void {
  if (!end.isOpen) return;
  end.isOpen = false;
  const lane = loom.lanes.get(end);
  if (lane !== undefined && silent) lane.parcels.length = 0;
  else carry(loom, end, 0, (to) => close(loom, to, true));
  for (const reject of [...end.waiting]) reject();
  end.holder.down(end);
}

function carry(loom: Loom, from: End, bytes: number, arrive: (to: End) => void): void {
  const lane = loom.lanes.get(from);
  if (lane === undefined) throw new Error('an end without a wire');
  const wayMs = loom.underlay.streamMs(from.holder.station, lane.to.holder.station, bytes);
  lane.parcels.push({ readyMs: loom.scheduler.nowMs() + wayMs, arrive });
  if (!lane.isMoving) move(loom, lane, 0);
}

/** Brings the parcels of a lane over, one after the other. */
function move(loom: Loom, lane: Lane, retryMs: number): void {
  const parcel = lane.parcels[0];
  lane.isMoving = parcel !== undefined && lane.to.isOpen;
  if (parcel === undefined || !lane.to.isOpen) {
    lane.parcels.length = 0;
    return;
  }
  const waitMs = Math.max(retryMs, parcel.readyMs - loom.scheduler.nowMs());
  loom.scheduler.after(waitMs, () => {
    if (lane.parcels[0] !== parcel) move(loom, lane, 0);
    else if (!passes(loom, lane)) {
      move(loom, lane, Math.min(RETRY_MS_MAX, Math.max(RETRY_MS_MIN, 2 * retryMs)));
    } else {
      lane.parcels.shift();
      if (lane.to.isOpen) parcel.arrive(lane.to);
      move(loom, lane, 0);
    }
  });
}

/** Signs of life, one by one, until the end closes. */
function watch(loom: Loom, lane: Lane, heardMs: number): void {
  const end = lane.from;
  const look = (): void => {
    if (!end.isOpen) return;
    const nowMs = loom.scheduler.nowMs();
    if (!isAnswered(loom, lane)) {
      if (nowMs - heardMs >= SILENCE_MS) close(loom, end, false);
      else watch(loom, lane, heardMs);
    } else if (!lane.to.isOpen && lane.parcels.length === 0) close(loom, end, true);
    else {
      end.rttMs = 2 * loom.underlay.streamMs(end.holder.station, lane.to.holder.station, 0);
      watch(loom, lane, nowMs);
    }
  };
  atBeat(loom, KEEPALIVE_MS, () => end.holder.life.run(look));
}

/** Runs `run` at the first beat after `delayMs`. */
function atBeat({ scheduler, beats }: Loom, delayMs: number, run: () => void): void {
  const nowMs = scheduler.nowMs();
  const atMs = Math.ceil((nowMs + delayMs) / BEAT_MS) * BEAT_MS;
  const beat = beats.get(atMs);
  if (beat !== undefined) {
    beat.push(run);
    return;
  }
  const runs = [run];
  beats.set(atMs, runs);
  scheduler.after(atMs - nowMs, () => {
    beats.delete(atMs);
    for (const each of runs) each();
  });
}
