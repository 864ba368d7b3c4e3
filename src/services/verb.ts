/**
 * Rule: verb — what people may ask of a service: the data from which the commands of the CLI and
 * the routes of the API are made, and a pure function that decides.
 *
 * 1. A verb never acts. It answers with edits, which the node writes as one frame, and with what
 *    to say of them.
 * 2. What is not acceptable is a Fault 'refused', naming the first field that does not fit; then
 *    nothing was changed.
 * 3. It sees what the request brought, the view, and what it asked the node to gather, nothing
 *    else.
 */
import type { Edit } from '../crdt/entry.ts';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import { finish, type Meter, UNMETERED } from '../crdt/meter.ts';
import type { Member, View } from '../crdt/view.ts';
import type { Endpoint, HostResult } from '../ports.ts';
import type { Count, Opening } from './service.ts';

/**
 * What a value is. `texts`: several, by repeating. `count`: a whole number. `duration`: ms, typed
 * as `90s`. `content`: what stands in a file, or on standard input for `-`.
 */
export type InputKind = 'text' | 'texts' | 'count' | 'duration' | 'switch' | 'content';

/** One value that a verb takes: a word of the command line, or a flag. */
export interface Input {
  readonly name: string;
  /** Words come in their order; of those of kind `texts` only the last may be. */
  readonly as: 'word' | 'flag';
  readonly kind: InputKind;
  readonly help: string;
  /** What a flag's value is called in the help: `--from <selector>`. */
  readonly value?: string;
  /** A word that may not be left out. */
  readonly isNeeded?: true;
  /** Of a count, or of a duration in ms. */
  readonly range?: readonly [least: number, most: number];
}

/** What a request brought, of the kinds that the verb declared. Asking for another name throws. */
export interface Arguments {
  text(name: string): string | null;
  texts(name: string): readonly string[];
  /** A count, or a duration in ms. */
  number(name: string): number | null;
  isSet(name: string): boolean;
}

/** How a person reaches this VM while asking: a change must not cut that way. */
export interface Caller {
  readonly remote: Endpoint;
  readonly local: Endpoint;
}

/** What a member has in force of a service, as it told when asked; or why it did not tell. */
export type Standing =
  | {
      readonly kind: 'told';
      /** By path: the stamp of the object that was read back as applied, as `ms.counter`. */
      readonly applied: ReadonlyMap<string, string>;
      /** What keeps the rest from being applied. */
      readonly problems: readonly string[];
      /** By path: why an object is not in force there though the rest is. */
      readonly withheld?: ReadonlyMap<string, string>;
      /** By path. */
      readonly counts?: ReadonlyMap<string, Count>;
      /** What the service sees there of what it works with: its own words, by its own names. */
      readonly sights?: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'silent'; readonly why: string };

/** A connection to be tried for real: by whom, and to which address of a member. */
export interface Attempt {
  readonly from: MemberId;
  readonly protocol: 'tcp' | 'icmp';
  readonly host: string;
  /** Of tcp; else 0. */
  readonly port: number;
}

/** What came of it. `refused`: it got there, and was reset. */
export type Reached = 'answered' | 'refused' | 'silent';

/** What a verb decides by. */
export interface Scene {
  readonly view: View;
  /** This member. */
  readonly self: MemberId;
  /** The mesh's port, and the name of the overlay interface here. */
  readonly port: number;
  readonly interface: string;
  /** Null for programs, and for who sits at the machine. */
  readonly caller: Caller | null;
  /** Unix ms: for what expires. */
  readonly wallMs: number;
  /** By how much the clocks of connected members are ahead of it, ms, as last measured. */
  readonly skewsMs: ReadonlyMap<PeerKey, number>;
  /** 16 random bytes for a name that nobody chose, in hex. */
  readonly nonce: string;
  /** What the services of a member need open; as far as it says so of itself. */
  readonly openingsAt: (member: Member) => readonly Opening[];
  /** What members have in force; empty unless the verb asks for it. */
  readonly standings: ReadonlyMap<MemberId, Standing>;
  /** What came of the connection that the verb wanted tried; null: it wanted none. */
  readonly reached: Reached | null;
}

/** What comes of a verb: edits for one frame, and the answer's body as JSON. */
export interface Decision<Body> {
  readonly edits: readonly Edit[];
  readonly body: Body;
}

/** What a text is to say at a glance. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'strong';

/** A heading of a table. */
export interface Column {
  readonly heading: string;
  /** To how many columns cells may be shortened; absent: not at all. */
  readonly least?: number;
  /** How soon it may be left out, sooner where higher; absent: never. */
  readonly spare?: number;
}

