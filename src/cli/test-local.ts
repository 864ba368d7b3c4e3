/**
 * Rule: test local — a machine for the command line that records what it is asked, for tests only.
 */
import { Fault } from '../fault.ts';
import type { Told } from '../node/rules/answers.ts';
import type { ApiAnswer, ApiRequest, HostResult } from '../ports.ts';
import type { Caller, Offer } from '../services/verb.ts';
import { runCli } from './cli.ts';
import type { Local, Places } from './local.ts';

/** What the daemon answers, by `METHOD /path`; a list is taken one by one, the last one stays. */
export type Answers = Readonly<Record<string, ApiAnswer | Fault | readonly (ApiAnswer | Fault)[]>>;

/** What is special about the machine of one test. */
interface Choice {
  readonly answers?: Answers;
  readonly input?: string;
  /** What is typed at prompts that do not show it, one after the other. */
  readonly typed?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly caller?: Caller;
  /** What came of a command of the CLI's own. */
  readonly ran?: HostResult;
  readonly services?: readonly Offer[];
  readonly isTerminal?: boolean;
  readonly isMember?: boolean | null;
  /** Whether a daemon is there that nobody can ask yet. */
  readonly hasDaemon?: boolean;
  /** What came of finishing a leave that was cut; nothing: a member is here. */
  readonly finished?: Told | null;
  readonly log?: readonly string[];
  /** What an act of the machine ends with, instead of well. */
  readonly failure?: Readonly<Record<string, Error>>;
  /** How long a request takes, ms. */
  readonly callMs?: number;
}

/** What came of one command line. `acts`: what the machine was asked, in order. */
export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly acts: readonly (readonly unknown[])[];
  readonly requests: readonly ApiRequest[];
}

/** The answer that a request was carried out. */
export const done = (body: unknown = {}): ApiAnswer => ({ status: 200, body });

/** The fault of a daemon that is not there. */
export const noDaemon = new Fault('no-daemon', {
  field: 'daemon',
  value: '/run/cnsmo/api.sock',
  why: 'not running',
  remedy: 'start it with: cnsmo start',
});

/** Runs one command line on a recording machine. */
export async function run(argv: readonly string[], choice: Choice = {}): Promise<Ran> {
  const scene = openScene(choice);
  const status = await runCli(argv, localOf(scene), choice.services);
  const { out, err, acts, requests } = scene;
  return { status, out: out.join(''), err: err.join(''), acts, requests };
}

type Scene = ReturnType<typeof openScene>;

const openScene = (choice: Choice) => ({
  choice,
  out: [] as string[],
  err: [] as string[],
  acts: [] as unknown[][],
  requests: [] as ApiRequest[],
  asked: new Map<string, number>(),
  env: new Map(Object.entries(choice.env ?? {})),
  nowMs: 0,
});

const localOf = (scene: Scene): Local => {
  const { choice, env, acts } = scene;
  return {
    version: 'cnsmo 0.0.0 (test)',
    ...actsOf(scene),
    ...backupActsOf(scene),
    hasDaemon: async () => choice.hasDaemon === true,
    isMember: async () => (choice.isMember === undefined ? true : choice.isMember),
    call: (places, request) => answerOf(scene, places, request),
    takeEnv: (name) => {
      const value = env.get(name);
      env.delete(name);
      acts.push(['takeEnv', name]);
      return value;
    },
    caller: async () => choice.caller ?? null,
    runHere: async (argv, stdin) => {
      acts.push(['runHere', argv, stdin]);
      return choice.ran ?? { status: 0, stdout: '', stderr: '' };
    },
    onInterrupt: () => () => undefined,
    isInputTerminal: choice.isTerminal ?? false,
    isErrorTerminal: choice.isTerminal ?? false,
    page: {
      columns: 80,
      isTerminal: choice.isTerminal ?? false,
      paint: (tone, text) => (choice.isTerminal === true ? `<${tone}:${text}>` : text),
    },
    out: (text) => void scene.out.push(text),
    err: (text) => void scene.err.push(text),
    monotonicMs: () => scene.nowMs,
    sleep: async (durationMs, signal) => {
      if (signal?.aborted !== true) scene.nowMs += durationMs;
    },
  };
};

