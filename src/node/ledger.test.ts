import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import type { Disk, Host, HostResult, Log } from '../ports.ts';
import type { Process } from '../process-port.ts';
import type { Undo } from '../services/service.ts';
import { openLedger } from './ledger.ts';

const remove = (name: string): Undo => ({ kind: 'run', argv: ['ip', 'link', 'delete', name] });
const stop = (process: string): Undo => ({ kind: 'stop', process });

/** One file in memory. `appendsLeft` appends work, then the disk fails. */
const memoryDisk = (appendsLeft = Number.POSITIVE_INFINITY) => {
  const files = new Map<string, string>();
  let appends = appendsLeft;
  const text = (content: Uint8Array): string => new TextDecoder().decode(content);
  const disk: Disk = {
    read: async (name) => {
      const found = files.get(name);
      return found === undefined ? null : new TextEncoder().encode(found);
    },
    write: async (name, content) => void files.set(name, text(content)),
    append: async (name, content) => {
      appends--;
      if (appends < 0) throw new Error('power cut');
      files.set(name, (files.get(name) ?? '') + text(content));
    },
    remove: async (name) => void files.delete(name),
    list: async () => [...files.keys()],
  };
  return { disk, files };
};

/** A host that answers each undo with `answer` and keeps what it was asked. */
const recorder = (answer: (argv: readonly string[]) => HostResult | Fault) => {
  const done: string[] = [];
  const warned: string[] = [];
  const host: Pick<Host, 'run'> = {
    run: async ({ argv }) => {
      done.push(argv.join(' '));
      const result = answer(argv);
      if (result instanceof Fault) throw result;
      return result;
    },
  };
  const process: Pick<Process, 'stop'> = { stop: async (name) => void done.push(`stop ${name}`) };
  const quiet = () => undefined;
  const log: Log = { info: quiet, error: quiet, warn: (event) => void warned.push(event) };
  return { done, warned, ports: { host: host as Host, process: process as Process, log } };
};

const works: HostResult = { status: 0, stdout: '', stderr: '' };
const refuses: HostResult = { status: 2, stdout: '', stderr: 'RTNETLINK answers: Not permitted' };
const gone: HostResult = { status: 1, stdout: '', stderr: 'Cannot find device "a"' };

test('what was recorded is known after a restart, and written once', async () => {
  // Goal: write-ahead and no growth. Method: a disk that takes two appends; reopen, count lines.
  const { disk, files } = memoryDisk(2);
  const ledger = await openLedger(disk);
  await ledger.record({ link: remove('a') });
  await ledger.record({ link: remove('a'), table: remove('b') });
  await ledger.record({ table: remove('b') });
  assert.deepEqual([...(await openLedger(disk)).ids()], ['link', 'table']);
  assert.equal(files.get('ledger')?.split('\n').length, 3);
  assert.deepEqual([...ledger.ids()], ['link', 'table']);
});

test('undos run last first, and the ledger is gone after them', async () => {
  // Goal: leave restores the VM in reverse. Method: three entries, one of them re-recorded.
  const { disk, files } = memoryDisk();
  const ledger = await openLedger(disk);
  await ledger.record({ link: remove('a'), engine: stop('wireguard') });
  await ledger.record({ table: remove('b') });
  await ledger.record({ link: remove('c') });
  const { done, ports } = recorder(() => works);
  assert.deepEqual(await ledger.undoAll(ports), []);
  assert.deepEqual(done, ['ip link delete c', 'ip link delete b', 'stop wireguard']);
  assert.equal(files.has('ledger'), false);
  assert.deepEqual(await (await openLedger(disk)).undoAll(ports), []);
  assert.equal(done.length, 3);
});

test('a service that is taken out leaves what others made', async () => {
  // Goal: undoService touches its own ids only. Method: two services, one undone, then the rest.
  const { disk } = memoryDisk();
  const ledger = await openLedger(disk);
  await ledger.record({ 'vpn-link': remove('a'), 'lb-table': remove('b') });
  const { done, ports } = recorder(() => works);
  assert.deepEqual(await ledger.undoService('vpn', ports), []);
  assert.deepEqual(done, ['ip link delete a']);
  assert.deepEqual([...(await openLedger(disk)).ids()], ['lb-table']);
});

test('what one service records while another is undone is not lost', async () => {
  // Goal: the last entry of a service that goes does not take the file of one that comes with it.
  // Method: the only entry is undone while a record is on disk and its writer not yet told.
  const { disk } = memoryDisk();
  const synced = Promise.withResolvers<void>();
  const append: Disk['append'] = async (name, content) => {
    await disk.append(name, content);
    if (new TextDecoder().decode(content).includes('vpn-link')) await synced.promise;
  };
  const ledger = await openLedger({ ...disk, append });
  await ledger.record({ 'lb-table': remove('b') });
  const recorded = ledger.record({ 'vpn-link': remove('a') });
  await ledger.undoService('lb', recorder(() => works).ports);
  synced.resolve();
  await recorded;
  assert.deepEqual([...(await openLedger(disk)).ids()], ['vpn-link']);
});

