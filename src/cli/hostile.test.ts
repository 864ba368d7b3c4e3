import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { readArguments } from '../services/arguments.ts';
import { after, HOSTILE, sceneOf, threeMembers } from '../services/firewall/verbs/test-ask.ts';
import { firewallVerbs } from '../services/firewall/verbs/verbs.ts';
import type { Input } from '../services/verb.ts';
import { type Ran, run } from './test-local.ts';

/** A switch as it is typed. */
const SET = 'set';
/** What a good line of each verb has beside the value that is bad. */
const GOOD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
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
const FILES = { 'good.json': '{"policy":"denyall"}' };

const view = after(
  threeMembers(),
  ['group set', { name: 'known', members: ['vm1'] }],
  ['allow', { traffic: 'tcp/80', name: 'web' }],
  ['test add', { name: 't', from: 'vm1', to: 'vm2', traffic: 'tcp/80', expect: 'allow' }],
  ['deny', { traffic: 'tcp/9', confirm: 2_000_000 }],
);

/** A line: flags, then words, so that none of these is taken for a flag. */
const lineOf = (
  name: string,
  inputs: readonly Input[],
  bad: Input | null,
  text: string,
): string[] => {
  const flags: string[] = [];
  const words: string[] = [];
  for (const input of inputs) {
    const value = input === bad ? text : GOOD[name]?.[input.name];
    if (value === undefined) continue;
    if (input.as === 'word') words.push(value);
    else if (input.kind === 'switch')
      flags.push(`--${input.name}${value === SET ? '' : `=${value}`}`);
    else flags.push(`--${input.name}`, value);
  }
  return ['firewall', ...name.split(' '), ...flags, '--', ...words];
};

const STOP = new Fault('refused', { field: 'stop', value: 'here', why: 'a test', remedy: 'none' });

/** What a line comes to: a refusal of the command line, or of the verb that it asks for. */
async function comesTo(name: string, argv: readonly string[], input = ''): Promise<Fault | Ran> {
  const answers = { [`POST /v1/services/firewall/${name.replace(' ', '/')}`]: STOP };
  const ran = await run(argv, { answers, files: FILES, input });
  const [request] = ran.requests;
  const verb = firewallVerbs.verbs.find((each) => each.name === name);
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

test('hostile: every word and flag of every verb refuses every such text', async () => {
  // Goal: field, value, remedy, and nothing done, from the command line on. Method: all verbs by
  // their own declarations, those that declare the same once; each text in each place; a good line
  // of each passes, and so does a comment of many signs, which is kept as it was typed.
  const flaws: string[] = [];
  const seen = new Set<string>();
  for (const { name, inputs } of [...firewallVerbs.verbs, ...firewallVerbs.local]) {
    assert.ok(GOOD[name] !== undefined, `${name} has no good line`);
    assert.ok(!((await comesTo(name, lineOf(name, inputs, null, ''))) instanceof Fault), name);
    const declared = JSON.stringify(inputs);
    for (const input of seen.has(declared) ? [] : inputs) {
      for (const text of HOSTILE) {
        const flaw = flawOf(await comesTo(name, lineOf(name, inputs, input, text)), input.name);
        const where = `${name} ${input.name} ${JSON.stringify(text.slice(0, 20))}`;
        if (flaw !== null) flaws.push(`${where}: ${flaw.slice(0, 200)}`);
      }
    }
    seen.add(declared);
  }
  assert.equal(flaws.join('\n'), '');
  const comment = 'for Jörg: see ops/42 (web) #7';
  const kept = await comesTo('allow', ['firewall', 'allow', 'tcp/443', '--comment', comment]);
  assert.ok(!(kept instanceof Fault));
  const sent = { arguments: { traffic: 'tcp/443', comment }, caller: null };
  assert.deepEqual(kept.requests[0]?.body, sent);
});