const MEMBER = { mesh: 'shop', name: 'vm1', ipv4: '10.10.0.1' };

const actOf =
  ({ choice, acts }: Scene) =>
  async (...words: unknown[]): Promise<void> => {
    acts.push(words);
    const failure = choice.failure?.[String(words[0])];
    if (failure !== undefined) throw failure;
  };

const backupActsOf = (scene: Scene): Pick<Local, 'backup' | 'restore' | 'readHidden'> => {
  const { choice, acts } = scene;
  const act = actOf(scene);
  return {
    backup: async (places, file, withKeys) => {
      await act('backup', places, file, withKeys);
      return { mesh: 'shop', member: 'vm1', hasKeys: withKeys, isWhole: true, bytes: 4_000 };
    },
    restore: async (places, file, flags, { keepCode }) => {
      await act('restore', places, file, flags);
      if (flags.fork === true) await keepCode('CODE-1');
      return { ...MEMBER, awaitsOthers: flags.fork !== true };
    },
    readHidden: async (prompt) => {
      await act('readHidden', prompt);
      const typed = choice.typed ?? [];
      return typed[acts.filter(([word]) => word === 'readHidden').length - 1] ?? '';
    },
  };
};

const actsOf = (scene: Scene) => {
  const { choice } = scene;
  const act = actOf(scene);
  const limit = (timeoutMs: number | null) => (timeoutMs === null ? [] : [timeoutMs]);
  const init: Local['init'] = async (places, flags, keepCode) => {
    await act('check', places);
    await keepCode('CODE-1');
    await act('init', places, flags);
    return MEMBER;
  };
  const join: Local['join'] = async (places, token, flags, watch) => {
    watch.onStep('asking vm1');
    await act('join', places, token, flags, ...limit(watch.timeoutMs));
    return MEMBER;
  };
  return {
    init,
    join,
    daemon: (places: Places) => act('daemon', places),
    start: (places: Places, timeoutMs: number | null) => act('start', places, ...limit(timeoutMs)),
    stop: (places: Places, timeoutMs: number | null) => act('stop', places, ...limit(timeoutMs)),
    leaveLocal: (places: Places) => act('leaveLocal', places),
    finishLeave: async (places: Places) => {
      await act('finishLeave', places);
      return choice.finished === undefined ? 'member' : choice.finished;
    },
    forget: (places: Places) => act('forget', places),
    logs: (async (places, wish, onLine) => {
      await act('logs', places, wish);
      for (const line of choice.log ?? []) onLine(line);
    }) satisfies Local['logs'],
    writeSecret: (path: string, content: string) => act('writeSecret', path, content),
    readSecret: async (path: string): Promise<string> => {
      await act('readSecret', path);
      return choice.files?.[path] ?? '';
    },
    readInput: async (): Promise<string> => {
      await act('readInput');
      return choice.input ?? '';
    },
  };
};

async function answerOf(scene: Scene, places: Places, request: ApiRequest): Promise<ApiAnswer> {
  const { choice, acts, requests, asked } = scene;
  const name = `${request.method} ${request.path}`;
  acts.push(['call', places, name]);
  requests.push(request);
  scene.nowMs += choice.callMs ?? 0;
  const known = choice.answers?.[name] ?? [];
  const list = 'length' in known ? known : [known];
  const turn = asked.get(name) ?? 0;
  asked.set(name, turn + 1);
  const answer = list[Math.min(turn, list.length - 1)];
  if (answer === undefined) throw new Error(`the test has no answer to ${name}`);
  if (answer instanceof Fault) throw answer;
  return answer;
}
