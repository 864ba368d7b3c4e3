/**
 * Rule: usage fault — what is wrong with a command line, from the words of the parser to ours.
 *
 * 1. An unknown word or a missing one is 'usage'; a value that is none of the choices is 'refused'.
 * 2. A token is never repeated, wherever on the line it was typed.
 */
import type { CommanderError } from 'commander';
import { Fault } from '../fault.ts';

const TOKEN = /cnsmo\d+_\S+/g;

/** The fault that a parser's error stands for. */
export function usageFault({ code, message }: CommanderError): Fault {
  const [what = '', hint = ''] = message
    .replace(/^error: /, '')
    .replaceAll(TOKEN, '(token)')
    .split('\n');
  const quoted = /'([^']*)'/.exec(what)?.[1] ?? '(none)';
  const usage = (value: string, why: string, remedy = 'see --help'): Fault =>
    new Fault('usage', { field: 'usage', value, why, remedy });
  switch (code) {
    case 'commander.help':
      return usage('(none)', 'a command is needed');
    case 'commander.excessArguments': {
      const [, expected = '0', got = ''] = /Expected (\d+) .* got (\d+)/.exec(what) ?? [];
      return usage(
        quoted,
        `takes ${expected === '0' ? 'no argument' : `at most ${expected}`}, ${got} given`,
        `see cnsmo ${quoted} --help`,
      );
    }
    case 'commander.invalidArgument':
      return invalidChoice(what) ?? usage(quoted, 'not accepted here');
    case 'commander.conflictingOption':
      return usage(quoted, 'contradicts another flag', 'leave one of them out');
    default: {
      const guess = hint.replace(/[()]/g, '').replace(/^Did/, 'did');
      const remedy = guess === '' ? 'see --help' : `${guess} see --help`;
      return usage(quoted, what.replace(/ *'[^']*'/, '').replace(/\.$/, ''), remedy);
    }
  }
}

function invalidChoice(what: string): Fault | null {
  const [, field = '', value = '', choices = ''] =
    /'[^']*--([\w-]+)[^']*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(what) ??
    [];
  if (choices === '') return null;
  return new Fault('refused', { field, value, why: 'not known', remedy: `choose of ${choices}` });
}
