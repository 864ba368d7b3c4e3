/**
 * Edge: command line — `cnsmo` as a person or a program types it in a VM, and what it answers.
 */
import type { InviteOptions, MemberRow, StatusReport, ToldEvent } from '../scenarios/world.ts';
import type { FaultFacts } from '../src/fault.ts';
import type { CommandOptions, Outcome } from './command.ts';
import type { Vm } from './vm.ts';

/** Longest run of one command. A join tries all its entries three times. */
const TIMEOUT_MS = 120_000;

/** Runs `cnsmo` with these arguments in a VM. Whatever status it ends with is an outcome. */
export const cnsmo = (
  vm: Vm,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> =>
  vm.run(['/usr/local/bin/cnsmo', ...argv], { timeoutMs: TIMEOUT_MS, ...options });

/** The same, but a status other than 0 rejects with the line that it printed; gives its output. */
export async function obey(
  vm: Vm,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await cnsmo(vm, argv, options);
  if (status === 0) return stdout;
  throw new Error(lineOf(stderr) || `cnsmo ${argv[0]} on ${vm.name} ended with ${status}`);
}

/** The last line, which is the refusal, as people get it; before it there may be notes. */
const lineOf = (stderr: string): string => {
  const line = stderr.trimEnd().split('\n').at(-1) ?? '';
  if (!line.startsWith('{"error":')) return line;
  const { error } = JSON.parse(line) as { readonly error: FaultFacts };
  return `${error.field}: ${error.value}: ${error.why}; ${error.remedy}`;
};

/** `cnsmo init`, with more flags where needed. Gives the recovery code. */
export async function init(vm: Vm, flags: readonly string[] = []): Promise<string> {
  const said = await obey(vm, ['init', ...flags]);
  const code = /Recovery code, shown only now: (\S+)/.exec(said)?.[1];
  if (code === undefined) throw new Error(`init printed no recovery code: ${said}`);
  return code;
}

/** `cnsmo invite`. Gives the token, which is all that it prints. */
export async function invite(vm: Vm, options: InviteOptions = {}): Promise<string> {
  const ttl = options.ttlSeconds === undefined ? [] : ['--ttl', `${options.ttlSeconds}s`];
  const uses = options.uses === undefined ? [] : ['--uses', String(options.uses)];
  const said = await obey(vm, ['invite', ...ttl, ...uses]);
  if (!/^\S+\n$/.test(said)) throw new Error('invite printed more than the token');
  return said.trim();
}

/** `cnsmo join`; the token goes by standard input, for arguments are seen by everybody. */
export async function join(vm: Vm, token: string, flags: readonly string[] = []): Promise<void> {
  await obey(vm, ['join', '-', ...flags], { input: `${token}\n` });
}

/** `cnsmo status`. */
export const status = async (vm: Vm): Promise<StatusReport> =>
  JSON.parse(await obey(vm, ['status', '-o', 'json'])) as StatusReport;

/** `cnsmo members`. */
export const members = async (vm: Vm): Promise<readonly MemberRow[]> =>
  JSON.parse(await obey(vm, ['members', '-o', 'json'])) as readonly MemberRow[];

/** `cnsmo events`. One object a line. */
export const events = async (vm: Vm): Promise<readonly ToldEvent[]> =>
  (await obey(vm, ['events', '-o', 'json']))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ToldEvent);

/** `cnsmo logs --on MEMBER`. One object a line. */
export const logs = async (vm: Vm, member: string): Promise<readonly string[]> =>
  (await obey(vm, ['logs', '--on', member, '-o', 'json']))
    .split('\n')
    .filter((line) => line !== '');

/** `cnsmo operator recover`. Gives the next code. */
export async function operatorRecover(vm: Vm, code: string): Promise<string> {
  const said = await obey(vm, ['operator', 'recover'], { input: `${code}\n` });
  const next = /Next recovery code, shown only now: (\S+)/.exec(said)?.[1];
  if (next === undefined) throw new Error(`recover printed no next code: ${said}`);
  return next;
}
