import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import { readArguments } from '../services/arguments.ts';
import { after, threeMembers } from '../services/firewall/verbs/test-ask.ts';
import { firewallVerbs } from '../services/firewall/verbs/verbs.ts';
import { after as balanced, fourMembers } from '../services/lb/verbs/test-ask.ts';
import { lbVerbs } from '../services/lb/verbs/verbs.ts';
import { HOSTILE, sceneOf } from '../services/test-ask.ts';
import type { Input, Verb, Verbs } from '../services/verb.ts';
import { done, type Ran, run } from './test-local.ts';

/** A switch as it is typed. */
const SET = 'set';
/** What a good line of each verb of a service has beside the value that is bad. */
type Good = Readonly<Record<string, Readonly<Record<string, string>>>>;
const FIREWALL_GOOD: Good = {
  allow: { traffic: 'tcp/443' },
  deny: { traffic: 'tcp/443' },
  reject: { traffic: 'tcp/443' },
  delete: { names: 'web' },
  default: { direction: 'in', action: 'allow' },
  'group set': { name: 'g', members: 'vm1' },
  'group delete': { name: 'known' },
  trace: { from: 'vm1', to: 'vm2', traffic: 'tcp/443' },
  'test add': { name: 'n', from: 'vm1', to: 'vm2', traffic: 'tcp/443', expect: 'allow' },
  'test delete': { name: 't' },
  import: { file: 'good.json' },
  list: {},
  'group list': {},
  'default list': {},
  'test list': {},
  test: {},
  confirm: { undo: SET },
  open: {},
};
const LB_GOOD: Good = {
  create: { name: 'web', listen: '80', to: 'vm2' },
  edit: { name: 'known' },
  list: {},
  show: { name: 'known' },
  drain: { name: 'known', members: 'vm2' },
  undrain: { name: 'known', members: 'vm2' },
  delete: { names: 'known' },
  import: { file: 'balancer.json' },
};
const FILES = {
  'good.json': '{"policy":"denyall"}',
  'balancer.json': '{"lb.port":"80","lb.mode":"source","lb.node":"vm2"}',
};

/** A service, with what its good lines speak of. */
interface Ware {
  readonly service: string;
  readonly verbs: Verbs;
  readonly good: Good;
  readonly view: View;
}

const FIREWALL: Ware = {
  service: 'firewall',
  verbs: firewallVerbs,
  good: FIREWALL_GOOD,
  view: after(
    threeMembers(),
    ['group set', { name: 'known', members: ['vm1'] }],
    ['allow', { traffic: 'tcp/80', name: 'web' }],
    ['test add', { name: 't', from: 'vm1', to: 'vm2', traffic: 'tcp/80', expect: 'allow' }],
    ['deny', { traffic: 'tcp/9', confirm: 2_000_000 }],
  ),
};
const LB: Ware = {
  service: 'lb',
  verbs: lbVerbs,
  good: LB_GOOD,
  view: balanced(fourMembers(), [
    'create',
    { name: 'known', listen: '80', to: ['vm2', 'vm3'], drain: 1_000 },
  ]),
};

/** A line: flags, then words, so that none of these is taken for a flag. */
const lineOf = (
  { service, good }: Ware,
  { name, inputs }: Pick<Verb, 'name' | 'inputs'>,
  bad: Input | null,
  text: string,
): string[] => {
  const flags: string[] = [];
  const words: string[] = [];
  for (const input of inputs) {
    const value = input === bad ? text : good[name]?.[input.name];
    if (value === undefined) continue;
    if (input.as === 'word') words.push(value);
    else if (input.kind === 'switch')
      flags.push(`--${input.name}${value === SET ? '' : `=${value}`}`);
    else flags.push(`--${input.name}`, value);
  }
  return [service, ...name.split(' '), ...flags, '--', ...words];
};

const STOP = new Fault('refused', { field: 'stop', value: 'here', why: 'a test', remedy: 'none' });

