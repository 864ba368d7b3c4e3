/**
 * Loop: cli — argv to a request on the local API, and the answer to text; a client and nothing
 * more.
 *
 * Exit status: 0 done, 2 unknown command or flag, 3 not acceptable, 4 no daemon, 5 timed out, 6 a
 * leave that needs help, 1 anything else. An error is one line on stderr, `field: value: why;
 * remedy`, or an object with `-o json`.
 */
import { Command, CommanderError, Option } from 'commander';
import { FAULT_STATUS, Fault } from '../fault.ts';
import { SERVICES } from '../services/registry.ts';
import type { Offer } from '../services/verb.ts';
import { backupCommands } from './backup-commands.ts';
import type { Local } from './local.ts';
import { memberCommands } from './member-commands.ts';
import { meshCommands } from './mesh-commands.ts';
import { openSession } from './open-session.ts';
import { showOverview } from './overview.ts';
import { plainJson, plainText } from './plain-text.ts';
import { serviceCommands } from './service-commands.ts';
import type { Session } from './session.ts';
import { type Stand, usageFault } from './usage-fault.ts';

/** Runs one command line; resolves to its exit status. Never throws. */
export async function runCli(
  argv: readonly string[],
  local: Local,
  services: readonly Offer[] = SERVICES,
): Promise<number> {
  const program = buildProgram(local, services);
  try {
    await obey(program, asTyped(argv), local);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const fault = onALine(faultFrom(error, program));
    const isJson = argv.some((word, i) => word === '-ojson' || isJsonFlag(argv, word, i));
    const line = isJson ? plainJson({ error: fault.facts }) : plainText(fault.message);
    local.err(`${line}\n`);
    return FAULT_STATUS[fault.code].exit;
  }
}

async function obey(program: Command, argv: readonly string[], local: Local): Promise<void> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    const isBare = error instanceof CommanderError && error.code === 'commander.help';
    if (!isBare || program.args.length > 0) throw error;
    const open = openSession(program, local);
    if (open.isQuiet) throw error; // An overview is all hints.
    await showOverview(local, open);
  }
}

/** `cnsmo help invite` is what other programs taught people to type. */
const asTyped = (argv: readonly string[]): readonly string[] =>
  argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;

const isJsonFlag = (argv: readonly string[], word: string, index: number): boolean =>
  word === '--output=json' ||
  ((word === '-o' || word === '--output') && argv[index + 1] === 'json');

function faultFrom(error: unknown, program: Command): Fault {
  if (error instanceof Fault) return error;
  return error instanceof CommanderError ? usageFault(error, standOf(program)) : unexpected(error);
}

/** How much of a text is told that somebody typed, who may have typed anything. Characters. */
const TOLD_MAX = 200;
const QUOTE_MAX = 60;

/** The fault, no longer than a person reads. */
function onALine(fault: Fault): Fault {
  const { field, value, why, remedy } = fault.facts;
  if (value.length <= TOLD_MAX && why.length <= 2 * TOLD_MAX) return fault;
  const quoted = `${value.slice(0, QUOTE_MAX)}… (${value.length})`;
  const facts = { field, value: quoted, why: why.slice(0, 2 * TOLD_MAX), remedy };
  return new Fault(fault.code, facts, fault);
}

/** The innermost command on the line, and what stood behind it. */
function standOf(program: Command): Stand {
  const path: string[] = [];
  for (let at: Command | undefined = program; at !== undefined; ) {
    const { args, commands }: Command = at;
    path.push(at.name());
    const next: Command | undefined = commands.find((command) => command.name() === args[0]);
    if (next === undefined) {
      return { path: path.join(' '), commands: commands.map((one) => one.name()), words: args };
    }
    at = next;
  }
  throw new Error('no command at all');
}

const unexpected = (error: unknown): Fault =>
  new Fault('internal', {
    field: 'cnsmo',
    value: error instanceof Error ? error.message : String(error),
    why: 'an error that should not happen',
    remedy: 'run the command again; if it stays, report it with the log',
  });

/** Help fits 80 columns everywhere, and a command's line names its arguments only. */
const HELP = {
  helpWidth: 80,
  minWidthToWrap: 20,
  subcommandTerm: (command: Command): string => {
    const words = command.registeredArguments.map((argument) => {
      const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? `<${name}>` : `[${name}]`;
    });
    return [command.name(), ...words].join(' ');
  },
};

function buildProgram(local: Local, services: readonly Offer[]): Command {
  const program = new Command('cnsmo')
    .description('VPN, firewall and load balancing for your Linux VMs, without a central server')
    .version(local.version, '--version', 'version and commit')
    .addHelpText('after', '\nExample:\n  cnsmo init && cnsmo invite\n')
    .helpCommand(false)
    .showHelpAfterError(false)
    .exitOverride()
    .configureHelp(HELP)
    .configureOutput({ writeOut: local.out, writeErr: () => undefined });
  addCommon(program);
  const session = (command: Command): Session => openSession(command, local);
  const commands = [
    ...memberCommands(local, session),
    ...meshCommands(local, session),
    ...serviceCommands(local, session, services),
    ...backupCommands(local, session),
  ];
  for (const command of commands) program.addCommand(withCommon(command, local));
  return program;
}

/** The flags that every command takes, on the command itself and on its sub-commands. */
function withCommon(command: Command, local: Local): Command {
  addCommon(command)
    .helpCommand(false)
    .exitOverride()
    .configureHelp(HELP)
    .configureOutput({ writeOut: local.out, writeErr: () => undefined });
  for (const sub of command.commands) withCommon(sub, local);
  return command;
}

/** Starting takes 180 s, stopping 60, a join as long as it gets on: see `Watch.timeoutMs`. */
const TIMEOUT_TEXT = 'what the command needs, mostly 30s';

function addCommon(command: Command): Command {
  const flags = [
    new Option('--state <dir>', 'state directory').env('CNSMO_STATE').default('/var/lib/cnsmo'),
    new Option('--run <dir>', 'run directory').env('CNSMO_RUN').default('/run/cnsmo'),
    new Option('-o, --output <format>', 'output')
      .choices(['table', 'json', 'yaml'])
      .default('table'),
    new Option('--yes', 'assume yes'),
    new Option('--timeout <duration>', 'longest wait').default('30s', TIMEOUT_TEXT),
    new Option('-q, --quiet', 'no progress and no hints'),
  ];
  for (const flag of flags) command.addOption(flag.helpGroup('Common:'));
  return command.addHelpOption(
    new Option('-h, --help', 'help, with an example').helpGroup('Common:'),
  );
}