test('what is gone already counts as undone; what is refused stays', async () => {
  // Goal: tolerance without a lie. Method: one gone, one refused, one whose tool is missing.
  const { disk } = memoryDisk();
  const ledger = await openLedger(disk);
  await ledger.record({ a: remove('a'), b: remove('b'), c: remove('c') });
  const missing = new Fault('refused', {
    field: 'tool',
    value: 'ip',
    why: 'no',
    remedy: 'install',
  });
  const first = recorder((argv) => {
    if (argv.includes('a')) return gone;
    return argv.includes('b') ? refuses : missing;
  });
  assert.deepEqual(await ledger.undoAll(first.ports), ['c', 'b']);
  assert.deepEqual(first.warned, ['undo-failed', 'undo-failed']);
  const second = recorder(() => works);
  assert.deepEqual(await (await openLedger(disk)).undoAll(second.ports), []);
  assert.deepEqual(second.done, ['ip link delete c', 'ip link delete b']);
});

test('a crash at any step of the undoing leaves the rest to do', async () => {
  // Goal: idempotence. Method: cut the power after each append, then finish from the same disk.
  for (const cut of [1, 2, 3]) {
    const { disk, files } = memoryDisk(cut);
    const ledger = await openLedger(disk);
    await ledger.record({ a: remove('a'), b: remove('b'), c: remove('c') });
    const before = recorder(() => works);
    await assert.rejects(ledger.undoAll(before.ports), /power cut/);
    const revived = memoryDisk();
    revived.files.set('ledger', files.get('ledger') ?? '');
    const after = recorder(() => gone);
    assert.deepEqual(await (await openLedger(revived.disk)).undoAll(after.ports), []);
    const all = new Set([...before.done, ...after.done]);
    assert.equal(all.size, 3, `cut after ${cut}`);
  }
});

test('a torn or spoilt line costs itself only, and is told', async () => {
  // Goal: what a power cut leaves behind is readable. Method: cut the last line, spoil the first.
  const { disk, files } = memoryDisk();
  await (await openLedger(disk)).record({ a: remove('a'), b: remove('b'), c: remove('c') });
  const [, second = '', third = ''] = (files.get('ledger') ?? '').split('\n');
  files.set('ledger', `{"id":7}\n${second}\n${third.slice(0, 20)}`);
  const ledger = await openLedger(disk);
  assert.deepEqual([...ledger.ids()], ['b']);
  await ledger.record({ d: remove('d') });
  assert.deepEqual([...(await openLedger(disk)).ids()], ['b', 'd']);
  const { warned, ports } = recorder(() => works);
  await ledger.undoAll(ports);
  assert.deepEqual(warned, ['ledger-damaged']);
});

test('a disk that takes nothing keeps nothing from being undone', async () => {
  // Goal: who leaves on a full disk gets its host back. Method: a torn ledger on a disk that fails
  // every write: opened and undone; a new change is not recorded, and so not made.
  const { disk, files } = memoryDisk();
  await (await openLedger(disk)).record({ a: remove('a'), b: remove('b') });
  files.set('ledger', `${files.get('ledger')}{"id":"torn`);
  const full = async () => {
    throw new Fault('refused', { field: 'disk', value: 'ledger', why: 'full', remedy: 'free it' });
  };
  const { done, ports } = recorder(() => works);
  const ledger = await openLedger({ ...disk, write: full, append: full });
  await assert.rejects(ledger.record({ c: remove('c') }), Fault);
  assert.deepEqual(await ledger.undoAll(ports), []);
  assert.deepEqual(done, ['ip link delete b', 'ip link delete a']);
});

test('a torn ledger is mended as soon as the disk takes it', async () => {
  // Goal: no line is lost behind a torn one. Method: a disk that fails the first write only.
  const { disk, files } = memoryDisk();
  await (await openLedger(disk)).record({ a: remove('a') });
  files.set('ledger', `${files.get('ledger')}{"id":"torn`);
  let isFull = true;
  const write: Disk['write'] = async (name, content) => {
    const facts = { field: 'disk', value: name, why: 'full', remedy: 'free it' };
    if (isFull) throw new Fault('refused', facts);
    await disk.write(name, content);
  };
  const ledger = await openLedger({ ...disk, write });
  isFull = false;
  await ledger.record({ b: remove('b') });
  assert.deepEqual([...(await openLedger(disk)).ids()], ['a', 'b']);
});

test('what another program made in the place of ours is not taken back', async () => {
  // Goal: leave deletes nothing foreign. Method: what the question is answered, by table, and
  // whether the undo runs; all but the answer that tells nothing count as undone.
  const asked = ['wg', 'show', 'a', 'public-key'];
  const says = (stdout: string): HostResult => ({ status: 0, stdout, stderr: '' });
  const fails = (stderr: string): HostResult => ({ status: 1, stdout: '', stderr });
  const cases: readonly [HostResult, boolean, readonly string[]][] = [
    [says('OURS\n'), true, []],
    [says('(none)\n'), true, []],
    [says('THEIRS\n'), false, []],
    [fails('Unable to access interface: No such device'), false, []],
    [fails('Unable to access interface: Operation not supported'), false, []],
    [fails('Unable to access interface: Protocol not supported'), false, []],
    [fails('Unable to access interface: Operation not permitted'), false, ['link']],
  ];
  for (const [answer, isRun, left] of cases) {
    const { disk } = memoryDisk();
    const only = { argv: asked, prints: ['OURS', '(none)'] };
    const undo: Undo = { kind: 'run', argv: ['ip', 'link', 'delete', 'a'], only };
    await (await openLedger(disk)).record({ link: undo });
    const { done, ports } = recorder((argv) => (argv[0] === 'wg' ? answer : works));
    assert.deepEqual(await (await openLedger(disk)).undoAll(ports), left, answer.stderr);
    const ran = ['wg show a public-key', ...(isRun ? ['ip link delete a'] : [])];
    assert.deepEqual(done, ran, `${answer.stdout}${answer.stderr}`);
  }
});
