/**
 * Edge: dialling — how one party reaches another: addresses in order, then pre-shared key, Noise
 * and the gates of both sides.
 */
import type { PeerKey } from '../src/crdt/ids.ts';
import { LETS_NOT_IN, NOBODY_LISTENS } from '../src/node/rules/gated.ts';
import type { Endpoint } from '../src/ports.ts';
import type { Answer } from './life.ts';
import { doorOf, endWith, type Hall, type Party, swarmFault } from './party.ts';
import type { Station } from './underlay.ts';

/** One-way trips from the first packet until both sides have passed the gates. */
const TRIPS = 5;

/** The least that one endpoint gets while there is time left. Unit: ms. As `swarm-dial.ts`. */
const ATTEMPT_MS_MIN = 1_500;

/** What one address gave. */
type Meeting = 'met' | 'cut' | 'refused' | 'nobody';

/** Connects to a peer, or says why not; as `SwarmNode.dial` wants it. */
export function dial(
  hall: Hall,
  party: Party,
  target: { peer: PeerKey; endpoints: readonly Endpoint[]; timeoutMs: number },
): Promise<void> {
  return party.life.promise((answer) => {
    if (endWith(party, target.peer) !== undefined) return answer.resolve();
    const usable = target.endpoints.filter(({ host }) => !party.config.isOverlay(host));
    const isRefused = usable.length < target.endpoints.length;
    const untilMs = hall.scheduler.nowMs() + target.timeoutMs;
    const signs = { isRefused, isCut: false, isAbsent: usable.length > 0 };
    const errand = { peer: target.peer, endpoints: usable, untilMs, ...signs };
    attempt(hall, party, errand, answer);
  });
}

interface Errand {
  readonly peer: PeerKey;
  readonly endpoints: readonly Endpoint[];
  readonly untilMs: number;
  readonly isRefused: boolean;
  /** Whether the peer itself answered, and cut the dialler. */
  readonly isCut: boolean;
  /** Whether each endpoint so far said that nobody listens. */
  readonly isAbsent: boolean;
}

function attempt(hall: Hall, party: Party, errand: Errand, answer: Answer<void>): void {
  const { peer, endpoints, untilMs, isRefused, isCut, isAbsent } = errand;
  const [endpoint, ...rest] = endpoints;
  const leftMs = untilMs - hall.scheduler.nowMs();
  if (endWith(party, peer) !== undefined) {
    answer.resolve();
    return;
  }
  if (endpoint === undefined || leftMs <= 0 || !party.isOpen()) {
    const silent =
      isAbsent && endpoint === undefined ? NOBODY_LISTENS : 'no endpoint answered in time';
    const why = isCut ? LETS_NOT_IN : isRefused ? 'somebody else answered' : silent;
    answer.reject(swarmFault(isRefused ? 'refused' : 'timeout', peer, why));
    return;
  }
  const shareMs = Math.min(leftMs, Math.max(ATTEMPT_MS_MIN, leftMs / endpoints.length));
  const goOn = (meeting: Meeting | 'silence'): void => {
    const wasCut = isCut || meeting === 'cut';
    const hasRefused = isRefused || wasCut || meeting === 'refused';
    const wasAbsent = isAbsent && meeting === 'nobody';
    const signs = { isRefused: hasRefused, isCut: wasCut, isAbsent: wasAbsent };
    attempt(hall, party, { ...errand, endpoints: rest, ...signs }, answer);
  };
  const station = hall.underlay.find(party.station, endpoint.host);
  const wayMs = station === null ? Number.POSITIVE_INFINITY : tripMs(hall, party, station);
  if (station === null || wayMs > shareMs || !hall.underlay.reaches(party.station, station)) {
    party.life.after(shareMs, () => goOn('silence'));
    return;
  }
  party.life.after(wayMs, () => {
    const other = hall.listeners.get(doorOf(station, endpoint.port));
    const isStill = other?.life.isPaused() === true;
    if (isStill || !hall.underlay.reaches(party.station, station)) {
      party.life.after(shareMs - wayMs, () => goOn('silence'));
      return;
    }
    const meeting = meet(hall, party, { peer, station, endpoint });
    if (meeting === 'met') answer.resolve();
    else goOn(meeting);
  });
}

function tripMs(hall: Hall, party: Party, station: Station): number {
  let sumMs = 0;
  for (let trip = 0; trip < TRIPS; trip += 1) {
    sumMs += hall.underlay.streamMs(party.station, station, 0);
  }
  return sumMs;
}

function meet(
  hall: Hall,
  party: Party,
  at: { peer: PeerKey; station: Station; endpoint: Endpoint },
): Meeting {
  const other = hall.listeners.get(doorOf(at.station, at.endpoint.port));
  if (other === undefined || !party.isOpen()) return 'nobody';
  if (Buffer.compare(other.config.psk, party.config.psk) !== 0) return 'refused';
  if (other.self !== at.peer || other === party) return 'refused';
  const ours = party.config.standing(other.self);
  const theirs = other.config.standing(party.self);
  if (ours === 'stranger') return 'refused';
  if (theirs === 'stranger') return 'cut';
  const source = hall.underlay.sourceOf(party.station, at.station);
  const [end, otherEnd] = hall.wires.join(
    { holder: party, peer: other.self, remote: at.endpoint, direction: 'outbound', standing: ours },
    {
      holder: other,
      peer: party.self,
      remote: { host: source, port: 49_152 },
      direction: 'inbound',
      standing: theirs,
    },
  );
  party.up(end);
  other.up(otherEnd);
  return 'met';
}
