/**
 * Rule: events — what happened, in words: from two pictures of the mesh.
 *
 * 1. Only a difference is an event: a daemon that starts tells nothing of what was there before.
 * 2. What a fight over the host repeats many times a minute is told once a minute.
 */
import type { MemberId, PeerKey } from '../../crdt/ids.ts';
import type { Member, Role, View } from '../../crdt/view.ts';
import { alarmText } from './alarms.ts';
import type { LinkState } from './answers.ts';
import { evictionTexts } from './eviction.ts';
import { cutTo, fewOf } from './wording.ts';

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
  /** Why, or by whose word; null where the text says all that is known. */
  readonly cause: string | null;
}

interface Seen {
  readonly name: string;
  readonly role: Role;
  readonly ipv4: string | null;
  readonly hasLeft: boolean;
  readonly isConnected: boolean;
  /** Whether a connection with it is kept: others come and go without anything having happened. */
  readonly isNeighbour: boolean;
  /** Null while nothing is known of it. */
  readonly state: LinkState | null;
  /** Why it is in that state. */
  readonly why: string | null;
  /** By whose word it is a member. */
  readonly via: string | null;
  /** Which run of its daemon; null while nobody said so. */
  readonly life: number | null;
  /** Who told of that run in its stead, which an old word of it may be; null: the member itself. */
  readonly lifeBy: string | null;
}

/** What events are made of, at one moment. */
export interface Picture {
  readonly members: ReadonlyMap<MemberId, Seen>;
  /** Who was evicted, and how in words. */
  readonly evicted: ReadonlyMap<MemberId, string>;
  readonly alarms: readonly string[];
  /** Who has the core role; null while nobody says so. */
  readonly core: PictureOfCore | null;
}

interface PictureOfCore {
  readonly name: string;
  readonly epoch: number;
  readonly term: number;
  readonly why: string;
}

/** What this member sees of others beside the view. */
export interface Surroundings {
  readonly self: MemberId;
  /** Who has a live connection with it. */
  readonly connected: ReadonlySet<PeerKey>;
  readonly isNeighbour: (member: MemberId) => boolean;
  /** Null while nothing is known of it. */
  readonly state: (member: MemberId) => LinkState | null;
  readonly why: (member: MemberId) => string | null;
  /** Which run of its daemon, and who told of it in its stead; null while nobody did. */
  readonly life: (
    member: MemberId,
  ) => { readonly number: number; readonly by: MemberId | 'others' | null } | null;
  readonly core: Picture['core'];
}

/** The picture of a moment. It is made often: each thing is looked up, none searched for. */
export function pictureOf(
  view: View,
  { self, connected, isNeighbour, state, why, life, core }: Surroundings,
): Picture {
  const names = new Map<string, string>(view.members.map(({ id, name }) => [id, name]));
  const ways = waysIn(view, names);
  const seen = ({ id, name, role, ipv4, hasLeft }: Member): Seen => {
    const { number = null, by = null } = life(id) ?? {};
    return {
      ...{ name, role, ipv4, hasLeft },
      isConnected: connected.has(id) && !hasLeft,
      isNeighbour: isNeighbour(id),
      state: id === self ? 'alive' : state(id),
      why: id === self ? null : why(id),
      via: ways.get(id) ?? null,
      life: id === self ? null : number,
      lifeBy: by === null ? null : by === 'others' ? 'two others' : (names.get(by) ?? 'another'),
    };
  };
  return {
    core,
    members: new Map(view.members.map((member) => [member.id, seen(member)])),
    evicted: evictionTexts(view),
    alarms: view.alarms.map((alarm) => alarmText(view, alarm)),
  };
}

