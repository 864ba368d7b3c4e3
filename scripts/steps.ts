/** Steps of a script: a line each with its time, and a failure that shows what the command said. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Most output kept of a command, bytes. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** An error whose text is all that a person needs: it is shown without a stack. */
export const scriptFailure = (message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { name: 'ScriptFailure' });

/** Seconds since a start of `performance.now()`, as people read them. */
export const secondsSince = (startMs: number): string =>
  `${((performance.now() - startMs) / 1000).toFixed(1)} s`;

/** Runs a command and gives its standard output. Fails with the end of what it said. */
export const run = async (
  command: string,
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> => {
  try {
    const { stdout } = await execute(command, [...argv], {
      ...options,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    return stdout;
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n');
    const line = [command, ...argv].join(' ');
    throw scriptFailure(`${line} failed:\n${said || String(cause)}`, cause);
  }
};

/** Does a piece of work and prints one line: its name, what came of it, its time. */
export const step = async <Result>(
  name: string,
  work: () => Promise<Result>,
  outcome: (result: Result) => string = () => '',
): Promise<Result> => {
  const startMs = performance.now();
  const result = await work();
  const said = outcome(result);
  console.log(`  ${name}${said === '' ? '' : `: ${said}`} (${secondsSince(startMs)})`);
  return result;
};

/** Runs the main function of a script; a failure is printed and ends it with status 1. */
export const runScript = async (main: () => Promise<void>): Promise<void> => {
  try {
    await main();
  } catch (error) {
    const isExpected = error instanceof Error && error.name === 'ScriptFailure';
    console.error(isExpected ? error.message : error);
    process.exitCode = 1;
  }
};
