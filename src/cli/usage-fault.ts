/**
 * Rule: usage fault — what is wrong with a command line, from the words of the parser to ours.
 *
 * 1. An unknown word or a missing one is 'usage'; a value that is none of the choices is 'refused'.
 * 2. A token is never repeated, wherever on the line it was typed.
 */
import type { CommanderError } from 'commander';
import { Fault } from '../fault.ts';
import { nearestWord } from './suggestion.ts';

const TOKEN = /cnsmo\d+_\S+/g;

/** Where on the line the parser stood. */
export interface Stand {
  /** The command with its parents, as `cnsmo invite`. */
  readonly path: string;
  /** What could have followed it: its commands. */
  readonly commands: readonly string[];
  /** What did follow it. */
  readonly words: readonly string[];
}

/** The fault that a parser's error stands for. */
export function usageFault({ code, message }: CommanderError, stand: Stand): Fault {
  const [what = '', hint = ''] = message
    .replace(/^error: /, '')
    .replaceAll(TOKEN, '(token)')
    .split('\n');
  const quoted = /'([^']*)'/.exec(what)?.[1] ?? '(none)';
  const help = `see ${stand.path} --help`;
  const usage = (value: string, why: string, remedy = help): Fault =>
    new Fault('usage', { field: 'usage', value, why, remedy });
  switch (code) {
    case 'commander.help':
      return usage('(none)', 'a command is needed', `${chooseOf(stand) ?? ''} ${help}`.trim());
    case 'commander.unknownCommand':
    case 'commander.excessArguments': {
      if (stand.commands.length > 0) return unknownCommand(stand);
      const [, expected = '0', got = ''] = /Expected (\d+) .* got (\d+)/.exec(what) ?? [];
      const many = expected === '0' ? 'no argument' : `at most ${expected}`;
      return usage(quoted, `takes ${many}, ${got} given`);
    }
    case 'commander.invalidArgument':
      return invalidChoice(what) ?? usage(quoted, 'not accepted here');
    case 'commander.conflictingOption':
      return usage(quoted, 'contradicts another flag', 'leave one of them out');
    default: {
      const guess = hint.replace(/[()]/g, '').replace(/^Did/, 'did');
      const remedy = guess === '' ? help : `${guess} ${help}`;
      return usage(quoted, what.replace(/ *'[^']*'/, '').replace(/\.$/, ''), remedy);
    }
  }
}

function unknownCommand(stand: Stand): Fault {
  const { path, commands, words } = stand;
  const typed = (words[0] ?? '').replaceAll(TOKEN, '(token)');
  const guess = nearestWord(typed, commands);
  const remedy = guess === null ? chooseOf(stand) : `did you mean ${path} ${guess}?`;
  const help = `see ${path} --help`;
  return new Fault('usage', {
    field: 'usage',
    value: typed,
    why: 'unknown command',
    remedy: remedy === null ? help : `${remedy} ${help}`,
  });
}

/** Choices that a line has room for. */
const CHOICES_MAX = 5;

const chooseOf = ({ commands }: Stand): string | null =>
  commands.length > 0 && commands.length <= CHOICES_MAX
    ? `choose of ${commands.join(', ')};`
    : null;

function invalidChoice(what: string): Fault | null {
  const [, field = '', value = '', choices = ''] =
    /'[^']*--([\w-]+)[^']*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(what) ??
    [];
  if (choices === '') return null;
  return new Fault('refused', { field, value, why: 'not known', remedy: `choose of ${choices}` });
}
