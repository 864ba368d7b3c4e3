/**
 * Rule: local — what the CLI needs of the machine it runs on; `main.ts` provides it.
 *
 * Everything else that the CLI does is a request on the local API.
 */

import type { Told } from '../node/rules/answers.ts';
import type { SettingTexts } from '../node/rules/settings.ts';
import type { ApiAnswer, ApiRequest, HostResult } from '../ports.ts';
import type { Caller } from '../services/verb.ts';
import type { Page } from './table.ts';

/** Where the state and the sockets are. */
export interface Places {
  readonly state: string;
  readonly run: string;
}

/** The flags of init and join, as typed. */
export interface MemberFlags extends SettingTexts {
  readonly installTools?: boolean;
}

/** A file that a passphrase protects. */
export interface SealedFile {
  readonly path: string;
  readonly passphrase: string;
}

/** The flags of restore, as typed. */
export interface RestoreFlags
  extends Pick<MemberFlags, 'member' | 'port' | 'interface' | 'advertise' | 'installTools'> {
  /** Found a new mesh. */
  readonly fork?: boolean;
  /** The member's VM is gone: come back into its mesh, though that lives. */
  readonly rejoin?: boolean;
}

/** How the person at the command line wants to wait. */
export interface Watch {
  /** Told in a few words what is going on. */
  readonly onStep: (step: string) => void;
  /** `--timeout`, when it was typed: the longest wait, ms; null: what the act takes by itself. */
  readonly timeoutMs: number | null;
}

/**
 * The acts that need this machine rather than the daemon. Each throws a Fault for what is not
 * acceptable.
 */
export interface Local {
  readonly version: string;
  init(
    places: Places,
    flags: MemberFlags,
    keepCode: (code: string) => Promise<void>,
    watch: Watch,
  ): Promise<{ mesh: string; name: string; ipv4: string }>;
  join(
    places: Places,
    token: string,
    flags: MemberFlags,
    watch: Watch,
  ): Promise<{ mesh: string; name: string; ipv4: string | null }>;
  /** Writes what this VM knows as a member to a new file. */
  backup(
    places: Places,
    file: SealedFile,
    withKeys: boolean,
  ): Promise<{ mesh: string; member: string; hasKeys: boolean; isWhole: boolean; bytes: number }>;
  /** Makes this VM what such a file holds. `keepCode` is called when a mesh is founded. */
  restore(
    places: Places,
    file: SealedFile,
    flags: RestoreFlags,
    watch: {
      readonly onStep: Watch['onStep'];
      readonly keepCode: (code: string) => Promise<void>;
    },
  ): Promise<{ mesh: string; name: string; ipv4: string | null; awaitsOthers: boolean }>;
  /** Runs the daemon in this process until it is told to stop. */
  daemon(places: Places): Promise<void>;
  /** Starts it: as the systemd unit where systemd runs, else detached. Resolves when it answers. */
  start(places: Places, timeoutMs: Watch['timeoutMs']): Promise<void>;
  /** Stops it and waits until it is gone. The data plane stays. */
  stop(places: Places, timeoutMs: Watch['timeoutMs']): Promise<void>;
  /** Takes this VM out of the mesh without the daemon and without telling anybody. */
  leaveLocal(places: Places): Promise<void>;
  /**
   * Without a daemon: finishes a leave that was cut, or removes what a join that was cut has left.
   * Who was told, `null` when nobody could be; 'member' and nothing done when a member is here.
   */
  finishLeave(places: Places): Promise<Told | null | 'member'>;
  /** After leave: removes the unit, if there is one. */
  forget(places: Places): Promise<void>;
  /**
   * Hands on the daemon's log, its last lines and, when it is followed, what comes after them.
   * Resolves at its end.
   */
  logs(
    places: Places,
    wish: { readonly lines: number; readonly isFollowed: boolean },
    onLine: (line: string) => void,
  ): Promise<void>;
  /** Whether a daemon is there, be it that it does not answer yet. */
  hasDaemon(places: Places): Promise<boolean>;
  /** Whether the state directory holds a member; null when only root can tell. */
  isMember(places: Places): Promise<boolean | null>;
  call(places: Places, request: ApiRequest, timeoutMs: number): Promise<ApiAnswer>;
  /** Creates a file that only root reads; Fault 'refused' when it exists. */
  writeSecret(path: string, content: string): Promise<void>;
  readSecret(path: string): Promise<string>;
  readInput(): Promise<string>;
  /** A line from the terminal that is not shown while it is typed. */
  readHidden(prompt: string): Promise<string>;
  /** An environment variable, removed from what children see. */
  takeEnv(name: string): string | undefined;
  /** The SSH connection by which whoever types this reached this machine; null: none. */
  caller(): Promise<Caller | null>;
  /** Runs one command on this machine, with or without a daemon. */
  runHere(argv: readonly string[], stdin: string): Promise<HostResult>;
  /** Runs `act` when the person presses Ctrl-C, and ends with 130; gives what takes that back. */
  onInterrupt(act: () => void): () => void;
  readonly isInputTerminal: boolean;
  readonly isErrorTerminal: boolean;
  /** What standard output is: 80 columns without colours where it is no terminal. */
  readonly page: Page;
  out(text: string): void;
  err(text: string): void;
  /** Milliseconds since some moment; for waits. */
  monotonicMs(): number;
  /** Resolves after `durationMs`, or at once when `signal` aborts. Never rejects. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
