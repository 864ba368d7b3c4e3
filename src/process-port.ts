/**
 * Rule: process port — the door to long-running children of this host, one of the ten of
 * `ports.ts`.
 */

/** A long-running child that outlives the daemon. */
export interface ProcessSpec {
  /** Unique on this host; the edge remembers the pid under it, in the run directory. */
  readonly name: string;
  /**
   * A program carried in the binary (`bundled:wireguard-go`) or found in the search path, then
   * its arguments.
   */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What `write` puts into its directory first; absent: it needs none. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Long children: start, adopt, stop; and line streams that die with the daemon. */
export interface Process {
  /**
   * Starts it, detached, in a session of its own. Resolves once it runs. Harmless when one of
   * that name runs.
   */
  start(spec: ProcessSpec): Promise<void>;
  /**
   * Replaces files, by their plain names, of a child: each atomically, in a directory of its own in
   * the run directory. There it starts, and there may be a unix socket of it called `socket`.
   */
  write(name: string, files: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Sends one line to that socket and no more, and gives all that comes back until the other side
   * closes; waits up to 3 s for a socket that is not there yet. Null: no such child runs, or it did
   * not answer.
   */
  ask(name: string, line: string): Promise<string | null>;
  /** Whether a child of that name, from this daemon or an earlier one, runs. */
  isRunning(name: string): Promise<boolean>;
  /** Ends it: TERM, then KILL after 3 s; its files go. Harmless when none runs. */
  stop(name: string): Promise<void>;
  /** Runs a monitor, hands on its lines until it or `signal` ends; then resolves, never rejects. */
  lines(
    argv: readonly string[],
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
}
