/**
 * Loop: apply — runs a service's commands on this host, in order, up to the first that fails.
 *
 * 1. An undo is in the ledger before its command runs.
 * 2. A secret becomes bytes only for the one command that reads it, and never shows: what that
 *    command complains about is told without anything that looks like a key.
 */
import { base64 } from '@scure/base';
import { Fault } from '../fault.ts';
import type { Host, HostCommand, Ports } from '../ports.ts';
import type { Process } from '../process-port.ts';
import type { Command, Problem, SecretName } from '../services/service.ts';
import type { Ledger } from './ledger.ts';

/** What commands need of their node. */
export interface ApplyContext {
  /** The bytes of a secret; they go to standard input as one line of base64, as `wg` reads keys. */
  readonly secrets: (name: SecretName) => Uint8Array;
  readonly ledger: Ledger;
}

/** What came of the commands. */
export interface Applied {
  /** Commands that did not fail. */
  readonly changes: number;
  readonly failure: Problem | null;
}

/** Longest part of a command's complaint that is told, characters. */
const COMPLAINT_MAX = 300;

/** Longest part of what a process is told that is told to people, characters. */
const LINE_MAX = 200;

/** What a WireGuard key, whole or cut, looks like: `wg` repeats one that it cannot read. */
const KEY_LIKE = /[A-Za-z0-9+/=]{16,}/g;

/** Runs the commands. When `signal` aborts, no further one is begun. */
export async function apply(
  ports: Pick<Ports, 'host' | 'process'>,
  context: ApplyContext,
  commands: readonly Command[],
  signal: AbortSignal,
): Promise<Applied> {
  let changes = 0;
  for (const command of commands) {
    if (signal.aborted) break;
    const failure = await runOne(ports, context, command);
    if (failure !== null) return { changes, failure };
    changes++;
  }
  return { changes, failure: null };
}

/** The command as a person would read it. Holds no secret, because argv never does. */
export const describe = (command: Command): string => {
  if (command.kind === 'run') return command.argv.join(' ');
  const words = `${command.kind} ${command.process}`;
  return command.kind === 'tell' ? `${words}: ${command.line.slice(0, LINE_MAX)}` : words;
};

/** Why the command failed, or null. */
async function runOne(
  { host, process }: Pick<Ports, 'host' | 'process'>,
  { secrets, ledger }: ApplyContext,
  command: Command,
): Promise<Problem | null> {
  try {
    if ('undo' in command && command.undo !== undefined) await ledger.record(command.undo);
    switch (command.kind) {
      case 'run':
        return await runOnHost(host, secrets, command);
      case 'tell':
        return await tell(process, command);
      case 'start': {
        const { process: name, argv, env, files, until } = command;
        await process.start({ name, argv, env, ...(files && { files }) });
        if (until !== undefined) await process.ask(name, until);
        return null;
      }
      case 'stop':
        await process.stop(command.process);
        return null;
    }
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/** What it answers is for the next look to judge. */
async function tell(
  process: Process,
  command: Command & { readonly kind: 'tell' },
): Promise<Problem | null> {
  if (command.files !== undefined) await process.write(command.process, command.files);
  const answer = await process.ask(command.process, command.line);
  if (answer === null) return `${describe(command)}: it did not answer; trying on`;
  if (command.until !== undefined) await process.ask(command.process, command.until);
  return null;
}

async function runOnHost(
  host: Host,
  secrets: ApplyContext['secrets'],
  command: Command & { readonly kind: 'run' },
): Promise<Problem | null> {
  const { status, stderr } = await host.run(withInput(command, secrets));
  if (status === 0) return null;
  const hasSecret = command.stdin !== undefined && 'secret' in command.stdin;
  const told = hasSecret ? stderr.replaceAll(KEY_LIKE, '[key]') : stderr;
  const complaint = told.trim().replaceAll(/\s+/g, ' ').slice(0, COMPLAINT_MAX);
  return `${describe(command)}: exit status ${status}: ${complaint}`;
}

const withInput = (
  { argv, stdin }: Command & { readonly kind: 'run' },
  secrets: ApplyContext['secrets'],
): HostCommand => {
  if (stdin === undefined) return { argv };
  const text = 'text' in stdin ? stdin.text : `${base64.encode(secrets(stdin.secret))}\n`;
  return { argv, stdin: new TextEncoder().encode(text) };
};
