/**
 * Loop: open session — what a command works with, from the flags that it was called with.
 */
import type { Command } from 'commander';
import { FAULT_STATUS, Fault, type FaultCode } from '../fault.ts';
import type { ApiAnswer, ApiRequest } from '../ports.ts';
import { readDuration } from './duration.ts';
import type { Local } from './local.ts';
import { patiently } from './patience.ts';
import { plainBody, plainJson } from './plain-text.ts';
import type { ListShow, Session } from './session.ts';
import { explained } from './silence.ts';

interface CommonFlags {
  readonly state: string;
  readonly run: string;
  readonly output: 'table' | 'json' | 'yaml';
  readonly timeout: string;
  readonly quiet?: boolean;
}

/** Longest wait, ms: timers hold 31 bits, which is 24 days. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** The session of a command. Fault 'refused' when a common flag is not acceptable. */
export function openSession(command: Command, local: Local): Session {
  const { flags, isTyped } = commonFlags(command);
  const places = { state: flags.state, run: flags.run };
  const timeoutMs = Math.min(readDuration('timeout', flags.timeout), TIMEOUT_MS_MAX);
  const isForPeople = flags.output === 'table';
  const isChatty = isForPeople && flags.quiet !== true;
  const ask = (request: ApiRequest, waitMs = timeoutMs) => carry(local, places, request, waitMs);
  return {
    places,
    timeoutMs,
    watch: {
      timeoutMs: isTyped ? timeoutMs : null,
      onStep: (step) => {
        if (isChatty && local.isErrorTerminal) local.err(`${step} …\n`);
      },
    },
    isForPeople,
    isQuiet: flags.quiet === true,
    call: async (method, path, body, choice = {}) => {
      const request = { method, path, query: choice.query ?? {}, body: body ?? null };
      const answer = await ask(request, choice.waitMs);
      return isForPeople ? plainBody(answer.body) : answer.body;
    },
    lines: async function* (path, query) {
      const { lines } = await ask({ method: 'GET', path, query, body: null });
      if (lines === undefined) throw noLines();
      for await (const line of lines(new AbortController().signal)) {
        yield isForPeople ? plainBody(line) : line;
      }
    },
    showList: () => openList(local, flags.output),
    show: async (body, render) => {
      if (flags.output === 'json') local.out(`${plainJson(body, 2)}\n`);
      else if (flags.output === 'yaml')
        local.out((await import('./plain-yaml.ts')).plainYaml(body));
      else local.out(render(local.page));
    },
    showLine: async (body, line) => {
      if (flags.output === 'json') local.out(`${plainJson(body)}\n`);
      else if (flags.output === 'yaml') {
        local.out((await import('./plain-yaml.ts')).plainYaml([body]));
      } else local.out(line(local.page));
    },
    hint: (text) => {
      if (isChatty) local.err(text);
    },
    patiently: (what, work) =>
      isChatty && local.isErrorTerminal ? patiently(local, what, work) : work,
  };
}

/** One request; Fault for any answer but a good one. */
async function carry(local: Local, ...asked: Parameters<Local['call']>): Promise<ApiAnswer> {
  const [places] = asked;
  const answer = await local
    .call(...asked)
    .catch((error: unknown) => explained(local, places, error));
  if (answer.status === 200) return answer;
  throw faultOf(answer.status, answer.body);
}

/** JSON as if it were shown at once; YAML is so by itself. */
function openList(local: Pick<Local, 'out' | 'page'>, output: CommonFlags['output']): ListShow {
  let isEmpty = true;
  return {
    add: async (body, row) => {
      if (output === 'json') {
        const text = plainJson(body, 2).replaceAll('\n', '\n  ');
        local.out(`${isEmpty ? '[' : ','}\n  ${text}`);
      } else if (output === 'yaml') local.out((await import('yaml')).stringify([body]));
      else local.out(row(local.page));
      isEmpty = false;
    },
    end: async (text) => {
      if (output === 'table') local.out(text(local.page));
      else if (isEmpty) local.out('[]\n');
      else if (output === 'json') local.out('\n]\n');
    },
  };
}

const noLines = (): Fault =>
  new Fault('internal', {
    field: 'daemon',
    value: 'an answer without lines',
    why: 'it is of an earlier version',
    remedy: 'restart it: cnsmo stop, cnsmo start',
  });

/** The common flags, wherever on the line they stand: the last one typed counts. */
function commonFlags(command: Command): {
  readonly flags: CommonFlags;
  /** Whether `--timeout` was among them. */
  readonly isTyped: boolean;
} {
  const line: Command[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) line.unshift(at);
  const typed = line.flatMap((at) =>
    Object.entries(at.opts()).filter(([name]) => at.getOptionValueSource(name) === 'cli'),
  );
  return {
    flags: { ...command.opts<CommonFlags>(), ...Object.fromEntries(typed) },
    isTyped: typed.some(([name]) => name === 'timeout'),
  };
}

const CODES = Object.keys(FAULT_STATUS) as readonly FaultCode[];

function faultOf(status: number, body: unknown): Fault {
  const facts = (body as { error?: Fault['facts'] } | null)?.error;
  const code = CODES.find((known) => FAULT_STATUS[known].http === status) ?? 'internal';
  if (facts !== undefined) return new Fault(code, facts);
  const [why, remedy] = [`answered ${status} and nothing else`, 'look at its log'];
  return new Fault('internal', { field: 'daemon', value: String(status), why, remedy });
}
