/**
 * Rule: log events — what happened, in words: from what loops log.
 *
 * Of a line only what its row in `TOLD` takes passes; everything else stays in the log.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Picture } from './event-picture.ts';
import type { EventDraft } from './events.ts';
import { cutTo, fewOf } from './wording.ts';

/** As much of an id as is shown. Unit: characters. */
const ID_LENGTH = 12;

type Facts = Readonly<Record<string, unknown>>;

/** How much is told of each thing that a repair found. Unit: characters. */
const FOUND_LENGTH_MAX = 100;

const textIn = (facts: Facts, name: string): string => {
  const text = facts[name];
  return typeof text === 'string' ? text : '';
};
const listIn = (facts: Facts, name: string): readonly string[] => {
  const list = facts[name];
  return Array.isArray(list) ? list.map(String) : [];
};

/** What a log line says. `id`: of whom it concerns, where that is no name. */
type Line = Pick<EventDraft, 'kind' | 'text'> &
  Partial<Pick<EventDraft, 'member' | 'cause'>> & { readonly id?: string };

/** Log lines that are events, by their name. */
const TOLD: Readonly<Record<string, (facts: Facts) => Line>> = {
  agent: (facts) => {
    const [problem] = listIn(facts, 'problems');
    const state = textIn(facts, 'state');
    const text = `${textIn(facts, 'service')} is ${state}`;
    const isOld = problem === undefined || state.startsWith('stop');
    return { kind: 'service', text, cause: isOld ? null : problem };
  },
  'drift-repaired': (facts) => {
    const found = listIn(facts, 'found').map((one) => cutTo(one, FOUND_LENGTH_MAX));
    const text = `${textIn(facts, 'service')} repaired: ${fewOf(found, '; ')}`;
    return { kind: 'drift', text, cause: 'something else than cnsmo had changed it' };
  },
  conflict: (facts) => ({
    kind: 'conflict',
    member: textIn(facts, 'loser'),
    text: `what it said of ${textIn(facts, 'path')} does not hold; see cnsmo conflicts`,
    cause: `${textIn(facts, 'winner')} said otherwise at the same time`,
  }),
  'frame-refused': (facts) => ({
    kind: 'refused',
    id: textIn(facts, 'from'),
    text: 'sent a frame of the state that was refused',
    cause: `${textIn(facts, 'why')}: ${textIn(facts, 'detail')}`,
  }),
  'peer-muted': (facts) => {
    const isOfWords = facts.of === 'words';
    const what = isOfWords ? 'what services say' : 'the state';
    return {
      kind: 'refused',
      id: textIn(facts, 'peer'),
      text: `nothing of ${what} is taken from it for ${Number(facts.seconds)} s`,
      cause: isOfWords ? 'it sent what is none, or too much' : FRAMES_BAD,
    };
  },
  'join-refused': (facts) => ({
    kind: 'refused',
    text: `a join by invite ${textIn(facts, 'invite').slice(0, ID_LENGTH)}`,
    cause: textIn(facts, 'why'),
  }),
  'join-other-version': (facts) => ({
    kind: 'refused',
    text: `a join by invite ${textIn(facts, 'invite').slice(0, ID_LENGTH)}`,
    cause: otherVersion(facts),
  }),
  'key-used-elsewhere': (facts) => ({
    kind: 'alarm',
    text: 'another VM uses the key of this member, or its disk is an older copy',
    cause: textIn(facts, 'why'),
  }),
  'key-recovered': () => ({
    kind: 'alarm',
    text: 'over: this VM goes on as the only holder of its key',
    cause: 'cnsmo recover was run here',
  }),
  'cut-off': (facts) => ({
    kind: 'alarm',
    id: listIn(facts, 'by')[0] ?? '',
    text: 'answers and cuts this VM off',
    cause: 'this VM, or who let it in, may have been evicted; see cnsmo status',
  }),
  'cut-off-over': () => ({
    kind: 'alarm',
    text: 'over: no member cuts this VM off',
    cause: 'the last dials were answered otherwise',
  }),
  'version-mismatch': (facts) => ({
    kind: 'refused',
    id: textIn(facts, 'peer'),
    text: 'nothing is exchanged with it',
    cause: otherVersion(facts),
  }),
  'disk-trouble': (facts) => ({
    kind: 'alarm',
    text: `disk: it does not take ${textIn(facts, 'path')}`,
    cause: textIn(facts, 'why'),
  }),
  'disk-recovered': () => ({
    kind: 'alarm',
    text: 'disk: it takes what is written again',
    cause: 'a write went through',
  }),
  'journal-damaged': (facts) => ({
    kind: 'alarm',
    text: 'the journal was damaged; what is missing is fetched from others',
    cause: journalCause(facts),
  }),
};

const journalCause = ({ corrupt, torn }: Facts): string =>
  [
    ...(torn === true ? ['a write was cut off at its end'] : []),
    ...(Number(corrupt) > 0 ? [`places that do not read: ${Number(corrupt)}`] : []),
  ].join('; ');

const otherVersion = (facts: Facts): string =>
  `it speaks another version: wire ${Number(facts.wire)}, document ${Number(facts.document)}; ` +
  'run the same on both';

/** The event that a log line is, or null when it is none. `now`: who is called what. */
export function eventOfLog(
  line: string,
  facts: Facts,
  now: Pick<Picture, 'members'> | null,
): EventDraft | null {
  const tell = Object.hasOwn(TOLD, line) ? TOLD[line] : undefined;
  if (tell === undefined) return null;
  const { kind, text, member = null, id = '', cause = null } = tell(facts);
  const named = now?.members.get(id as MemberId)?.name ?? id.slice(0, ID_LENGTH);
  return { kind, member: member ?? (named === '' ? null : named), text, cause };
}

const FRAMES_BAD = 'it sent frames that are bad for everybody';
