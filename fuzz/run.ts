/**
 * Edge: run — `npm run fuzz`: a million mutated frames, or as many as asked for.
 *
 * Exit status 1 when one does what none may, with the line that sends it again, or when memory
 * grows.
 */
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { openHeapWatch } from './heap.ts';

const FLAGS = {
  frames: { type: 'string', default: '1000000' },
  first: { type: 'string', default: '0' },
} as const;

const HELP = 'npm run fuzz -- [--frames N] [--first N]';

function main(): number {
  const { values } = parseArgs({ options: FLAGS });
  const [count, first] = [Number(values.frames), Number(values.first)];
  if (![count, first].every((each) => Number.isSafeInteger(each) && each >= 0)) {
    process.stderr.write(`frames, first: whole numbers are needed; ${HELP}\n`);
    return 2;
  }
  const startMs = performance.now();
  const heap = openHeapWatch();
  const tell = (done: number): void => {
    heap.look();
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${count} frames`);
  };
  const { verdicts, failure } = fuzz(first, count, tell);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const rows = Object.entries(verdicts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, times] of rows) console.log(`${String(times).padStart(8)}  ${name}`);
  if (failure !== null) {
    console.log(`FAIL  frame ${failure.number}: ${failure.why}`);
    console.log(`npm run fuzz -- --first ${failure.number} --frames 1`);
    return 1;
  }
  const flaw = heap.flaw();
  if (flaw !== null) {
    console.log(`FAIL  ${flaw}`);
    return 1;
  }
  console.log(`${count} frames in ${seconds} s: none did what it may not, and none stayed`);
  return 0;
}

process.exitCode = main();
