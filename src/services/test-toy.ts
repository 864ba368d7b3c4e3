/**
 * Rule: test toy — a service that nothing knows, with a verb of every kind, for tests only.
 */
import { intentPath } from '../crdt/paths.ts';
import { Fault } from '../fault.ts';
import { type LocalVerb, type Offer, type Verb, verb } from './verb.ts';

const pathOf = (name: string): string => intentPath({ service: 'toy', kind: 'thing', name });

const put: Verb = verb({
  name: 'put',
  help: 'put a thing somewhere',
  example: 'ball --near tree',
  inputs: [
    { name: 'thing', as: 'word', kind: 'text', help: 'its name', isNeeded: true },
    { name: 'places', as: 'word', kind: 'texts', help: 'where' },
    { name: 'near', as: 'flag', kind: 'texts', help: 'what else is there', value: 'what' },
    { name: 'how-many', as: 'flag', kind: 'count', help: 'of them', range: [1, 9] },
    { name: 'for', as: 'flag', kind: 'duration', help: 'how long', range: [1_000, 60_000] },
    { name: 'gently', as: 'flag', kind: 'switch', help: 'with care' },
    { name: 'note', as: 'flag', kind: 'content', help: 'a file', value: 'file' },
  ],
  needs: 'operator',
  canPlan: true,
  decide: ({ caller, nonce }, given) => {
    const thing = given.text('thing') ?? '';
    if (thing === 'void') {
      throw new Fault('refused', {
        field: 'thing',
        value: thing,
        why: 'is none',
        remedy: 'try on',
      });
    }
    const value = {
      places: given.texts('places'),
      near: given.texts('near'),
      count: given.number('how-many'),
      forMs: given.number('for'),
      isGentle: given.isSet('gently'),
      note: given.text('note'),
    };
    return {
      edits: [{ path: pathOf(thing), value }],
      body: { put: thing, from: caller?.remote.host ?? null, nonce },
    };
  },
  show: ({ put: thing }) => ({ lines: [`${thing} is put.`] }),
});

/** A verb of two words that only an operator may use. */
const putBelow: Verb = { ...put, name: 'things put' };

const list: Verb = verb({
  name: 'things list',
  help: 'all things',
  example: '',
  inputs: [],
  needs: 'anybody',
  standingsMs: () => 1_000,
  decide: ({ view, standings }) => ({
    edits: [],
    body: view.intent.map(({ name }) => ({ name, asked: standings.size })),
  }),
  show: (things) => ({
    table: {
      columns: [{ heading: 'THING' }, { heading: 'ASKED' }],
      rows: things.map(({ name, asked }) => [name, { text: String(asked), tone: 'good' }]),
    },
    lines: [`${things.length} things`],
  }),
});

const shake: LocalVerb = {
  name: 'shake',
  help: 'shake the box, mesh or no mesh',
  example: '--for 5s',
  inputs: [{ name: 'for', as: 'flag', kind: 'duration', help: 'how long', range: [1_000, 60_000] }],
  command: (given) => ({ argv: ['shaker', '-'], stdin: `${given.number('for') ?? 1_000}` }),
  answer: ({ status, stdout }) => {
    if (status === 0) return { shaken: stdout };
    throw new Fault('refused', { field: 'box', value: 'it', why: 'is stuck', remedy: 'pull' });
  },
  show: (body) => ({ lines: [JSON.stringify(body)] }),
};

/** The toy, as the node and the CLI see it. */
export const TOY: Offer = {
  name: 'toy',
  verbs: {
    help: 'things to play with',
    verbs: [put, putBelow, list],
    local: [shake],
    families: { things: 'what is there' },
    *mustUphold({ caller }, after, isForced) {
      yield;
      const who = after.members.find(({ labels }) => labels.taboo === 'yes')?.name;
      if (who === undefined) return [];
      if (isForced) return [`taboo is held no more by ${who}`];
      const value = `${who} from ${caller?.remote.host ?? 'here'}`;
      throw new Fault('refused', { field: 'taboo', value, why: 'is held', remedy: 'force it' });
    },
    *effects(before, after) {
      yield;
      const known = new Set(before.intent.map(({ path }) => path));
      const comes = after.intent.filter(({ path }) => !known.has(path)).map(({ name }) => name);
      return comes.length === 0 ? [] : [{ member: 'vm1', comes, goes: [] }];
    },
  },
};
