/**
 * Edge: swarm pulse — which connections are alive, by a 12-byte ping of the muxer.
 *
 * libp2p's own connection monitor opens a stream and negotiates a protocol for each ping, shares
 * one adaptive timeout between all peers and takes a stall of this process for the silence of the
 * others. This one:
 * 1. counts everything heard as a sign of life, so that a connection busy with a long answer is not
 *    cut;
 * 2. counts ticks and not time: after a stall of this process one tick passes, then the waiting
 *    answers are read;
 * 3. hears first contact, which is the proof that the remote's gate let us in: its muxer exists
 *    only behind its gate, while the dialler's own `dial` resolves before that (seen with libp2p
 *    3.3.11);
 * 4. asks only where nothing else is heard, who dialled first: the question is a sign of life as
 *    good as an answer. Members ask each other more often than that (`rules/swim.ts`); this is for
 *    the holders of invites, and for connections that nothing else uses. Now and then both ask, for
 *    the round trip.
 */
import type { Connection, Stream, StreamMuxerFactory } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';
import { pace } from './swarm-pace.ts';
import { giveWindowBackByHalves } from './swarm-window.ts';
import { inTurn } from './turns.ts';

type YamuxFactory = ReturnType<ReturnType<typeof yamux>>;
type YamuxMuxer = ReturnType<YamuxFactory['createStreamMuxer']>;

/** Time between two looks. Unit: ms. */
const TICK_MS = 1_500;
/** Ticks without a byte before who dialled asks, and before the other side does. */
const DIALLER_ASKS_TICKS = 2;
const DIALLED_ASKS_TICKS = 3;
/**
 * Ticks without a byte before a connection is cut: silence is noticed after 7.5 to 9 s. A peer that
 * is merely starved of CPU has 3 s to answer, and TCP can repeat a lost segment three times (0.2 +
 * 0.4 + 0.8 s).
 */
const SILENT_TICKS_MAX = 5;
/** Ticks between two questions where there is no need: 30 s. People read the round trip. */
const ASIDE_TICKS = 20;
/** Streams in one direction of one connection, all protocols together. */
const STREAMS_MAX = 128;

interface Beat {
  readonly muxer: YamuxMuxer;
  hasHeard: boolean;
  silentTicks: number;
  /** Ticks since this side asked. */
  unaskedTicks: number;
  rttMs: number | null;
  isAsking: boolean;
  onFirst: (() => void) | null;
}

/** Watches connections. */
export interface Pulses {
  /** The muxer that the connections must be made with. */
  readonly muxer: () => StreamMuxerFactory;
  /**
   * Watches a connection from its `connection:open` event on: pings it, and aborts it when it falls
   * silent.
   */
  watch(connection: Connection): Pulse;
  stop(): void;
}

/** The pulse of one connection. */
interface Pulse {
  /** The last round trip, in ms; null before the first. */
  rttMs(): number | null;
  /** Calls `listener` once when the remote is first heard; at once when it was already. */
  onFirst(listener: () => void): void;
  /** Calls `listener` with each stream that the remote opens, before anything was read from it. */
  onStream(listener: (stream: Stream) => void): void;
}

/**
 * Starts watching. `onTick` is called at each tick, for whatever else is to be looked after as
 * often.
 */
export function createPulses(onTick: () => void): Pulses {
  // The list of streams is the one object that a connection and its muxer both show.
  const beats = new WeakMap<readonly Stream[], Beat>();
  const watched = new Map<Connection, Beat>();
  const tick = (): void => {
    for (const [connection, beat] of watched) count(connection, beat);
    onTick();
  };
  const timer = setInterval(tick, TICK_MS).unref();
  const watch = (connection: Connection): Pulse => {
    const beat = beats.get(connection.streams);
    if (beat === undefined) throw new Error('a connection was made with another muxer');
    watched.set(connection, beat);
    connection.addEventListener('close', () => watched.delete(connection));
    ask(beat);
    const onFirst = (listener: () => void): void => {
      if (beat.hasHeard) listener();
      else beat.onFirst = listener;
    };
    const onStream = (listener: (stream: Stream) => void): void =>
      beat.muxer.addEventListener('stream', ({ detail }) => listener(detail));
    return { rttMs: () => beat.rttMs, onFirst, onStream };
  };
  return {
    muxer: () => heardYamux(beats),
    watch,
    stop: () => clearInterval(timer),
  };
}

const heardYamux = (beats: WeakMap<readonly Stream[], Beat>): StreamMuxerFactory => {
  giveWindowBackByHalves();
  const factory = yamux({
    enableKeepAlive: false,
    maxInboundStreams: STREAMS_MAX,
    maxOutboundStreams: STREAMS_MAX,
  })();
  const create = factory.createStreamMuxer.bind(factory);
  factory.createStreamMuxer = (encrypted) => {
    const muxer = create(encrypted);
    const beat = newBeat(muxer);
    beats.set(muxer.streams, beat);
    encrypted.addEventListener('message', () => {
      beat.hasHeard = true;
      beat.onFirst?.();
      beat.onFirst = null;
    });
    pace(encrypted, inTurn);
    return muxer;
  };
  return factory;
};

const newBeat = (muxer: YamuxMuxer): Beat => ({
  muxer,
  hasHeard: false,
  silentTicks: 0,
  unaskedTicks: 0,
  rttMs: null,
  isAsking: false,
  onFirst: null,
});

const count = (connection: Connection, beat: Beat): void => {
  beat.silentTicks = beat.hasHeard ? 0 : beat.silentTicks + 1;
  beat.hasHeard = false;
  beat.unaskedTicks += 1;
  const asksAt = connection.direction === 'outbound' ? DIALLER_ASKS_TICKS : DIALLED_ASKS_TICKS;
  const mustAsk = beat.silentTicks >= asksAt;
  if (beat.silentTicks >= SILENT_TICKS_MAX) connection.abort(new Error('silent'));
  else if (mustAsk || beat.unaskedTicks >= ASIDE_TICKS) ask(beat);
};

const ask = (beat: Beat): void => {
  if (beat.isAsking || beat.muxer.status !== 'open') return;
  beat.isAsking = true;
  beat.unaskedTicks = 0;
  const startMs = performance.now();
  beat.muxer
    .ping()
    .then(
      () => {
        beat.rttMs = Math.round((performance.now() - startMs) * 10) / 10;
      },
      () => {}, // closed meanwhile
    )
    .finally(() => {
      beat.isAsking = false;
    });
};
