import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import type { Disk, Log } from '../ports.ts';
import { createBoot } from './boot.ts';

test('what boots is written when it changes, and a full disk holds up nobody', async () => {
  // Goal: one file for each service, of the last state. Method: texts in turn; then a disk that
  // takes nothing, and takes it at the next try.
  const done: string[] = [];
  let isFull = false;
  const act = async (what: string): Promise<void> => {
    if (isFull) {
      throw new Fault('refused', {
        field: 'disk',
        value: what,
        why: 'is full',
        remedy: 'free some',
      });
    }
    done.push(what);
  };
  const disk = {
    write: (name: string, content: Uint8Array) =>
      act(`${name} ${new TextDecoder().decode(content)}`),
    remove: (name: string) => act(`no ${name}`),
  } as Disk;
  const warned: string[] = [];
  const log = { warn: (event: string) => warned.push(event) } as unknown as Log;
  const keep = createBoot({ disk, log });
  await keep('firewall', 'a');
  await keep('firewall', 'a');
  await keep('firewall', 'b');
  await keep('firewall', null);
  assert.deepEqual(done, ['boot-firewall a', 'boot-firewall b', 'no boot-firewall']);
  isFull = true;
  await keep('firewall', 'c');
  assert.deepEqual(warned, ['boot-not-kept']);
  isFull = false;
  await keep('firewall', 'c');
  assert.equal(done.at(-1), 'boot-firewall c');
});
