/**
 * Edge: hostile — texts in which somebody's shell, rule file or terminal could find an order, in
 * every field that a person or a program can give to the firewall.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '../scenarios/world.ts';
import type { FaultFacts } from '../src/fault.ts';
import { cnsmo, obey } from './command-line.ts';
import { expectSame, meshState, networkState } from './host-state.ts';
import { tryVerb } from './outside-api.ts';
import type { Vm } from './vm.ts';
import type { RealWorld } from './world.ts';

/** What a text would make where something obeys it. */
const TRACE = '/run/obeyed';
const ORDER = `touch ${TRACE}`;

/** What can be an argument of a program. Its longest is 128 KiB, by Linux. */
const TYPED = [
  ...[`;${ORDER};`, `a'; ${ORDER}; '`, `a"; ${ORDER}; "`, `a\n${ORDER}\n`, `a\r\n${ORDER}`],
  ...[
    `$(${ORDER})`,
    `\`${ORDER}\``,
    '-f',
    '--force',
    `a|${ORDER}`,
    `a&${ORDER}`,
    'a\\',
    '{ drop }',
  ],
  ...['../../run/obeyed', '\u202egnp', '%s%n', 'x'.repeat(100_000)],
];
const HOSTILE = [...TYPED, '', 'a\0b', 'x'.repeat(1_048_576)];

/** Where a value goes: verb, the good arguments beside it, and how it is put among them. */
interface Place {
  readonly verb: string;
  readonly field: string;
  readonly beside: Readonly<Record<string, unknown>>;
  readonly put: (text: string) => Readonly<Record<string, unknown>>;
}

const at = (
  verb: string,
  field: string,
  beside: Place['beside'],
  put: Place['put'] = (text) => ({ [field]: text }),
): Place => ({ verb, field, beside, put });

const listed = (field: string) => (text: string) => ({ [field]: ['vm1', text] });
const RULE = { traffic: 'tcp/443' };
const WAY = { from: 'vm1', to: 'vm2', traffic: 'tcp/443' };
const NEW = { ...WAY, name: 'n', expect: 'allow' };

const PLACES: readonly Place[] = [
  ...['allow', 'deny', 'reject'].flatMap((verb) => [
    ...['traffic', 'name', 'direction', 'zone', 'comment'].map((field) => at(verb, field, RULE)),
    ...['from', 'to', 'on'].map((field) => at(verb, field, RULE, listed(field))),
    at(verb, 'from', RULE, (text) => ({ from: [`${text}=web`] })),
    at(verb, 'from', RULE, (text) => ({ from: [`role=${text},`] })),
    at(verb, 'from', RULE, (text) => ({ from: [`group:${text}`] })),
    at(verb, 'traffic', {}, (text) => ({ traffic: `tcp/${text}` })),
  ]),
  at('allow', 'rate', RULE),
  ...['priority', 'for', 'confirm'].map((field) => at('deny', field, RULE)),
  ...['replace', 'disabled', 'log', 'force'].map((field) => at('deny', field, RULE)),
  at('allow', 'connections', RULE),
  at('delete', 'names', {}, (text) => ({ names: [text] })),
  at('group/set', 'name', { members: ['vm1'] }),
  at('group/set', 'members', { name: 'g' }, listed('members')),
  at('group/delete', 'name', {}),
  at('default', 'direction', { action: 'deny' }),
  at('default', 'action', { direction: 'in' }),
  at('default', 'zone', { direction: 'in', action: 'deny' }),
  at('default', 'manage', { direction: 'in', action: 'deny' }, (text) => ({ manage: [text] })),
  ...['from', 'to', 'traffic', 'zone'].map((field) => at('trace', field, WAY)),
  ...['name', 'from', 'to', 'traffic', 'zone', 'expect'].map((field) => at('test/add', field, NEW)),
  at('test/delete', 'name', {}),
  at('import', 'file', {}),
  at('import', 'on', { file: '{"policy":"denyall"}' }, (text) => ({ on: [text] })),
  at('confirm', 'trial', {}),
];

