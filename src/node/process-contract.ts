/**
 * Rule: process contract — what every Process promises, run on the Linux edge and on the
 * simulator's.
 */
import type { Process, ProcessSpec } from '../process-port.ts';
import type { Suite } from './contract.ts';

/** What an edge brings to the suite. */
export interface ProcessWorld {
  /** Opens the port on one and the same host each time, as a restarted daemon would. */
  readonly open: () => Process;
  /** A child that runs until it is stopped. Its name is the suite's to change. */
  readonly child: ProcessSpec;
  /** A child that answers a line on its socket with what its file of that name holds. */
  readonly reader: ProcessSpec;
  /** A monitor that prints the lines `one` and `two` and then ends. */
  readonly monitor: readonly string[];
  /** A monitor that prints at least one line and then goes on for ever. */
  readonly endlessMonitor: readonly string[];
}

/** Registers the suite. */
export function testProcessContract(suite: Suite, world: ProcessWorld): void {
  const { test, assert } = suite;
  const named = (name: string): ProcessSpec => ({ ...world.child, name });

  test('process: a child runs from start to stop, and both may be repeated', async () => {
    // Goal: the life of a child, idempotent. Method: each call twice, asking in between.
    const process = world.open();
    assert.equal(await process.isRunning('alpha'), false);
    await process.start(named('alpha'));
    await process.start(named('alpha'));
    assert.equal(await process.isRunning('alpha'), true);
    await process.stop('alpha');
    assert.equal(await process.isRunning('alpha'), false);
    await process.stop('alpha');
  });

  test('process: children are told apart by their names', async () => {
    // Goal: no stop hits another child. Method: two of one program, one stopped.
    const process = world.open();
    await Promise.all([process.start(named('beta')), process.start(named('gamma'))]);
    await process.stop('beta');
    assert.equal(await process.isRunning('beta'), false);
    assert.equal(await process.isRunning('gamma'), true);
    await process.stop('gamma');
  });

  test('process: a later daemon adopts, keeps and ends what an earlier one started', async () => {
    // Goal: children survive the daemon. Method: a port opened anew for every call.
    await world.open().start(named('delta'));
    assert.equal(await world.open().isRunning('delta'), true);
    await world.open().start(named('delta'));
    await world.open().stop('delta');
    assert.equal(await world.open().isRunning('delta'), false);
  });

  test('process: a child has the files that it was given, and answers', async () => {
    // Goal: one door to a child, open to later daemons. Method: a child that tells its files, asked
    // for one that it started with, one replaced, and one that went with the child before it.
    const spec = { ...world.reader, files: { first: 'one', second: 'two' } };
    assert.equal(await world.open().ask(spec.name, 'first'), null);
    await world.open().start(spec);
    assert.equal(await world.open().ask(spec.name, 'first'), 'one');
    await world.open().write(spec.name, { first: 'three' });
    assert.equal(await world.open().ask(spec.name, 'first'), 'three');
    assert.equal(await world.open().ask(spec.name, 'second'), 'two');
    await world.open().stop(spec.name);
    assert.equal(await world.open().ask(spec.name, 'first'), null);
    await world.open().start({ ...spec, files: { first: 'four' } });
    assert.equal(await world.open().ask(spec.name, 'first'), 'four');
    assert.equal(await world.open().ask(spec.name, 'second'), '');
    await world.open().stop(spec.name);
  });

  test('process: lines come in order, and the stream ends with the monitor', async () => {
    // Goal: whole lines. Method: a monitor of two lines.
    const lines: string[] = [];
    const { signal } = new AbortController();
    await world.open().lines(world.monitor, (line) => void lines.push(line), signal);
    assert.deepEqual(lines, ['one', 'two']);
  });

  test('process: an abort ends the stream, also one that came before', async () => {
    // Goal: no monitor outlives its signal. Method: abort at the first line, then call once more.
    const controller = new AbortController();
    let count = 0;
    const onLine = (): void => {
      count += 1;
      controller.abort();
    };
    await world.open().lines(world.endlessMonitor, onLine, controller.signal);
    assert.equal(count, 1);
    await world.open().lines(world.endlessMonitor, onLine, controller.signal);
    assert.equal(count, 1);
  });

  test('process: a monitor that does not exist ends at once, without a failure', async () => {
    // Goal: lines never rejects. Method: a name that no host has.
    const lines: string[] = [];
    const { signal } = new AbortController();
    const argv = ['no-such-tool-anywhere'];
    await world.open().lines(argv, (line) => void lines.push(line), signal);
    assert.deepEqual(lines, []);
  });
}
