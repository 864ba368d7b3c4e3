/** Edge: journal damage — bits that flip on a disk, and a record that was half written. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isReady, SETTLE_MS, talk } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { askEvents } from '../outside-api.ts';
import type { RealWorld } from '../world.ts';

/** What a journal begins with. Unit: bytes. */
const HEADER_BYTES = 'cnsmo-journal-1\n'.length;
/** So much of a record is none. Unit: bytes. */
const TORN_BYTES = 40;

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
};

/** What happens to a journal while nobody has it open, by a word for it. */
const DAMAGES: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  middle: (bytes) => flipped(bytes, Math.floor(bytes.length / 2)),
  end: (bytes) => flipped(bytes, bytes.length - 3),
  torn: (bytes) => Buffer.concat([bytes, bytes.subarray(HEADER_BYTES, HEADER_BYTES + TORN_BYTES)]),
};

/**
 * Goal: flipped bits and a torn end are detected, what they took comes back from the others, and
 * the daemon goes on writing where it was: no fork, and nothing lost without a word. Method: each
 * damage by itself, done to the journal of a killed daemon that has just said something.
 */
export async function journalDamaged(
  world: RealWorld,
  name: string,
  others: readonly string[],
): Promise<void> {
  for (const [kind, damage] of Object.entries(DAMAGES)) {
    await world.label(name, name, [`before=${kind}`]);
    for (const other of others) await reaches(world, other, { before: kind });
    const told = await damagesTold(world, name);
    await world.crash(name);
    const file = join(world.vm(name).disk, 'cnsmo', 'journal');
    writeFileSync(file, damage(readFileSync(file)));
    await world.boot(name);
    await world.eventually(`${name} is ready`, () => isReady(world, name), SETTLE_MS);
    expect(`it tells of the ${kind}`, (await damagesTold(world, name)) > told);
    await reaches(world, name, { before: kind });
    const writes = async (): Promise<boolean> => {
      await world.label(name, name, [`after=${kind}`]);
      return true;
    };
    await world.eventually(`${name} writes again`, writes, SETTLE_MS);
    for (const other of others) await reaches(world, other, { after: kind });
  }
  for (const each of [name, ...others]) {
    const { alarms } = await world.status(each);
    expect(`no fork and no doubt on ${each}: ${alarms.join()}`, alarms.length === 0);
  }
  const told = await damagesTold(world, name);
  await obey(world.vm(name), ['restart']);
  await world.eventually(`${name} is ready`, () => isReady(world, name), SETTLE_MS);
  expect('the journal is whole again', (await damagesTold(world, name)) === told);
  await talk(world, [name, ...others.slice(0, 1)]);
}

/** Waits until a VM shows these labels of some member. */
const reaches = (
  world: RealWorld,
  name: string,
  wanted: Readonly<Record<string, string>>,
): Promise<void> =>
  world.eventually(
    `${name} knows ${JSON.stringify(wanted)}`,
    async () => {
      const rows = await world.members(name);
      const has = (labels: Readonly<Record<string, string>>): boolean =>
        Object.entries(wanted).every(([key, value]) => labels[key] === value);
      return rows.some(({ labels }) => has(labels));
    },
    SETTLE_MS,
  );

const damagesTold = async (world: RealWorld, name: string): Promise<number> =>
  (await askEvents(world.vm(name), null)).events.filter(({ text }) =>
    text.startsWith('the journal was damaged'),
  ).length;
