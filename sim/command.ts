/**
 * Edge: command — what a simulated tool answers, and how it says that it does not know something.
 *
 * The fakes understand exactly what the product says. Anything else fails the run, so that a new
 * command of the product cannot pass unseen.
 */
import type { HostResult } from '../src/ports.ts';

/** Done, with something to say or without. */
export const done = (stdout = ''): HostResult => ({ status: 0, stdout, stderr: '' });

/** Refused, as the tool would. */
export const failed = (status: number, stderr: string): HostResult => ({
  status,
  stdout: '',
  stderr: `${stderr}\n`,
});

/** A command that the fake does not know. */
export const unknownCommand = (argv: readonly string[]): Error =>
  new Error(`the simulated host does not know this command: ${argv.join(' ')}`);
