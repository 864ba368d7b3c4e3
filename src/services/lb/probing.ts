/**
 * Rule: lb probing — what this member probes, and when; and what it tells and shows of it.
 *
 * 1. No more than 50 probes a second, whatever operators want and others say: each waits its turn.
 * 2. Of one target two probes run at once at most, so that one which hangs does not hide the next;
 *    of a program one, and eight programs in all.
 * 3. What is doubted is probed at once, then every second for a while, then more rarely: whoever
 *    lies costs little.
 * 4. Where nothing is balanced nothing is due.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import { type Liveliness, NO_SIGHTS, type Sights } from '../loop.ts';
import { isAlike } from './alike.ts';
import {
  aimAt,
  type Cell,
  healthNow,
  heed,
  isUrgent,
  openCell,
  reasonOf,
  rest,
  sayOf,
  take,
  takeLife,
  watchLate,
} from './cell.ts';
import { type Target, targetsOf } from './checks.ts';
import { sightOf } from './health.ts';
import { readWord, type Said, type Statements, writeWord } from './health-word.ts';
import type { Outcome } from './outcomes.ts';
import { periodOf } from './period.ts';
import { openQueue, type Queue } from './queue.ts';

/** Least time between two probes of this member. Unit: ms: 50 a second. */
const GAP_MS = 20;
/** Within what time those who hear of a doubt look. Unit: ms. */
const SPREAD_MS = 100;
const RUNNING_MAX = 2;
const PROGRAMS_MAX = 8;
/**
 * Until it is shown that one is up which was used as well. Unit: ms. To show ten thousand, and to
 * plan by it, takes long, and a member that begins finds out of fifty a second.
 */
const SHOW_MS = 500;

/** What the rules are given at each look. */
export interface Outlook {
  readonly view: View;
  readonly words: ReadonlyMap<MemberId, string>;
  readonly liveliness: (member: MemberId) => Liveliness;
  readonly mayRun: boolean;
}

/** A probe to be made. */
export interface Probe {
  readonly target: Target;
  /** Takes what came of it. */
  readonly end: (outcome: Outcome) => void;
}

/** What a member knows of all targets. Times are monotonic, ms, and never go back. */
export interface Board {
  /** Looks at what is to be checked and at what others say. */
  look(outlook: Outlook, nowMs: number): void;
  /** The probes to be made now. */
  due(nowMs: number): readonly Probe[];
  /** How long nothing is to be done, ms; null: until something else happens. */
  restMs(nowMs: number): number | null;
  /** What this member says of its own. */
  word(nowMs: number, bytesMax: number): string;
  sights(nowMs: number): Sights;
}

interface Memory {
  readonly self: MemberId;
  /** A number in [0, 1). */
  readonly draw: () => number;
  view: View | null;
  mayRun: boolean;
  cells: ReadonlyMap<string, Cell>;
  /** The same, by whose they are. */
  ofMember: ReadonlyMap<MemberId, readonly Cell[]>;
  /** Those that are to be probed, for whatever reason. */
  readonly active: Set<Cell>;
  readonly queue: Queue;
  /** Programs that were due when too many ran. */
  readonly parked: Set<Cell>;
  /** Its own of which a probe runs or was late. */
  readonly watched: Set<Cell>;
  /** What was said last, as long as that is so. */
  text: string | null;
  /** By the text of each member, what it says. */
  readonly read: Map<MemberId, { readonly text: string; readonly said: Statements }>;
  programs: number;
  startedMs: number;
  sights: Sights;
  /** When they are to be others. */
  showMs: number;
}

