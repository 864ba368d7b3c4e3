/**
 * Rule: lb drain — backends that take no new connection of a balancer, by an operator's word; what
 * they have they may end, as long as the balancer says.
 */
import type { View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import { mustBeFew } from '../../selectors/typed.ts';
import { durationText } from '../../typed-words.ts';
import { type Arguments, type Input, type Scene, type Verb, verb } from '../../verb.ts';
import { type Backend, type Balancer, backendsOf, balancersOf } from '../balancers.ts';
import { drainEdit, mustKnow, nameInput, namesOf } from './objects.ts';

interface Drained {
  readonly name: string;
  /** What changed. */
  readonly members: readonly string[];
  /** What was so already. */
  readonly already: readonly string[];
  /** Who takes new connections now. */
  readonly serving: readonly string[];
  readonly drainMs: number;
  /** Who takes none all the same, for its whole VM drains. */
  readonly stillDraining: readonly string[];
}

const INPUTS: readonly Input[] = [
  nameInput('the balancer, as list shows it'),
  { name: 'members', as: 'word', kind: 'texts', help: 'backends, by name', isNeeded: true },
];
const FORCE: Input = {
  ...{ name: 'force', as: 'flag', kind: 'switch' },
  help: 'also the last one that takes connections',
};

const draining = (isDrain: boolean, more: readonly Input[]): Verb =>
  verb<Drained>({
    name: isDrain ? 'drain' : 'undrain',
    help: isDrain
      ? 'give backends no new connections, and end what they have after the time of --drain'
      : 'give them new connections again',
    example: 'web vm2',
    inputs: [...INPUTS, ...more],
    needs: 'operator',
    canPlan: true,
    decide: (scene, given) => decide(scene, given, isDrain),
    show: (body) => (isDrain ? showDrained(body) : showUndrained(body)),
  });

/** `drain` and `undrain`. */
export const drainVerbs: readonly Verb[] = [draining(true, [FORCE]), draining(false, [])];

function decide(scene: Scene, given: Arguments, isDrain: boolean) {
  const { view, wallMs } = scene;
  const balancer = mustKnow(view, given.text('name') ?? '');
  const all = backendsOf(view, balancer);
  const meant = readBackends(view, balancer, all, given.texts('members'));
  const changing = meant.filter(({ drainedMs }) => (drainedMs === null) === isDrain);
  const ids = new Set(meant.map(({ member }) => member.id));
  const serving = all.filter(({ member, isDraining }) =>
    ids.has(member.id) ? !isDrain && !member.isDraining : !isDraining,
  );
  if (isDrain && serving.length === 0 && changing.length > 0 && !given.isSet('force')) {
    const why = 'nobody is left that takes new connections';
    throw refuse(
      'members',
      namesOf(membersOf(meant)).join(' '),
      why,
      'undrain others first, or add --force',
    );
  }
  const edits = changing.map(({ member }) => {
    const of = new Map(balancersOf(view).drains.get(member.id) ?? []);
    if (isDrain) of.set(balancer.name, wallMs);
    else of.delete(balancer.name);
    return drainEdit(member.id, of);
  });
  const body: Drained = {
    ...{
      name: balancer.name,
      members: namesOf(membersOf(changing)),
      serving: namesOf(membersOf(serving)),
    },
    already: namesOf(membersOf(meant.filter((each) => !changing.includes(each)))),
    drainMs: balancer.drainMs,
    stillDraining: isDrain
      ? []
      : namesOf(membersOf(meant.filter(({ member }) => member.isDraining))),
  };
  return { edits, body };
}

const membersOf = (backends: readonly Backend[]) => backends.map(({ member }) => member);

function readBackends(
  view: View,
  balancer: Balancer,
  all: readonly Backend[],
  texts: readonly string[],
): readonly Backend[] {
  mustBeFew('members', texts);
  if (texts.length === 0) throw refuse('members', '', 'names nobody', 'name a backend');
  return [...new Set(texts)].map((text) => {
    const backend = all.find(({ member }) => member.name === text || member.id === text);
    if (backend !== undefined) return backend;
    const isMember = view.members.some(({ name, hasLeft }) => name === text && !hasLeft);
    const why = isMember ? `is no backend of ${balancer.name}` : 'no member of that name';
    throw refuse('members', text, why, `see cnsmo lb show ${balancer.name}`);
  });
}

const showDrained = ({ name, members, already, serving, drainMs }: Drained) => ({
  lines: [
    ...(members.length === 0
      ? []
      : [
          `No new connections of ${name} to ${members.join(', ')}; what they have is ended ` +
            `${drainMs === 0 ? 'at once' : `in ${durationText(drainMs)}`}.`,
          `To take it back: cnsmo lb undrain ${name} ${members.join(' ')}`,
        ]),
    ...alreadyLines(already, 'drained'),
    serving.length === 0
      ? `Note: nobody is left: new connections to ${name} are refused.`
      : `New connections go to ${serving.join(', ')}.`,
  ],
});

const showUndrained = ({ name, members, already, serving, stillDraining }: Drained) => ({
  lines: [
    ...(members.length === 0 ? [] : [`${members.join(', ')}: serves ${name} again.`]),
    ...alreadyLines(already, 'not drained'),
    ...stillDraining.map(
      (each) => `Note: ${each} drains as a whole; cnsmo undrain there ends that.`,
    ),
    ...(serving.length === 0 ? [] : [`New connections go to ${serving.join(', ')}.`]),
  ],
});

const alreadyLines = (already: readonly string[], how: string): readonly string[] =>
  already.length === 0 ? [] : [`${already.join(', ')}: ${how} already.`];
