/**
 * Rule: event picture — what a member sees of the mesh at one moment, as far as it makes events.
 */
import type { Value } from '../../crdt/entry.ts';
import type { MemberId, PeerKey } from '../../crdt/ids.ts';
import type { Alarm, Member, Operator, Role, View } from '../../crdt/view.ts';
import type { Connection } from '../../ports.ts';
import { alarmCause, alarmText } from './alarms.ts';
import type { LinkState } from './answers.ts';
import { evictionCauses } from './eviction.ts';
import type { Life } from './swim-sighting.ts';

/** A member as it is seen. */
export interface Seen {
  readonly name: string;
  readonly role: Role;
  readonly ipv4: string | null;
  readonly hasLeft: boolean;
  /** Who dialled of the connection with it; null: there is none. */
  readonly connection: Connection['direction'] | null;
  /** Whether a connection with it is kept: others come and go without anything having happened. */
  readonly isNeighbour: boolean;
  /** Null while nothing is known of it. */
  readonly state: LinkState | null;
  /** Why it is in that state. */
  readonly why: string | null;
  /** By which invite it is a member; null: an operator's own word, or nobody's. */
  readonly via: string | null;
  /** Another member has the name, or the address, that it was given. */
  readonly isNameTied: boolean;
  readonly isAddressTied: boolean;
  /** Which run of its daemon; null while nobody said so. */
  readonly life: Life | null;
}

/** What events are made of, at one moment. */
export interface Picture {
  readonly members: ReadonlyMap<MemberId, Seen>;
  /** Who was evicted, and by whose word. */
  readonly evicted: ReadonlyMap<MemberId, string>;
  /** What an operator should look at, and how it comes to be. */
  readonly alarms: ReadonlyMap<string, string>;
  readonly operators: ReadonlyMap<MemberId, Operator>;
  readonly word: Word;
  /** Who has the core role; null while nobody says so. */
  readonly core: PictureOfCore | null;
}

/** What stands at a path of the state, of what only these members say; null: they say nothing. */
export type Word = (path: string, among: ReadonlySet<MemberId>) => Said | null;

interface Said {
  readonly author: MemberId;
  /** Null where it is deleted. */
  readonly value: Value;
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
  /** Who has a live connection with it, and who dialled. */
  readonly connected: ReadonlyMap<PeerKey, Connection['direction']>;
  readonly isNeighbour: (member: MemberId) => boolean;
  /** Null while nothing is known of it. */
  readonly state: (member: MemberId) => LinkState | null;
  readonly why: (member: MemberId) => string | null;
  /** Which run of its daemon; null while nobody said so. */
  readonly life: (member: MemberId) => Life | null;
  readonly core: Picture['core'];
  readonly word: Word;
}

/** The picture of a moment. It is made often: each thing is looked up, none searched for. */
export function pictureOf(
  view: View,
  { self, connected, isNeighbour, state, why, life, core, word }: Surroundings,
): Picture {
  const { ways, nameTies, addressTies, ...said } = saidIn(view);
  const seen = ({ id, name, role, ipv4, hasLeft }: Member): Seen => ({
    ...{ name, role, ipv4, hasLeft },
    connection: hasLeft ? null : (connected.get(id) ?? null),
    isNeighbour: isNeighbour(id),
    state: id === self ? 'alive' : state(id),
    why: id === self ? null : why(id),
    via: ways.get(id) ?? null,
    isNameTied: nameTies.has(id),
    isAddressTied: addressTies.has(id),
    life: id === self ? null : life(id),
  });
  return {
    ...{ core, word, ...said },
    members: new Map(view.members.map((member) => [member.id, seen(member)])),
  };
}

/** What the view alone tells. */
interface Told extends Pick<Picture, 'evicted' | 'alarms' | 'operators'> {
  readonly ways: ReadonlyMap<MemberId, string>;
  readonly nameTies: ReadonlySet<string>;
  readonly addressTies: ReadonlySet<string>;
}

/** Views do not change, and most pictures differ in who is connected and who lives. */
const tales = new WeakMap<View, Told>();

function saidIn(view: View): Told {
  const told = tales.get(view) ?? read(view);
  tales.set(view, told);
  return told;
}

function read(view: View): Told {
  const names = new Map<string, string>(view.members.map(({ id, name }) => [id, name]));
  const tied = (kind: Alarm['kind']): ReadonlySet<string> =>
    new Set(view.alarms.flatMap((alarm) => (alarm.kind === kind ? [alarm.about] : [])));
  return {
    ways: waysIn(view, names),
    nameTies: tied('name-tie'),
    addressTies: tied('address-tie'),
    evicted: evictionCauses(view),
    alarms: new Map(view.alarms.map((one) => [alarmText(view, one), alarmCause(one)])),
    operators: new Map(view.operators.map((one) => [one.member, one])),
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