/** Knows nothing yet. */
export function openBoard(self: MemberId, draw: () => number): Board {
  const memory: Memory = {
    ...{ self, draw, view: null, mayRun: false, cells: new Map(), ofMember: new Map() },
    ...{ active: new Set(), queue: openQueue(), parked: new Set(), watched: new Set(), text: null },
    ...{ read: new Map(), programs: 0, startedMs: Number.NEGATIVE_INFINITY, sights: NO_SIGHTS },
    showMs: Number.POSITIVE_INFINITY,
  };
  return {
    look: (outlook, nowMs) => look(memory, outlook, nowMs),
    due: (nowMs) => due(memory, nowMs),
    restMs: (nowMs) => restMs(memory, nowMs),
    word: (nowMs, bytesMax) => {
      watch(memory, nowMs);
      memory.text ??= writeWord(statementsOf(memory, nowMs), bytesMax);
      return memory.text;
    },
    sights: (nowMs) => {
      if (nowMs >= memory.showMs) {
        memory.sights = new Map([...memory.cells].map(([key, { sight }]) => [key, sight]));
        memory.showMs = Number.POSITIVE_INFINITY;
      }
      return memory.sights;
    },
  };
}

function look(memory: Memory, outlook: Outlook, nowMs: number): void {
  const { view, words, liveliness, mayRun } = outlook;
  const isAimed = memory.view !== null && (view === memory.view || isAlike(view, memory.view));
  const isNew = !isAimed || mayRun !== memory.mayRun;
  if (!isAimed) retarget(memory, view);
  memory.view = view;
  memory.mayRun = mayRun;
  for (const [member, cells] of memory.ofMember) {
    const life = liveliness(member);
    const hasSpoken = hearWord(memory, member, words.get(member) ?? '');
    if (!isNew && !hasSpoken && life === cells[0]?.liveliness) continue;
    const said = memory.read.get(member)?.said;
    for (const cell of cells) {
      cell.said = said?.get(`${cell.target.port} ${cell.target.name}`) ?? null;
      // A way that is tried each second is tried at once as its VM is suspected.
      const isHurried = life === 'suspect' && cell.liveliness !== life && cell.isPath;
      if (isHurried) cell.dueMs = Math.min(cell.dueMs, nowMs);
      takeLife(cell, life);
      judge(memory, cell, nowMs);
    }
  }
}

/** Keeps what is known of targets that stay. */
function retarget(memory: Memory, view: View): void {
  const { self, cells, active } = memory;
  const next = new Map<string, Cell>();
  for (const target of targetsOf(view)) {
    const held = cells.get(target.key);
    next.set(target.key, held === undefined ? openCell(self, target) : aimAt(held, self, target));
  }
  for (const cell of active) {
    if (next.get(cell.target.key) === cell) continue;
    active.delete(cell);
    forget(memory, cell);
  }
  memory.cells = next;
  memory.ofMember = Map.groupBy(next.values(), ({ target: { member } }) => member);
  for (const member of memory.read.keys()) {
    if (!memory.ofMember.has(member)) memory.read.delete(member);
  }
  memory.showMs = 0;
  memory.text = null;
}

function forget({ queue, parked, watched }: Memory, cell: Cell): void {
  queue.drop(cell);
  parked.delete(cell);
  watched.delete(cell);
}

/** Whether a member says something else than before. */
function hearWord({ read }: Memory, member: MemberId, text: string): boolean {
  if ((read.get(member)?.text ?? '') === text) return false;
  if (text === '') read.delete(member);
  else read.set(member, { text, said: readWord(text) });
  return true;
}

/** What follows for a target, and when it is probed next. */
function judge(memory: Memory, cell: Cell, nowMs: number): void {
  heed(cell);
  const reason = reasonOf(cell, memory.mayRun);
  if (reason === null) {
    rest(cell);
    memory.active.delete(cell);
    forget(memory, cell);
    cell.dueMs = Number.POSITIVE_INFINITY;
  } else if (reason !== cell.reason) {
    memory.active.add(cell);
    cell.tries = 0;
    const firstMs = reason === 'doubt' ? SPREAD_MS : periodOf(reason, 0);
    cell.dueMs = Math.min(cell.dueMs, nowMs + firstMs * memory.draw());
  }
  cell.reason = reason;
  if (reason !== null) memory.queue.put(cell, isUrgent(cell));
  if (cell.isOwn) resay(memory, cell, nowMs);
  const sight = sightOf(healthNow(cell, memory.mayRun));
  if (sight === cell.sight) return;
  const isNews = [sight, cell.sight].some((each) => each.startsWith('down'));
  memory.showMs = Math.min(memory.showMs, isNews ? nowMs : nowMs + SHOW_MS);
  cell.sight = sight;
}

