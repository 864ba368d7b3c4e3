/**
 * Edge: bench of waits — for how long the daemon of the built binary answers nobody while it has
 * much to do: 8,000 rules that an operator imports, a mesh of 1,000 members that comes in, a member
 * that floods it with what is wrong.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execute } from '../../netns-tests/command.ts';
import { obey } from '../../netns-tests/command-line.ts';
import { askStatus } from '../../netns-tests/outside-api.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import { openWorld, type RealWorld } from '../../netns-tests/world.ts';
import { memberIdOf } from '../../src/crdt/ids.ts';
import { encodeRecord, JOURNAL_HEADER } from '../../src/crdt/journal.ts';
import { joinBytes } from '../../src/crdt/signed.ts';
import { JOURNAL } from '../../src/node/journal.ts';
import { openDisk } from '../../src/node/linux/disk.ts';
import { writeKeys, writeLocalState } from '../../src/node/local-state.ts';
import type { Bench } from '../bench.ts';
import type { Sample } from '../figure.ts';
import { layoutOf, namesOf, openMesh } from '../mesh.ts';
import { crypto, factsOf, foundWith, localOf, seedOf } from '../state/crowd.ts';
import type { Flood } from './flooder.ts';
import { probe, type Waits } from './prober.ts';

const ROUNDS = 3;
/** The limit of the issue. */
const WAIT_MS_MAX = 50;
const RULES = 8_000;
const AUTHORS = 1_000;
const KEYS = 20;
/** Longest import and longest catching up; then all that follows from it. Unit: ms. */
const DEADLINE_MS = 60_000;
const AFTERMATH_MS = 3_000;
const FLOOD_MS = 8_000;
const FLOODER = join(import.meta.dirname, 'flooder.ts');

/** What is done to a mesh, and whom it holds up. */
type Act = () => Promise<readonly Waits[]>;

/** Rules of the original, no two alike. */
const rulesText = (): string =>
  JSON.stringify(
    Array.from({ length: RULES }, (_, n) => ({
      ...{ direction: 'in', protocol: 'tcp', dst_port: `${1_000 + (n % 50)}`, dst_src: 'src' },
      ...{ ip_range: `10.${Math.floor(n / 256) % 256}.${n % 256}.1/32`, action: 'drop' },
    })),
  );

/** Asks the daemons of these VMs while something is done, and a while after. */
async function during(vms: readonly Vm[], act: () => Promise<void>): Promise<readonly Waits[]> {
  const ends = vms.map(probe);
  await sleep(AFTERMATH_MS / 3);
  await act();
  await sleep(AFTERMATH_MS);
  return Promise.all(ends.map((end) => end()));
}

async function inWorld(world: RealWorld, act: Act): Promise<readonly Waits[]> {
  try {
    return await act();
  } finally {
    await world.end();
  }
}

/** An operator imports rules; both members have them in force. */
async function importing(): Promise<readonly Waits[]> {
  const world = await openMesh(namesOf(2));
  return inWorld(world, () => {
    const vms = namesOf(2).map((name) => world.vm(name));
    const [first] = vms;
    if (first === undefined) throw new Error('a mesh of nobody');
    writeFileSync(join(first.disk, 'rules.json'), rulesText());
    return during(vms, async () => {
      await obey(first, ['firewall', 'import', '/var/lib/rules.json', '--force']);
      const isInForce = async (): Promise<boolean> =>
        (await obey(first, ['firewall', 'list'])).includes('2 of 2');
      await world.eventually('the rules are listed', isInForce, DEADLINE_MS);
    });
  });
}

/** A member of a mesh of 1,000 knows nothing of it, and hears all from the founder. */
async function catchingUp(): Promise<readonly Waits[]> {
  const names = Array.from({ length: AUTHORS }, (_, index) => `member-${index}`);
  const world = await openWorld(layoutOf(namesOf(2)));
  return inWorld(world, async () => {
    const [first, second] = namesOf(2).map((name) => world.vm(name));
    if (first === undefined || second === undefined) throw new Error('a mesh of nobody');
    const frames = [...foundWith(names), ...names.map((name) => factsOf(name, KEYS))];
    await settle(first, 'founder', frames);
    await settle(second, 'member-0', [], first);
    await obey(first, ['start']);
    await obey(second, ['start']);
    return during([second], async () => {
      const hasAll = async (): Promise<boolean> => (await askStatus(second)).total > AUTHORS;
      await world.eventually('it knows all', hasAll, DEADLINE_MS);
    });
  });
}

/** Makes a VM a member of the crowd that holds these frames; `entry`: whom it asks. */
async function settle(vm: Vm, name: string, frames: readonly Uint8Array[], entry?: Vm) {
  const disk = await openDisk(join(vm.disk, 'cnsmo'));
  const local = localOf(name);
  const records = frames.map((frame) => encodeRecord(crypto, frame));
  const member = memberIdOf(crypto.publicKey(seedOf('founder')));
  const entries =
    entry === undefined ? [] : [{ member, endpoint: { host: entry.place.public4, port: 7300 } }];
  await disk.write(JOURNAL, joinBytes(JOURNAL_HEADER, ...records));
  await writeKeys(disk, local.keys);
  const config = { ...local.config, services: ['vpn', 'firewall'], entries };
  await writeLocalState(disk, { ...local, config });
}

/** One of three members floods another. */
async function flooding(): Promise<readonly Waits[]> {
  const world = await openMesh(namesOf(3));
  return inWorld(world, async () => {
    const [first, , third] = namesOf(3).map((name) => world.vm(name));
    if (first === undefined || third === undefined) throw new Error('a mesh of nobody');
    await obey(third, ['stop']);
    const secret = (file: string): string =>
      readFileSync(join(third.disk, 'cnsmo', file)).toString('hex');
    const { mesh, self } = await askStatus(first);
    const wish: Flood = {
      ...{ seed: secret('member-key'), psk: secret('psk'), journal: secret(JOURNAL) },
      ...{ mesh: mesh.id, victim: self.id, host: first.place.public4, durationMs: FLOOD_MS },
    };
    return during([first], async () => {
      const argv = third.machine().enterNetwork([process.execPath, FLOODER]);
      const { status, stdout, stderr } = await execute(argv, { input: JSON.stringify(wish) });
      if (status !== 0) throw new Error(`the flooder failed: ${stderr}`);
      const { sent } = JSON.parse(stdout) as { readonly sent: number };
      if (sent < 10) throw new Error(`that was no flood: ${stdout}`);
    });
  });
}

/** A bench of one act: whoever it holds up gives a sample in each round. */
const benchOf =
  (name: string, act: Act): Bench =>
  async ({ rounds, tell }) => {
    const count = rounds ?? ROUNDS;
    const samples: Sample[] = [];
    for (let round = 1; round <= count; round += 1) {
      tell(`${name}, round ${round} of ${count}`);
      for (const { longestMs } of await act()) samples.push({ value: longestMs });
    }
    return [
      {
        name: `longest wait for a daemon’s answer, ${name}`,
        unit: 'ms',
        series: [{ name: 'cnsmo', samples }],
        limits: [{ of: 'worst', series: 'cnsmo', atMost: WAIT_MS_MAX }],
      },
    ];
  };

/** The benches. */
export const benchImporting = benchOf(`${RULES} rules imported`, importing);
export const benchCatchingUp = benchOf(`${AUTHORS} × ${KEYS} keys come in`, catchingUp);
export const benchFlooding = benchOf('a flood of what is wrong', flooding);