/** What a line comes to: a refusal of the command line, or of the verb that it asks for. */
async function comesTo(ware: Ware, name: string, argv: readonly string[]): Promise<Fault | Ran> {
  const { service, verbs, view } = ware;
  const answers = { [`POST /v1/services/${service}/${name.replace(' ', '/')}`]: STOP };
  const offered = [{ name: service, verbs }];
  const ran = await run(argv, { answers, files: FILES, input: '', services: offered });
  const [request] = ran.requests;
  const verb = verbs.verbs.find((each) => each.name === name);
  if (request === undefined || verb === undefined) return ran;
  const { arguments: typed } = request.body as { readonly arguments: unknown };
  try {
    verb.decide(sceneOf({ view }), readArguments(verb.inputs, typed));
    return ran;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** What is wrong, or null: it names the field and a remedy, in one line, and did nothing. */
function flawOf(come: Fault | Ran, field: string): string | null {
  if (come instanceof Fault) {
    const { value, why, remedy } = come.facts;
    const isWhole = [value, why, remedy].every((part) => part !== '');
    return come.code === 'refused' && come.facts.field === field && isWhole ? null : come.message;
  }
  const { status, out, err, acts, requests } = come;
  const isRefused = (status === 2 || status === 3) && out === '' && requests.length === 0;
  const isLine = /^[^\n]+; [^\n]+\n$/.test(err) && err.length < 600 && err.includes(field);
  const isIdle = !acts.some(([act]) => act === 'runHere');
  return isRefused && isLine && isIdle ? null : `${status}: ${err}${out}`;
}

/** What is wrong with how a service takes such texts, a line each. */
async function flawsOf(ware: Ware): Promise<readonly string[]> {
  const flaws: string[] = [];
  const seen = new Set<string>();
  for (const verb of [...ware.verbs.verbs, ...ware.verbs.local]) {
    const { name, inputs } = verb;
    assert.ok(ware.good[name] !== undefined, `${name} has no good line`);
    const good = await comesTo(ware, name, lineOf(ware, verb, null, ''));
    assert.ok(!(good instanceof Fault), `${name}: ${good instanceof Fault ? good.message : ''}`);
    for (const input of inputs) {
      const declared = JSON.stringify([input.as === 'word' ? name : '', input]);
      if (seen.has(declared)) continue;
      seen.add(declared);
      for (const text of HOSTILE) {
        const come = await comesTo(ware, name, lineOf(ware, verb, input, text));
        const flaw = flawOf(come, input.name);
        const where = `${name} ${input.name} ${JSON.stringify(text.slice(0, 20))}`;
        if (flaw !== null) flaws.push(`${where}: ${flaw.slice(0, 200)}`);
      }
    }
  }
  return flaws;
}

test('hostile: every word and flag of every verb refuses every such text', async () => {
  // Goal: field, value, remedy, and nothing done, from the command line on. Method: all verbs by
  // their own declarations, flags that several declare alike once; each
  // text in each place; a good line of each passes, and so does a comment of many signs, which is
  // kept as it was typed.
  for (const ware of [FIREWALL, LB]) assert.equal((await flawsOf(ware)).join('\n'), '');
  const comment = 'for Jörg: see ops/42 (web) #7';
  const line = ['firewall', 'allow', 'tcp/443', '--comment', comment];
  const kept = await comesTo(FIREWALL, 'allow', line);
  assert.ok(!(kept instanceof Fault));
  const sent = { arguments: { traffic: 'tcp/443', comment }, caller: null };
  assert.deepEqual(kept.requests[0]?.body, sent);
});

/** What a hostile member may publish or write into its log: each kind that drives a terminal. */
const PAINTING: readonly string[] = [
  ...HOSTILE.slice(0, -1),
  ...['\u001b[2J', '\u009b2J', 'a\u0085b', 'a\u007fb', 'two\nlines \u009b31m', 'k: \u202ev'],
  ...['\u2066x\u2069', '\u2028', 'a\u2029b', '\u{e0041}', '\ufeffa', `${'long '.repeat(40)}\u009d`],
];

test('hostile: what a member says drives no terminal, in any format', async () => {
  // Goal: a program reads what was said, a terminal obeys none of it. Method: each text as a value
  // and as a name, alone and in a stream; read back, and looked through for what is not text.
  const obeyed = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
  const events = PAINTING.map((text) => ({ time: 't', kind: 'joined', [`x${text}`]: text, text }));
  const answers = {
    'GET /v1/events': done({ events, cursor: '1-0' }),
    'GET /v1/consent': done({ services: PAINTING, allowRun: false, eligible: true }),
  };
  const read = { yaml: parse, json: (text: string): unknown => JSON.parse(text) };
  for (const format of ['yaml', 'json'] as const) {
    const { out } = await run(['consent', '-o', format], { answers });
    assert.doesNotMatch(out.replaceAll('\n', ''), obeyed);
    assert.deepEqual(read[format](out), { services: PAINTING, allowRun: false, eligible: true });
    const stream = (await run(['events', '-o', format], { answers })).out;
    assert.doesNotMatch(stream.replaceAll('\n', ''), obeyed);
    const told =
      format === 'yaml'
        ? parse(stream)
        : stream
            .trimEnd()
            .split('\n')
            .map((one) => read.json(one));
    assert.deepEqual(told, events);
  }
  for (const line of ['events', 'consent']) {
    const { out } = await run([line], { answers });
    assert.doesNotMatch(out.replaceAll('\n', '').replaceAll('�', ''), obeyed, line);
  }
});