export type Cell = string | { readonly text: string; readonly tone: Tone };

/** An answer as people read it. */
export interface Shown {
  /** Absent or without rows: no table. */
  readonly table?: { readonly columns: readonly Column[]; readonly rows: readonly Cell[][] };
  /** Lines under it. */
  readonly lines?: readonly string[];
}

/** A verb of a service. `Body` is its own plain record. */
export interface Verb<Body = unknown> {
  /** One word, or two where several verbs share a first one: `allow`, `group set`. */
  readonly name: string;
  readonly help: string;
  /** What follows the verb in the example of its help. */
  readonly example: string;
  readonly inputs: readonly Input[];
  /** Who may: an operator; or whoever may use the local API. */
  readonly needs: 'operator' | 'anybody';
  /** Whether `plan` may be put before it: then it shows what it would change. */
  readonly canPlan?: true;
  /** How long members are asked for what they have in force, ms; absent or 0: they are not. */
  readonly standingsMs?: (given: Arguments) => number;
  /**
   * Whether what they told is enough; else they are asked again as long as that time lasts. Absent:
   * it is.
   */
  readonly isTold?: (scene: Scene, given: Arguments) => boolean;
  /** A connection that the node is to try first, or null for none. */
  readonly attempt?: (scene: Scene, given: Arguments) => Attempt | null;
  readonly decide: (scene: Scene, given: Arguments) => Decision<Body>;
  /** The same, in pieces; absent: it never takes long. */
  readonly decideInPieces?: (
    scene: Scene,
    given: Arguments,
    meter: Meter,
  ) => Generator<void, Decision<Body>>;
  readonly show: (body: Body) => Shown;
}

/**
 * A verb that the CLI carries out on this VM by itself, with or without a daemon and a mesh: for
 * when nothing else helps. Needs root.
 */
export interface LocalVerb extends Pick<Verb, 'name' | 'help' | 'example' | 'inputs'> {
  /** The one command to run. */
  readonly command: (given: Arguments) => {
    readonly argv: readonly string[];
    readonly stdin: string;
  };
  /** What came of it. Fault 'refused' when it failed. */
  readonly answer: (result: HostResult, given: Arguments) => Readonly<Record<string, unknown>>;
  readonly show: (body: unknown) => Shown;
}

/** What a change would do to one member's host. */
export interface Effect {
  readonly member: string;
  /** What comes and what goes, in the words of the host. */
  readonly comes: readonly string[];
  readonly goes: readonly string[];
}

/** Forgets a verb's own type of answer: `show` is only given what `decide` answered. */
export const verb = <Body>(of: Verb<Body>): Verb => ({
  ...of,
  show: (body) => of.show(body as Body),
});

/** The same of a verb that may take long. */
export const verbInPieces = <Body>(
  of: Omit<Verb<Body>, 'decide'> & Required<Pick<Verb<Body>, 'decideInPieces'>>,
): Verb =>
  verb({ ...of, decide: (scene, given) => finish(of.decideInPieces(scene, given, UNMETERED)) });

/** The verbs of one service, and what it takes to plan them. */
export interface Verbs {
  /** Of the service, for the help: `firewall`'s is `what may pass between whom`. */
  readonly help: string;
  readonly verbs: readonly Verb[];
  readonly local: readonly LocalVerb[];
  /** What verbs of two words are about, by the first. */
  readonly families: Readonly<Record<string, string>>;
  /** Works out in pieces what every verb needs of a view. Absent: that never takes long. */
  readonly digest?: (view: View, meter: Meter) => Generator<void, void>;
  /**
   * Fault 'refused' when a change that is not this service's own, of labels or by taking what had
   * lost, breaks what operators asked of it. `isForced`: they said --force. In pieces. Gives what a
   * person should know of it all the same, a line each. Absent: nothing does.
   */
  readonly mustUphold?: (
    scene: Scene,
    after: View,
    isForced: boolean,
    meter: Meter,
  ) => Generator<void, readonly string[]>;
  /**
   * What a change of the view does to each member's host, in pieces. Members without effect are
   * left out.
   */
  readonly effects: (
    before: View,
    after: View,
    scene: Scene,
    meter: Meter,
  ) => Generator<void, readonly Effect[]>;
}

/** A service as who runs verbs sees it. */
export interface Offer {
  readonly name: string;
  readonly verbs?: Verbs;
}
