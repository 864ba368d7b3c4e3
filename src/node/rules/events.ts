/**
 * Rule: events — what happened, in words: from two pictures of the mesh, and from what loops log.
 *
 * 1. Only a difference is an event: a daemon that starts tells nothing of what was there before.
 * 2. What a fight over the host repeats many times a minute is told once a minute.
 * 3. Of a log line only what its row in `TOLD` takes passes; everything else stays in the log.
 */
import type { MemberId, PeerKey } from '../../crdt/ids.ts';
import type { Role, View } from '../../crdt/view.ts';
import { alarmText } from './alarms.ts';
import type { LinkState } from './answers.ts';
import { evictionText } from './eviction.ts';

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
  /** Which run of its daemon; null while it said nothing of it. */
  readonly life: number | null;
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
  /** Which run of its daemon; null while it said nothing of it. */
  readonly life: (member: MemberId) => number | null;
  readonly core: Picture['core'];
}

/** The picture of a moment. */
export const pictureOf = (
  view: View,
  { self, connected, isNeighbour, state, life, core }: Surroundings,
): Picture => ({
  core,
  members: new Map(
    view.members.map(({ id, name, role, ipv4, hasLeft }) => [
      id,
      {
        name,
        role,
        ipv4,
        hasLeft,
        isConnected: connected.has(id) && !hasLeft,
        isNeighbour: isNeighbour(id),
        state: id === self ? 'alive' : state(id),
        life: id === self ? null : life(id),
      },
    ]),
  ),
  evicted: new Map(view.evictions.map(({ id }) => [id, evictionText(view, id)])),
  alarms: view.alarms.map((alarm) => alarmText(view, alarm)),
});

/** What happened between two moments, in the order of ids; alarms last. */
export function eventsBetween(before: Picture, after: Picture): readonly EventDraft[] {
  const come = [...after.members].flatMap(([id, now]) =>
    memberEvents(before.members.get(id) ?? null, now),
  );
  const gone = [...before.members].flatMap(([id, { name }]): EventDraft[] => {
    if (after.members.has(id)) return [];
    return [{ kind: 'evicted', member: name, text: after.evicted.get(id) ?? 'no member any more' }];
  });
  const alarms = after.alarms
    .filter((alarm) => !before.alarms.includes(alarm))
    .map((text): EventDraft => ({ kind: 'alarm', member: null, text }));
  const moves = coreEvents(before.core, after.core);
  return [...come, ...gone, ...healEvents(before, after), ...moves, ...alarms];
}

const deadIn = ({ members }: Picture): number =>
  [...members.values()].filter(({ state, hasLeft }) => state === 'dead' && !hasLeft).length;

/** Nobody is lost any more. */
const healEvents = (before: Picture, after: Picture): readonly EventDraft[] => {
  if (deadIn(before) === 0 || deadIn(after) > 0) return [];
  const present = [...after.members.values()].filter(({ hasLeft }) => !hasLeft);
  const text = `all ${present.length} members can be reached again`;
  return [{ kind: 'healed', member: null, text }];
};

/** Who has the role now; a gap between two is no event. */
const coreEvents = (before: Picture['core'], now: Picture['core']): readonly EventDraft[] => {
  if (now === null || (before?.name === now.name && before.term === now.term)) return [];
  const text = `has the core role, term ${now.epoch}.${now.term}: ${now.why}`;
  return [{ kind: 'core', member: now.name, text }];
};

/** How it is, where that is another thing than before. */
const stateEvents = (before: Seen, now: Seen): readonly (readonly [EventKind, string])[] => {
  const was = before.state ?? 'suspect';
  if (now.state === null || was === now.state) return [];
  if (now.state !== 'alive') return [['state', `is ${now.state}`]];
  // Who was only unknown, or is connected for the first time, is not alive again.
  const isFirst = before.state === null || (now.isConnected && !before.isConnected);
  return isFirst && was === 'suspect' ? [] : [['state', 'is alive again']];
};

const memberEvents = (before: Seen | null, now: Seen): readonly EventDraft[] => {
  const events: (readonly [EventKind, string])[] = [];
  if (now.hasLeft) {
    if (before !== null && !before.hasLeft) events.push(['left', 'left the mesh']);
  } else {
    if (before === null || before.hasLeft) {
      events.push(['joined', now.ipv4 === null ? 'joined' : `joined as ${now.ipv4}`]);
    } else if (before.ipv4 !== now.ipv4) {
      events.push([
        'address',
        `has ${now.ipv4 ?? 'no IPv4 address'}, had ${before.ipv4 ?? 'none'}`,
      ]);
    }
    if (before !== null && before.name !== now.name) {
      events.push(['renamed', `was ${before.name}`]);
    }
    if ((before?.role ?? 'node') !== now.role) {
      events.push(['role', now.role === 'operator' ? 'is an operator' : 'is no operator any more']);
    }
  }
  if ((before?.isConnected ?? false) !== now.isConnected && now.isNeighbour) {
    events.push(now.isConnected ? ['connected', 'connected'] : ['disconnected', 'connection lost']);
  }
  if (before !== null && !now.hasLeft) {
    if (before.life !== null && (now.life ?? 0) > before.life) {
      events.push(['started', 'its daemon started again']);
    }
    events.push(...stateEvents(before, now));
  }
  return events.map(([kind, text]) => ({ kind, member: now.name, text }));
};

