import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../ports.ts';
import type { Process } from '../process-port.ts';
import type { Command } from '../services/service.ts';
import { apply, describe } from './apply.ts';
import type { Ledger } from './ledger.ts';

test('apply: a process is told when its files and the ledger have what they should', async () => {
  // Goal: order, and a process that does not answer is a failure. Method: ports that note calls.
  const calls: unknown[] = [];
  let answer: string | null = 'done';
  const process: Partial<Process> = {
    start: async (spec) => void calls.push(['start', spec]),
    write: async (...given) => void calls.push(['write', ...given]),
    ask: async (...given) => {
      calls.push(['ask', ...given]);
      return answer;
    },
  };
  const ledger: Partial<Ledger> = { record: async (undo) => void calls.push(['undo', undo]) };
  const undo = { 'toy-child': { kind: 'stop', process: 'child' } } as const;
  const files = { config: 'text' };
  const commands: readonly Command[] = [
    { kind: 'start', process: 'child', argv: ['child'], env: {}, files, undo },
    { kind: 'tell', process: 'child', files, line: 'reload' },
    { kind: 'tell', process: 'child', line: 'hello' },
  ];
  const run = () =>
    apply(
      { host: {} as Host, process: process as Process },
      { secrets: () => new Uint8Array(), ledger: ledger as Ledger },
      commands,
      new AbortController().signal,
    );
  assert.deepEqual(await run(), { changes: 3, failure: null });
  assert.deepEqual(calls, [
    ['undo', undo],
    ['start', { name: 'child', argv: ['child'], env: {}, files }],
    ['write', 'child', files],
    ['ask', 'child', 'reload'],
    ['ask', 'child', 'hello'],
  ]);
  answer = null;
  const failure = 'tell child: reload: it did not answer; trying on';
  assert.deepEqual(await run(), { changes: 1, failure });
});

test('what a command makes is waited for, and nobody hangs on it', async () => {
  // Goal: what comes after is done when the process is as it was made, or does not come to be.
  // Method: ports that note calls; a process that answers, and one that is silent.
  const calls: string[] = [];
  let answer: string | null = 'done';
  const process: Partial<Process> = {
    start: async () => void calls.push('start'),
    ask: async (_, line) => {
      calls.push(line);
      return line === 'up' ? answer : 'done';
    },
  };
  const commands: readonly Command[] = [
    { kind: 'start', process: 'child', argv: ['child'], env: {}, until: 'up' },
    { kind: 'tell', process: 'child', line: 'reload', until: 'up' },
    { kind: 'tell', process: 'child', line: 'hello' },
  ];
  for (answer of ['done', null]) {
    calls.length = 0;
    const outcome = await apply(
      { host: {} as Host, process: process as Process },
      { secrets: () => new Uint8Array(), ledger: {} as Ledger },
      commands,
      new AbortController().signal,
    );
    assert.deepEqual(outcome, { changes: 3, failure: null });
    assert.deepEqual(calls, ['start', 'up', 'reload', 'up', 'hello']);
  }
  assert.equal(describe(commands[0] as Command), 'start child');
});
