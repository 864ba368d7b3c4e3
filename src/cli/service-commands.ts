/**
 * Loop: service commands — a command for each verb of each service, made from what the service
 * declares; nothing here knows any of them.
 *
 * `plan` before a verb shows what it would change instead of changing it.
 */
import { Argument, Command, Option } from 'commander';
import type { Plan } from '../node/verbs.ts';
import { readArguments } from '../services/arguments.ts';
import type { Input, LocalVerb, Offer, Shown, Verb, Verbs } from '../services/verb.ts';
import { readDuration } from './duration.ts';
import type { Local } from './local.ts';
import { wrapText } from './plain-text.ts';
import type { Session } from './session.ts';
import { type Page, renderTable } from './table.ts';

type Open = (command: Command) => Session;

/** What all commands of one service need. */
interface Shop {
  readonly service: string;
  readonly verbs: Verbs;
  readonly local: Local;
  readonly session: Open;
}

/** The commands of the services that this build carries. */
export const serviceCommands = (
  local: Local,
  session: Open,
  services: readonly Offer[],
): readonly Command[] =>
  services.flatMap(({ name: service, verbs }) =>
    verbs === undefined ? [] : [serviceCommand({ service, verbs, local, session })],
  );

function serviceCommand(shop: Shop): Command {
  const { service, verbs } = shop;
  const command = new Command(service).description(verbs.help);
  const [first] = verbs.verbs;
  if (first !== undefined) withExample(command, `${service} ${first.name} ${first.example}`);
  addVerbs(command, shop, verbs.verbs, false);
  for (const verb of verbs.local) command.addCommand(localCommand(shop, verb));
  const planned = verbs.verbs.filter(({ canPlan }) => canPlan === true);
  const [example] = planned;
  if (example === undefined) return command;
  const plan = new Command('plan').description('show what a change would do, and change nothing');
  withExample(plan, `${service} plan ${example.name} ${example.example}`);
  addVerbs(plan, shop, planned, true);
  return command.addCommand(plan);
}

/** Verbs of two words stand below a command of the first. */
function addVerbs(parent: Command, shop: Shop, verbs: readonly Verb[], isPlan: boolean): void {
  for (const verb of verbs) {
    const [first = '', second] = verb.name.split(' ');
    if (second === undefined) {
      parent.addCommand(verbCommand(shop, verb, first, isPlan));
      continue;
    }
    let family = parent.commands.find((one) => one.name() === first);
    if (family === undefined) {
      family = new Command(first).description(shop.verbs.families[first] ?? first);
      withExample(family, `${shop.service} ${verb.name} ${verb.example}`);
      parent.addCommand(family);
    }
    family.addCommand(verbCommand(shop, verb, second, isPlan));
  }
}

const withExample = (command: Command, line: string): Command =>
  command.addHelpText('after', `\nExample:\n  cnsmo ${line.trim()}\n`);

function verbCommand(shop: Shop, verb: Verb, name: string, isPlan: boolean): Command {
  const { service, local, session } = shop;
  const command = new Command(name).description(verb.help);
  for (const input of verb.inputs) addInput(command, input);
  const line = `${service} ${isPlan ? 'plan ' : ''}${verb.name} ${verb.example}`;
  return withExample(command, line).action(async (...called: readonly unknown[]) => {
    const open = session(command);
    const body = {
      arguments: await argumentsOf(local, verb.inputs, called, command.opts()),
      caller: await local.caller(),
      ...(isPlan ? { plan: true } : {}),
    };
    const path = ['/v1/services', service, ...verb.name.split(' ')].join('/');
    const asked = open.call('POST', path, body);
    const answer = await open.patiently(`${service} ${verb.name}`, asked);
    await open.show(answer, (page) =>
      isPlan ? renderPlan(page, answer as Plan) : renderShown(page, verb.show(answer)),
    );
  });
}

function localCommand({ service, local, session }: Shop, verb: LocalVerb): Command {
  const command = new Command(verb.name).description(verb.help);
  for (const input of verb.inputs) addInput(command, input);
  const line = `${service} ${verb.name} ${verb.example}`;
  return withExample(command, line).action(async (...called: readonly unknown[]) => {
    const open = session(command);
    const typed = await argumentsOf(local, verb.inputs, called, command.opts());
    const given = readArguments(verb.inputs, typed);
    const { argv, stdin } = verb.command(given);
    const body = verb.answer(await local.runHere(argv, stdin), given);
    await open.show(body, (page) => renderShown(page, verb.show(body)));
  });
}

function addInput(command: Command, input: Input): void {
  const { name, kind, help } = input;
  if (input.as === 'word') {
    const shape = kind === 'texts' ? `${name}...` : name;
    command.addArgument(new Argument(input.isNeeded === true ? `<${shape}>` : `[${shape}]`, help));
    return;
  }
  const flag = kind === 'switch' ? `--${name}` : `--${name} <${input.value ?? name}>`;
  const option = new Option(flag, help);
  if (kind === 'texts') {
    option.argParser<readonly string[] | undefined>((text, before) => [...(before ?? []), text]);
  }
  command.addOption(option);
}

/** What was typed, by the names that the verb declared. */
async function argumentsOf(
  local: Local,
  inputs: readonly Input[],
  words: readonly unknown[],
  flags: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const given: Record<string, unknown> = {};
  let at = 0;
  for (const input of inputs) {
    const typed = input.as === 'word' ? words[at++] : flags[flagKey(input.name)];
    if (typed === undefined) continue;
    if (Array.isArray(typed) && typed.length === 0) continue;
    given[input.name] = await readTyped(local, input, typed);
  }
  return given;
}

/** Commander's name of a flag. */
const flagKey = (name: string): string =>
  name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

async function readTyped(local: Local, { name, kind }: Input, typed: unknown): Promise<unknown> {
  if (typeof typed !== 'string') return typed;
  if (kind === 'content') return typed === '-' ? local.readInput() : local.readSecret(typed);
  if (kind === 'duration') return readDuration(name, typed);
  return kind === 'count' && /^-?\d{1,15}$/.test(typed) ? Number(typed) : typed;
}

function renderShown(page: Page, { table, lines = [] }: Shown): string {
  const rows = table === undefined || table.rows.length === 0 ? '' : tableOf(page, table);
  const text = lines.map((line) => `${wrapText(line, page.columns, '  ')}\n`).join('');
  return rows !== '' && text !== '' ? `${rows}\n${text}` : rows + text;
}

const tableOf = (page: Page, { columns, rows }: NonNullable<Shown['table']>): string =>
  renderTable(page, columns, rows);

function renderPlan(page: Page, { effects }: Plan): string {
  if (effects.length === 0) return 'Nothing would change on any member.\n';
  const { paint } = page;
  return effects
    .map(({ member, comes, goes }) =>
      [
        `${paint('strong', member)}: ${comes.length} to come, ${goes.length} to go\n`,
        ...goes.map((line) => `  ${paint('bad', `- ${line}`)}\n`),
        ...comes.map((line) => `  ${paint('good', `+ ${line}`)}\n`),
      ].join(''),
    )
    .join('');
}