type Facts = Readonly<Record<string, unknown>>;

/** How much of what a repair found is told. */
const FOUND_TOLD_MAX = 3;
/** And how much of each. Unit: characters. */
const FOUND_LENGTH_MAX = 100;

const textIn = (facts: Facts, name: string): string => {
  const text = facts[name];
  return typeof text === 'string' ? text : '';
};
const listIn = (facts: Facts, name: string): readonly string[] => {
  const list = facts[name];
  return Array.isArray(list) ? list.map(String) : [];
};

const cut = (text: string): string =>
  text.length > FOUND_LENGTH_MAX ? `${text.slice(0, FOUND_LENGTH_MAX - 1)}…` : text;

/** What a fight or an attack repeats: the same again within a minute is told once. */
const TOLD_ONCE: ReadonlySet<EventKind> = new Set(['drift', 'refused']);
const REPEAT_MS = 60_000;

/** Whether an event only repeats another, which was `ageMs` ago. */
export const isRepeat = (known: EventDraft, ageMs: number, next: EventDraft): boolean =>
  TOLD_ONCE.has(next.kind) &&
  ageMs < REPEAT_MS &&
  known.kind === next.kind &&
  known.member === next.member &&
  known.text === next.text;

/** Log lines that are events, by their name. */
const TOLD: Readonly<Record<string, (facts: Facts) => Omit<EventDraft, 'member'>>> = {
  agent: (facts) => {
    const [problem] = listIn(facts, 'problems');
    const state = textIn(facts, 'state');
    const text = `${textIn(facts, 'service')} is ${state}`;
    const isOld = problem === undefined || state.startsWith('stop');
    return { kind: 'service', text: isOld ? text : `${text}: ${problem}` };
  },
  'drift-repaired': (facts) => {
    const found = listIn(facts, 'found');
    const told = found.slice(0, FOUND_TOLD_MAX).map(cut).join('; ');
    const more = found.length - FOUND_TOLD_MAX;
    const rest = more > 0 ? `; and ${more} more` : '';
    return { kind: 'drift', text: `${textIn(facts, 'service')} repaired: ${told}${rest}` };
  },
  conflict: (facts) => ({
    kind: 'conflict',
    text:
      `${textIn(facts, 'path')}: what ${textIn(facts, 'loser')} said lost to what ` +
      `${textIn(facts, 'winner')} said at the same time; see cnsmo conflicts`,
  }),
  'frame-refused': (facts) => ({
    kind: 'refused',
    text: `a frame of the state: ${textIn(facts, 'why')}: ${textIn(facts, 'detail')}`,
  }),
  'join-refused': (facts) => ({
    kind: 'refused',
    text: `a join by invite ${textIn(facts, 'invite').slice(0, 12)}: ${textIn(facts, 'why')}`,
  }),
  'join-other-version': (facts) => ({
    kind: 'refused',
    text:
      `a join by invite ${textIn(facts, 'invite').slice(0, 12)}: it speaks another version: ` +
      `wire ${Number(facts.wire)}, document ${Number(facts.document)}; run the same on both`,
  }),
  'key-used-elsewhere': () => ({
    kind: 'alarm',
    text: 'another VM uses the key of this member, or its disk is an older copy',
  }),
  'key-recovered': () => ({
    kind: 'alarm',
    text: 'over: this VM goes on as the only holder of its key',
  }),
  'version-mismatch': (facts) => ({
    kind: 'refused',
    text:
      `member ${textIn(facts, 'peer').slice(0, 12)} speaks another version: ` +
      `wire ${Number(facts.wire)}, document ${Number(facts.document)}; run the same on both`,
  }),
  'disk-trouble': (facts) => ({
    kind: 'alarm',
    text: `disk: ${textIn(facts, 'path')}: ${textIn(facts, 'why')}`,
  }),
  'disk-recovered': () => ({ kind: 'alarm', text: 'disk: it takes what is written again' }),
  'journal-damaged': () => ({
    kind: 'alarm',
    text: 'the journal was damaged; what is missing is fetched from others',
  }),
};

/** The event that a log line is, or null when it is none. */
export function eventOfLog(line: string, facts: Facts): EventDraft | null {
  const tell = Object.hasOwn(TOLD, line) ? TOLD[line] : undefined;
  if (tell === undefined) return null;
  const { kind, text } = tell(facts);
  return { kind, member: null, text };
}