/** By which invite each came, and whose that is. */
function waysIn(
  { enrolments, invites }: View,
  names: ReadonlyMap<string, string>,
): ReadonlyMap<MemberId, string> {
  const owners = new Map(invites.map(({ id, author }) => [id, names.get(author)]));
  const ways = enrolments.flatMap(({ id, invite }) => {
    if (invite === null) return [];
    const name = owners.get(invite);
    const whose = name === undefined ? '' : ` of ${name}`;
    return [[id, `by invite ${invite.slice(0, ID_LENGTH)}${whose}`] as const];
  });
  return new Map(ways);
}
/** As much of an id as is shown. Unit: characters. */
const ID_LENGTH = 12;

/** What happened between two moments, in the order of ids; alarms last. */
export function eventsBetween(before: Picture, after: Picture): readonly EventDraft[] {
  const come = [...after.members].flatMap(([id, now]) =>
    memberEvents(before.members.get(id) ?? null, now),
  );
  const gone = [...before.members].flatMap(([id, { name }]): EventDraft[] => {
    if (after.members.has(id)) return [];
    const text = after.evicted.get(id) ?? 'no member any more';
    return [{ kind: 'evicted', member: name, text, cause: null }];
  });
  const known = new Set(before.alarms);
  const alarms = after.alarms
    .filter((alarm) => !known.has(alarm))
    .map((text): EventDraft => ({ kind: 'alarm', member: null, text, cause: null }));
  const moves = coreEvents(before.core, after.core);
  return [...come, ...gone, ...healEvents(before, after), ...moves, ...alarms];
}

const deadIn = ({ members }: Picture): readonly MemberId[] =>
  [...members].flatMap(([id, { state, hasLeft }]) => (state === 'dead' && !hasLeft ? [id] : []));

/** Nobody is lost any more. */
const healEvents = (before: Picture, after: Picture): readonly EventDraft[] => {
  const lost = deadIn(before);
  if (lost.length === 0 || deadIn(after).length > 0) return [];
  const present = [...after.members.values()].filter(({ hasLeft }) => !hasLeft);
  const text = `all ${present.length} members can be reached again`;
  const causes = lost.map((id) => {
    const now = after.members.get(id);
    const word = now !== undefined && !now.hasLeft ? 'is back' : 'is no member any more';
    return `${now?.name ?? before.members.get(id)?.name} ${word}`;
  });
  return [{ kind: 'healed', member: null, text, cause: fewOf(causes, ', ') }];
};

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
  const isFirst = before.state === null || (now.isConnected && !before.isConnected);
  return isFirst && was === 'suspect' ? [] : [['state', 'is alive again', now.why]];
};

const memberEvents = (before: Seen | null, now: Seen): readonly EventDraft[] => {
  const events: Told[] = [];
  if (now.hasLeft) {
    if (before !== null && !before.hasLeft) events.push(['left', 'left the mesh', 'it said so']);
  } else {
    if (before === null || before.hasLeft) {
      events.push(['joined', now.ipv4 === null ? 'joined' : `joined as ${now.ipv4}`, now.via]);
    } else if (before.ipv4 !== now.ipv4) {
      events.push([
        'address',
        `has ${now.ipv4 ?? 'no IPv4 address'}, had ${before.ipv4 ?? 'none'}`,
        null,
      ]);
    }
    if (before !== null && before.name !== now.name) {
      events.push(['renamed', `was ${before.name}`, null]);
    }
    if ((before?.role ?? 'node') !== now.role) {
      const text = now.role === 'operator' ? 'is an operator' : 'is no operator any more';
      events.push(['role', text, null]);
    }
  }
  if ((before?.isConnected ?? false) !== now.isConnected && now.isNeighbour) {
    const isLost = !now.isConnected;
    events.push(
      isLost ? ['disconnected', 'connection lost', now.why] : ['connected', 'connected', null],
    );
  }
  if (before !== null && !now.hasLeft) {
    if (before.life !== null && (now.life ?? 0) > before.life) {
      const by = before.lifeBy === null ? 'it said so' : `${before.lifeBy} told of its last run`;
      events.push(['started', 'its daemon started again', by]);
    }
    events.push(...stateEvents(before, now));
  }
  return events.map(([kind, text, cause]) => ({ kind, member: now.name, text, cause }));
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