const isProgram = ({ target }: Cell): boolean => target.check.kind === 'exec';

const canStart = ({ programs }: Memory, cell: Cell): boolean =>
  isProgram(cell)
    ? cell.running.size === 0 && programs < PROGRAMS_MAX
    : cell.running.size < RUNNING_MAX;

/** Invariant 1. Who cannot start yet comes back when a probe of it ends, or any program. */
function due(memory: Memory, nowMs: number): readonly Probe[] {
  if (nowMs - memory.startedMs < GAP_MS) return [];
  const next = memory.queue.take(nowMs, (cell) => {
    const isFree = canStart(memory, cell);
    if (!isFree && cell.running.size === 0) memory.parked.add(cell);
    return isFree;
  });
  return next === null ? [] : [start(memory, next, nowMs)];
}

function start(memory: Memory, cell: Cell, nowMs: number): Probe {
  memory.startedMs = nowMs;
  if (isProgram(cell)) memory.programs += 1;
  cell.running.add(nowMs);
  cell.tries += 1;
  // A little sooner or later, so that members and targets do not keep step.
  cell.dueMs = nowMs + periodOf(cell.reason, cell.tries) * (0.95 + 0.1 * memory.draw());
  memory.queue.put(cell, isUrgent(cell));
  if (cell.isOwn) memory.watched.add(cell);
  return {
    target: cell.target,
    end: (outcome) => {
      if (isProgram(cell)) freeProgram(memory);
      cell.running.delete(nowMs);
      // Of what is not probed any more nothing counts.
      if (!memory.active.has(cell)) return;
      take(cell, outcome);
      judge(memory, cell, nowMs);
    },
  };
}

function freeProgram(memory: Memory): void {
  memory.programs -= 1;
  for (const cell of memory.parked) memory.queue.put(cell, isUrgent(cell));
  memory.parked.clear();
}

function restMs(memory: Memory, nowMs: number): number | null {
  let nextMs = Math.max(memory.queue.firstMs(), memory.startedMs + GAP_MS);
  nextMs = Math.min(nextMs, memory.showMs);
  for (const cell of memory.watched) nextMs = Math.min(nextMs, watchLate(cell, nowMs));
  if (nextMs === Number.POSITIVE_INFINITY) return null;
  // Whole ms: a clock that is asked for less may not have moved when it wakes.
  return Math.max(1, Math.ceil(nextMs - nowMs));
}

/** Notes what is late, and no more. */
function watch(memory: Memory, nowMs: number): void {
  for (const cell of memory.watched) {
    const nextMs = watchLate(cell, nowMs);
    resay(memory, cell, nowMs);
    if (nextMs === Number.POSITIVE_INFINITY) memory.watched.delete(cell);
  }
}

/** What is said of it may be another now. */
function resay(memory: Memory, cell: Cell, nowMs: number): void {
  const said = sayOf(cell, nowMs, memory.mayRun);
  const saying = said === null ? '' : `${said.state} ${said.outcome}`;
  if (saying === cell.saying) return;
  cell.saying = saying;
  memory.text = null;
}

function statementsOf({ self, ofMember, mayRun }: Memory, nowMs: number): Statements {
  const statements = new Map<string, Said>();
  for (const cell of ofMember.get(self) ?? []) {
    const said = sayOf(cell, nowMs, mayRun);
    if (said !== null) statements.set(`${cell.target.port} ${cell.target.name}`, said);
  }
  return statements;
}