/** Lists that are far longer than a person writes. */
const THOUSANDS = Array.from({ length: 10_000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`);
const LISTS: readonly Place[] = [
  ...['from', 'to', 'on'].map((field) => at('allow', field, RULE)),
  at('delete', 'names', {}),
  at('group/set', 'members', { name: 'g' }),
  at('default', 'manage', { direction: 'in', action: 'deny' }),
];

/** An answer: one line of four parts, and of a length that a person reads. */
const LINE_MAX = 600;

/** How long a mesh has to have been still, and how long that is waited for. Unit: ms. */
const [STILL_MS, SETTLE_MS] = [1_500, 60_000];

/** Tries all of it at the first VM, an operator: nothing may come of it, there or elsewhere. */
export async function hostile(world: RealWorld, vms: readonly [Vm, ...Vm[]]): Promise<void> {
  const [vm] = vms;
  const states = async (): Promise<readonly string[]> => {
    // All that anybody said, and what it made of hosts; their disks also tell how time goes by.
    const each = vms.map(async (one) => [await obey(one, ['audit']), await networkState(one)]);
    return [await meshState(vm), ...(await Promise.all(each)).flat()];
  };
  // What came before may still be on its way to the others.
  let before = await states();
  const isStill = async (): Promise<boolean> => {
    const last = before;
    await sleep(STILL_MS);
    before = await states();
    return before.join() === last.join();
  };
  await world.eventually('all is still', isStill, SETTLE_MS);
  const wrong: string[] = [];
  for (const place of PLACES) {
    for (const text of HOSTILE) {
      wrong.push(...(await answered(vm, place, place.put(text), text.slice(0, 40))));
    }
  }
  for (const place of LISTS) {
    wrong.push(...(await answered(vm, place, { [place.field]: THOUSANDS }, 'thousands')));
  }
  for (const [index, text] of TYPED.entries()) wrong.push(...(await typed(vm, text, index)));
  expect(wrong.slice(0, 20).join('\n'), wrong.length === 0);
  for (const [index, state] of (await states()).entries()) {
    expectSame(`hostile texts: state ${index}`, before[index] ?? '', state);
  }
  for (const one of vms) await one.must(['test', '!', '-e', TRACE]);
}

/** What is wrong with the answer, if anything. */
async function answered(
  vm: Vm,
  place: Place,
  values: Readonly<Record<string, unknown>>,
  what: string,
): Promise<readonly string[]> {
  const body = { arguments: { ...place.beside, ...values } };
  const { status, text: answer } = await tryVerb(vm, 'firewall', place.verb, body);
  const { error } = JSON.parse(answer) as { readonly error?: FaultFacts };
  const isGood =
    status === 409 &&
    error?.field === place.field &&
    [error.value, error.why, error.remedy].every((part) => part !== '') &&
    answer.length <= LINE_MAX;
  if (isGood) return [];
  return [`${place.verb} ${place.field} ${JSON.stringify(what)}: ${status} ${answer}`];
}

/** The same at the command line, one field for each text. */
async function typed(vm: Vm, text: string, index: number): Promise<readonly string[]> {
  const words = [
    ['allow', text],
    ['deny', 'tcp/443', '--from', text],
    ['allow', 'tcp/443', '--name', text],
    ['allow', 'tcp/443', '--comment', text],
    ['delete', text],
    ['plan', 'deny', 'tcp/443', '--on', text],
    ['deny', 'tcp/443', '--for', text],
    ['group', 'set', text, 'vm1'],
    ['import', text],
    ['allow', 'tcp/443', '--priority', text],
    ['open', '--for', text],
  ];
  const argv = words[index % words.length] ?? [];
  const { status, stdout, stderr } = await cnsmo(vm, ['firewall', ...argv]);
  const isRefused = (status === 2 || status === 3) && stdout === '' && stderr.length <= LINE_MAX;
  return isRefused ? [] : [`cnsmo ${argv.join(' ').slice(0, 60)}: ${status}: ${stdout}${stderr}`];
}
