/**
 * Rule: disk contract — what every Disk promises, run on the Linux edge and on the simulator's.
 */
import type { Disk } from '../ports.ts';
import type { Suite } from './contract.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Registers the suite. `open` gives an empty disk each time it is called. */
export function testDiskContract(suite: Suite, open: () => Promise<Disk>): void {
  const { test, assert } = suite;

  test('disk: what is written is read back, whole, and replaced whole', async () => {
    // Goal: read, write and replace. Method: a long content, then a shorter one over it, then an
    // empty one.
    const disk = await open();
    await disk.write('one', new Uint8Array(70_000).fill(7));
    assert.deepEqual(await disk.read('one'), new Uint8Array(70_000).fill(7));
    await disk.write('one', bytes(1, 2));
    assert.deepEqual(await disk.read('one'), bytes(1, 2));
    await disk.write('one', bytes());
    assert.deepEqual(await disk.read('one'), bytes());
  });

  test('disk: a missing file reads as null, and removing it is harmless', async () => {
    // Goal: absence is an answer. Method: read and remove what never was, then what no longer is.
    const disk = await open();
    assert.equal(await disk.read('none'), null);
    await disk.remove('none');
    await disk.write('one', bytes(1));
    await disk.remove('one');
    assert.equal(await disk.read('one'), null);
    assert.deepEqual(await disk.list(), []);
  });

  test('disk: appends to one name run in call order', async () => {
    // Goal: order without awaiting. Method: 50 appends started at once; the file holds them in call
    // order.
    const disk = await open();
    const values = Array.from({ length: 50 }, (_, index) => index);
    await Promise.all(values.map((value) => disk.append('journal', bytes(value, value))));
    const expected = bytes(...values.flatMap((value) => [value, value]));
    assert.deepEqual(await disk.read('journal'), expected);
  });

  test('disk: append creates, and goes on after a write', async () => {
    // Goal: append and write meet in one file. Method: append, replace, append, started at once.
    const disk = await open();
    const steps = [
      disk.append('a', bytes(1)),
      disk.write('a', bytes(2)),
      disk.append('a', bytes(3)),
    ];
    await Promise.all(steps);
    assert.deepEqual(await disk.read('a'), bytes(2, 3));
  });

  test('disk: content shares no memory with the caller', async () => {
    // Goal: no shared memory. Method: change the buffer after write, and the answer of read.
    const disk = await open();
    const content = bytes(1, 2, 3);
    await disk.write('one', content);
    content.fill(9);
    (await disk.read('one'))?.fill(8);
    assert.deepEqual(await disk.read('one'), bytes(1, 2, 3));
  });

  test('disk: list is sorted and names every file once', async () => {
    // Goal: a stable listing. Method: write and append in another order than the sorted one.
    const disk = await open();
    await disk.write('b', bytes(1));
    await disk.append('c.log', bytes(1));
    await disk.write('a-1', bytes(1));
    await disk.write('b', bytes(2));
    assert.deepEqual(await disk.list(), ['a-1', 'b', 'c.log']);
  });

  for (const name of ['', '.', '..', 'a/b', '/etc/hostname', '../up', 'a\0b', '.hidden', 'é']) {
    test(`disk: the name ${JSON.stringify(name)} is refused by every operation`, async () => {
      // Goal: nothing outside the directory can be named. Method: all four operations reject.
      const disk = await open();
      await assert.rejects(() => disk.read(name));
      await assert.rejects(() => disk.write(name, bytes(1)));
      await assert.rejects(() => disk.append(name, bytes(1)));
      await assert.rejects(() => disk.remove(name));
      assert.deepEqual(await disk.list(), []);
    });
  }
}
