/**
 * Rule: events — what happened, in words: from two pictures of the mesh.
 *
 * 1. Only a difference is an event: a daemon that starts tells nothing of what was there before.
 * 2. What a fight over the host repeats many times a minute is told once a minute.
 */
import { addressCause, joinCause, nameCause, roleCause, type Step } from './event-causes.ts';
import type { Picture, Seen } from './event-picture.ts';
import type { Life } from './swim-sighting.ts';
import { cutTo } from './wording.ts';

export type EventKind =
  | 'started'
  | 'stopped'
  | 'joined'
  | 'left'
  | 'evicted'
  | 'renamed'
  | 'role'
  | 'address'
  | 'connected'
  | 'disconnected'
  | 'state'
  | 'healed'
  | 'service'
  | 'core'
  | 'drift'
  | 'conflict'
  | 'refused'
  | 'alarm';

/** Something that happened. `member`: the name of whom it concerns, or null. */
export interface EventDraft {
  readonly kind: EventKind;
  readonly member: string | null;
  readonly text: string;
  /**
   * Why, or by whose word. Null where a daemon tells of itself that it starts or stops, where a
   * service has no problem, and where whoever said it is not known here.
   */
  readonly cause: string | null;
}

/** What happened between two moments, in the order of ids; alarms last. */
export function eventsBetween(before: Picture, after: Picture): readonly EventDraft[] {
  const come = [...after.members].flatMap(([id, now]) =>
    memberEvents({ id, was: before.members.get(id) ?? null, now, before, after }),
  );
  const gone = [...before.members].flatMap(([id, { name }]): EventDraft[] => {
    if (after.members.has(id)) return [];
    const by = after.evicted.get(id);
    return [
      by === undefined
        ? { kind: 'evicted', member: name, text: 'is no member any more', cause: NOBODY }
        : { kind: 'evicted', member: name, text: 'was evicted', cause: by },
    ];
  });
  const alarms = [...after.alarms]
    .filter(([text]) => !before.alarms.has(text))
    .map(([text, cause]): EventDraft => ({ kind: 'alarm', member: null, text, cause }));
  return [...come, ...gone, ...coreEvents(before.core, after.core), ...alarms];
}

const NOBODY = 'nobody whose word counts let it in';

/** Who has the role now; a gap between two is no event. */
const coreEvents = (before: Picture['core'], now: Picture['core']): readonly EventDraft[] => {
  if (now === null || (before?.name === now.name && before.term === now.term)) return [];
  const text = `has the core role, term ${now.epoch}.${now.term}`;
  return [{ kind: 'core', member: now.name, text, cause: now.why }];
};

type Told = readonly [kind: EventKind, text: string, cause: string | null];

/** How it is, where that is another thing than before. */
const stateEvents = (before: Seen, now: Seen): readonly Told[] => {
  const was = before.state ?? 'suspect';
  if (now.state === null || was === now.state) return [];
  if (now.state !== 'alive') return [['state', `is ${now.state}`, now.why]];
  // Who was only unknown, or is connected for the first time, is not alive again.
  const isFirst = before.state === null || (now.connection !== null && before.connection === null);
  return isFirst && was === 'suspect' ? [] : [['state', 'is alive again', now.why]];
};

/**
 * Whether a member began another life since it was first heard of. An old word of it, told to who
 * knows none, is well signed, too: then the true one only ends an error, and is older than that.
 */
const isNewLife = (was: Life | null, now: Life | null): boolean =>
  was !== null &&
  now !== null &&
  now.number > was.number &&
  (was.isSure || now.beganMs >= was.heardMs - CLOCKS_MS);
/** How far two clocks may differ that nobody minds. Unit: ms. */
const CLOCKS_MS = 60_000;

const memberEvents = (step: Step): readonly EventDraft[] => {
  const { was, now } = step;
  const events: Told[] = [...standingEvents(step)];
  if ((was?.connection ?? null) !== null && now.connection === null && now.isNeighbour) {
    events.push(['disconnected', 'connection lost', now.why]);
  }
  if ((was?.connection ?? null) === null && now.connection !== null && now.isNeighbour) {
    const isOurs = now.connection === 'outbound';
    events.push(['connected', 'connected', isOurs ? 'this VM dialled it' : 'it dialled this VM']);
  }
  if (was !== null && !now.hasLeft) {
    if (isNewLife(was.life, now.life)) {
      events.push(['started', 'its daemon started again', 'it said so']);
    }
    events.push(...stateEvents(was, now));
  }
  return events.map(([kind, text, cause]) => ({ kind, member: now.name, text, cause }));
};

/** What the state says of it: whether it is a member, by which name and address, in which role. */
const standingEvents = (step: Step): readonly Told[] => {
  const { was, now } = step;
  if (now.hasLeft) {
    return was === null || was.hasLeft ? [] : [['left', 'left the mesh', 'it said so']];
  }
  const events: Told[] = [];
  if (was === null || was.hasLeft) {
    const text = now.ipv4 === null ? 'joined' : `joined as ${now.ipv4}`;
    events.push(['joined', text, joinCause(step)]);
  } else if (was.ipv4 !== now.ipv4) {
    const text = `has ${now.ipv4 ?? 'no IPv4 address'}, had ${was.ipv4 ?? 'none'}`;
    events.push(['address', text, addressCause(step)]);
  }
  if (was !== null && was.name !== now.name) {
    events.push(['renamed', `was ${was.name}`, nameCause(step)]);
  }
  if ((was?.role ?? 'node') !== now.role) {
    const text = now.role === 'operator' ? 'is an operator' : 'is no operator any more';
    events.push(['role', text, roleCause(step)]);
  }
  return events;
};

/** Longest text of an event. Unit: characters. Words of a line or two; others read no longer. */
const TEXT_LENGTH_MAX = 1_000;

/** The event as it is kept and told: no text of it is longer than a reader takes. */
export const bounded = <Draft extends EventDraft>(draft: Draft): Draft => ({
  ...draft,
  member: draft.member === null ? null : cutTo(draft.member, TEXT_LENGTH_MAX),
  text: cutTo(draft.text, TEXT_LENGTH_MAX),
  cause: draft.cause === null ? null : cutTo(draft.cause, TEXT_LENGTH_MAX),
});

/** What a fight or an attack repeats: the same again within a minute is told once. */
const TOLD_ONCE: ReadonlySet<EventKind> = new Set(['drift', 'refused']);
const REPEAT_MS = 60_000;

/** Whether an event only repeats another, which was `ageMs` ago. */
export const isRepeat = (known: EventDraft, ageMs: number, next: EventDraft): boolean =>
  TOLD_ONCE.has(next.kind) &&
  ageMs < REPEAT_MS &&
  known.kind === next.kind &&
  known.member === next.member &&
  known.text === next.text &&
  known.cause === next.cause;
