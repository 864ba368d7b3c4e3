/**
 * Edge: catch-up — a process of its own that takes a whole mesh from nothing, and prints what it
 * cost as one line of JSON. `node --expose-gc catch-up.ts MEMBERS KEYS`
 *
 * Frames come as an exchange brings them: in batches of 512 KiB.
 */
import { batchesOf } from './batches.ts';
import { factsOf, foundWith, NOW_MS, openMember } from './crowd.ts';

/** What it cost. */
export interface CatchUp {
  readonly seconds: number;
  readonly wireMb: number;
  readonly heapMb: number;
  readonly cpuMs: number;
}

const heapBytes = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

function main(): void {
  const [members = 0, keys = 0] = process.argv.slice(2).map(Number);
  const names = Array.from({ length: members }, (_, index) => `member-${index}`);
  const frames = [...foundWith(names), ...names.map((name) => factsOf(name, keys))];
  const store = openMember('member-0');
  const beforeBytes = heapBytes();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  for (const batch of batchesOf(frames)) store.receiveAll(batch, NOW_MS);
  const { length } = store.view().members;
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  if (length !== members + 1) throw new Error(`${length} members are known, not ${members + 1}`);
  const wireMb = frames.reduce((sum, frame) => sum + frame.length, 0) / 1e6;
  const heapMb = (heapBytes() - beforeBytes) / 1e6;
  const cost: CatchUp = { seconds, wireMb, heapMb, cpuMs: (user + system) / 1000 };
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}

main();
