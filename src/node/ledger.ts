/**
 * Loop: ledger — how to take back every change that this node made to the host.
 *
 * One append-only file of JSON lines, `{id, undo}` or `{done: id}`, read once when opened.
 * 1. An entry is durable before the change that it undoes.
 * 2. Undone last first, each marked when done: after a crash at any step the rest can follow.
 * 3. What is gone already counts as undone, so an undo that could not be marked is repeated.
 * 4. What is not ours by the word of its entry is not touched, and counts as undone.
 */
import * as z from 'zod/mini';
import { Fault } from '../fault.ts';
import type { Host, Log, Ports } from '../ports.ts';
import type { Process } from '../process-port.ts';
import type { OnlyIf, Undo } from '../services/service.ts';

const FILE = 'ledger';

const argvSchema = z.array(z.string()).check(z.minLength(1));
const undoSchema = z.union([
  z.object({
    kind: z.literal('run'),
    argv: argvSchema,
    only: z.optional(z.object({ argv: argvSchema, prints: z.array(z.string()) })),
  }),
  z.object({ kind: z.literal('stop'), process: z.string() }),
]);
const lineSchema = z.union([
  z.object({ id: z.string(), undo: undoSchema }),
  z.object({ done: z.string() }),
]);
type Line = z.infer<typeof lineSchema>;

/** How ip, wg and nft say that what they should remove is not there. */
const GONE = /cannot find|does not exist|no such|not found|unknown device/i;

/** How wg says that a device is none of WireGuard, by errno(3): EOPNOTSUPP, EPROTONOSUPPORT. */
const FOREIGN = /not supported/i;

/** What the undos need of the world. */
type UndoPorts = Pick<Ports, 'host' | 'process' | 'log'>;

/** The ledger of this state directory. */
export interface Ledger {
  /** Ids recorded and not undone. */
  ids(): ReadonlySet<string>;
  /** Durable when it resolves. What is recorded alike already is not written again. */
  record(entries: Readonly<Record<string, Undo>>): Promise<void>;
  /**
   * Undoes all, last first, and tells which ids could not be. Repeating it tries those again. The
   * file goes with the last one: nobody may record meanwhile.
   */
  undoAll(ports: UndoPorts): Promise<readonly string[]>;
  /** The same for what one service made: its ids begin with its name and a dash. */
  undoService(name: string, ports: UndoPorts): Promise<readonly string[]>;
}

/** Opens it. A line that a crash cut short or the disk spoilt is dropped, and told at `undoAll`. */
export async function openLedger(disk: Ports['disk']): Promise<Ledger> {
  const { entries, unreadable } = readLines(await disk.read(FILE));
  let isTorn = unreadable > 0;
  /** Rewritten, or the next line would be appended to the torn one. */
  const mend = async (): Promise<void> => {
    if (isTorn) await disk.write(FILE, encode(live(entries)));
    isTorn = false;
  };
  const append = async (lines: readonly Line[]): Promise<void> => {
    await mend();
    await disk.append(FILE, encode(lines));
  };
  await mend().catch(onlyFault); // A disk that takes nothing now: at the next append.
  const undo = async (ports: UndoPorts, prefix: string): Promise<readonly string[]> => {
    const { host, process, log } = ports;
    if (unreadable > 0) log.warn('ledger-damaged', { lines: unreadable });
    const left: string[] = [];
    for (const [id, step] of [...entries].toReversed()) {
      if (!id.startsWith(prefix)) continue;
      const why = await takeBack(step, host, process);
      logUndo(log, id, why);
      if (why !== null) {
        left.push(id);
        continue;
      }
      await append([{ done: id }]).catch(onlyFault); // Unmarked it is undone again: harmless.
      entries.delete(id);
    }
    return left;
  };
  return {
    ids: () => new Set(entries.keys()),
    record: async (added) => {
      const fresh = Object.entries(added).filter(([id, undo]) => !isSame(entries.get(id), undo));
      if (fresh.length === 0) return;
      await append(fresh.map(([id, undo]) => lineOf(id, undo)));
      for (const [id, undo] of fresh) put(entries, id, undo);
    },
    undoAll: async (ports) => {
      const left = await undo(ports, '');
      if (left.length === 0) await disk.remove(FILE);
      return left;
    },
    undoService: (name, ports) => undo(ports, `${name}-`),
  };
}

/** Passes over a failure of the disk; what is none is a bug and rises. */
const onlyFault = (error: unknown): void => {
  if (!(error instanceof Fault)) throw error;
};

const logUndo = (log: Log, id: string, why: string | null): void =>
  why === null ? log.info('undone', { id }) : log.warn('undo-failed', { id, why });

/** Why the undo did not work, or null when it did or had nothing to do. */
async function takeBack(undo: Undo, host: Host, process: Process): Promise<string | null> {
  try {
    if (undo.kind === 'stop') {
      await process.stop(undo.process);
      return null;
    }
    const whose = undo.only === undefined ? 'ours' : await askWhose(undo.only, host);
    if (whose !== 'ours') return whose === 'not ours' ? null : whose.why;
    const { status, stderr } = await host.run({ argv: undo.argv });
    return status === 0 || GONE.test(stderr) ? null : `exit status ${status}: ${stderr.trim()}`;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/** Whose the thing is that now has the name, or why that cannot be told. */
async function askWhose(
  { argv, prints }: OnlyIf,
  host: Host,
): Promise<'ours' | 'not ours' | { readonly why: string }> {
  const { status, stdout, stderr } = await host.run({ argv });
  if (status === 0) return prints.includes(stdout.trim()) ? 'ours' : 'not ours';
  if (GONE.test(stderr) || FOREIGN.test(stderr)) return 'not ours';
  return { why: `${argv.join(' ')}: exit status ${status}: ${stderr.trim()}` };
}

/** The entries not yet undone, in the order of their recording, and how many lines told nothing. */
const readLines = (bytes: Uint8Array | null) => {
  const entries = new Map<string, Undo>();
  let unreadable = 0;
  const texts = bytes === null ? [] : new TextDecoder().decode(bytes).split('\n');
  // What follows the last newline is nothing, or a line that a crash cut short.
  const tail = texts.pop() ?? '';
  if (tail !== '') unreadable++;
  for (const text of texts) {
    const line = parseLine(text);
    if (line === null) unreadable++;
    else if ('done' in line) entries.delete(line.done);
    else put(entries, line.id, line.undo);
  }
  return { entries, unreadable };
};

const parseLine = (text: string): Line | null => {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Counted by the caller.
  }
};

/** The last recording of an id counts, and so does its place. */
const put = (entries: Map<string, Undo>, id: string, undo: Undo): void => {
  entries.delete(id);
  entries.set(id, undo);
};

const isSame = (known: Undo | undefined, undo: Undo): boolean =>
  known !== undefined && JSON.stringify(lineOf('', known)) === JSON.stringify(lineOf('', undo));

/** With keys in one order, so that equal entries have equal bytes. */
const lineOf = (id: string, undo: Undo): Line =>
  undo.kind === 'run'
    ? { id, undo: { kind: undo.kind, argv: [...undo.argv], ...onlyOf(undo.only) } }
    : { id, undo: { kind: undo.kind, process: undo.process } };

const onlyOf = (only: OnlyIf | undefined) =>
  only === undefined ? {} : { only: { argv: [...only.argv], prints: [...only.prints] } };

const live = (entries: ReadonlyMap<string, Undo>): readonly Line[] =>
  [...entries].map(([id, undo]) => lineOf(id, undo));

const encode = (lines: readonly Line[]): Uint8Array =>
  new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
