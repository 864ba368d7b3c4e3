/**
 * Edge: bench of waits — for how long the daemon of the built binary holds everybody up while it
 * has much to do: thousands of rules, a mesh of 1,000 members, many that join at once, a member
 * that floods it with what is wrong.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
import { layoutOf, namesOf, openMesh } from '../mesh.ts';
import { crypto, factsOf, foundWith, localOf, seedOf } from '../state/crowd.ts';
import type { Flood } from './flooder.ts';
import { during, figuresOf, type Report, type Seen, succeeded, together } from './scene.ts';

const ROUNDS = 2;
const RULES = 8_000;
const AUTHORS = 1_000;
const KEYS = 20;
/** VMs of which all but one join at once. */
const VMS = 21;
/** Longest import, longest catching up and longest joining. Unit: ms. */
const DEADLINE_MS = 90_000;
const FLOOD_MS = 8_000;
const FLOODER = join(import.meta.dirname, 'flooder.ts');
const RULES_FILE = '/var/lib/rules.json';
/** What an operator does with many rules. */
const DEEDS = {
  'they are listed': [['firewall', 'list'], ['status']],
  'who changed what': [['audit'], ['conflicts']],
  'a label': [['member', 'label', 'vm01', 'a=b']],
  'one more rule': [['firewall', 'allow', 'tcp/5555']],
  'a rule less': [['firewall', 'delete', 'allow-tcp-5555']],
  'a connection is traced': [['firewall', 'trace', 'vm02', 'vm01', 'tcp/5555']],
  'a plan': [['firewall', 'plan', 'allow', 'tcp/5556']],
  'a backup': [['backup', '/var/lib/backup.age', '--passphrase-file', '/var/lib/passphrase']],
} as const;

/** Rules of the original, no two alike. */
const rulesText = (): string =>
  JSON.stringify(
    Array.from({ length: RULES }, (_, n) => ({
      ...{ direction: 'in', protocol: 'tcp', dst_port: `${1_000 + (n % 50)}`, dst_src: 'src' },
      ...{ ip_range: `10.${Math.floor(n / 256) % 256}.${n % 256}.1/32`, action: 'drop' },
    })),
  );

/** In a world of so many VMs, of which the first has the rules in a file. */
async function inWorld(
  count: number,
  open: (names: readonly string[]) => Promise<RealWorld>,
  act: (world: RealWorld, vms: readonly [Vm, Vm, ...Vm[]]) => Promise<Report>,
): Promise<Report> {
  const names = namesOf(count);
  const world = await open(names);
  try {
    const [first, second, ...others] = names.map((name) => world.vm(name));
    if (first === undefined || second === undefined) throw new Error('a mesh of nobody');
    writeFileSync(join(first.disk, 'rules.json'), rulesText());
    writeFileSync(join(first.disk, 'passphrase'), 'correct horse battery staple\n', {
      mode: 0o600,
    });
    return await act(world, [first, second, ...others]);
  } finally {
    await world.end();
  }
}

/** VMs that are in no mesh yet. */
const openApart = (names: readonly string[]): Promise<RealWorld> => openWorld(layoutOf(names));

/** Rules are imported by an operator and in force on so many members. */
async function imported(world: RealWorld, first: Vm, count: number, flags: readonly string[]) {
  await obey(first, ['firewall', 'import', RULES_FILE, ...flags]);
  await inForce(world, first, count);
}

const inForce = (world: RealWorld, first: Vm, count: number): Promise<void> =>
  world.eventually(
    'the rules are listed',
    async () => (await obey(first, ['firewall', 'list'])).includes(`${count} of 2`),
    DEADLINE_MS,
  );

/** The daemon ends, and its process with it. */
async function stop(world: RealWorld, vm: Vm): Promise<void> {
  const pid = vm.daemonPid();
  await obey(vm, ['stop']);
  const isGone = async (): Promise<boolean> => !existsSync(`/proc/${pid}`);
  await world.eventually('its process is gone', isGone, DEADLINE_MS);
}

/** An operator's VM has the machine for itself, and many rules; then the other comes back. */
const importing = (): Promise<Report> =>
  inWorld(2, openMesh, async (world, [first, second]) => {
    const report = new Map<string, readonly Seen[]>();
    await stop(world, second);
    const running = [first];
    report.set(
      `${RULES} rules are imported`,
      await during({ running }, () => imported(world, first, 1, ['--force'])),
    );
    for (const [name, commands] of Object.entries(DEEDS)) {
      const seen = await during({ running }, async () => {
        for (const words of commands) succeeded(await first.run(['cnsmo', ...words]));
      });
      report.set(`${RULES} rules: ${name}`, seen);
    }
    await stop(world, first);
    const again = { running: [], starting: [first] };
    report.set(
      `${RULES} rules: the daemon starts`,
      await during(again, () => obey(first, ['start'])),
    );
    const comesBack = async (): Promise<void> => {
      await obey(second, ['start']);
      await inForce(world, first, 2);
    };
    const both = { running, starting: [second] };
    report.set(`${RULES} rules: another takes them in`, await during(both, comesBack));
    return report;
  });

/** Both members have them in force at once, on one machine, and the operator said no --force. */
const importingTwice = (): Promise<Report> =>
  inWorld(2, openMesh, async (world, [first, second]) => {
    const running = [first, second];
    const seen = await during({ running }, () => imported(world, first, 2, []));
    return new Map([[`${RULES} rules are imported without --force, by two VMs`, seen]]);
  });

/** The founder of a mesh of 1,000 starts; a member that knows nothing of it hears all from it. */
const catchingUp = (): Promise<Report> =>
  inWorld(2, openApart, async (world, [first, second]) => {
    const names = Array.from({ length: AUTHORS }, (_, index) => `member-${index}`);
    const frames = [...foundWith(names), ...names.map((name) => factsOf(name, KEYS))];
    await settle(first, 'founder', frames);
    await settle(second, 'member-0', [], first);
    const report = new Map<string, readonly Seen[]>();
    const fresh = { running: [], starting: [first] };
    report.set(
      `${AUTHORS} members: the daemon starts`,
      await during(fresh, () => obey(first, ['start'])),
    );
    const hearing = async (): Promise<void> => {
      await obey(second, ['start']);
      const hasAll = async (): Promise<boolean> => (await askStatus(second)).total > AUTHORS;
      await world.eventually('it knows all', hasAll, DEADLINE_MS);
    };
    const both = { running: [first], starting: [second] };
    report.set(`${AUTHORS} × ${KEYS} keys come in`, await during(both, hearing));
    const looking = await during({ running: [first] }, async () => {
      for (const word of ['status', 'members', 'links', 'events', 'audit', 'conflicts']) {
        await obey(first, [word]);
      }
    });
    return report.set(`${AUTHORS} members: they are looked at`, looking);
  });

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
const flooding = (): Promise<Report> =>
  inWorld(3, openMesh, async (world, [first, , third]) => {
    if (third === undefined) throw new Error('a mesh without a third');
    await stop(world, third);
    const secret = (file: string): string =>
      readFileSync(join(third.disk, 'cnsmo', file)).toString('hex');
    const { mesh, self } = await askStatus(first);
    const wish: Flood = {
      ...{ seed: secret('member-key'), psk: secret('psk'), journal: secret(JOURNAL) },
      ...{ mesh: mesh.id, victim: self.id, host: first.place.public4, durationMs: FLOOD_MS },
    };
    const seen = await during({ running: [first] }, async () => {
      const argv = third.machine().enterNetwork([process.execPath, FLOODER]);
      const said = succeeded(await execute(argv, { input: JSON.stringify(wish) }));
      const { sent } = JSON.parse(said) as { readonly sent: number };
      if (sent < 10) throw new Error(`that was no flood: ${said}`);
    });
    return new Map([['a flood of what is wrong', seen]]);
  });

/** Twenty join at once by one token; the founder and the first of them are watched. */
const joining = (): Promise<Report> =>
  inWorld(VMS, openApart, async (world, [first, second, ...others]) => {
    const guests = [second, ...others];
    await world.init(first.name);
    const isReady = async (): Promise<boolean> => (await world.status(first.name)).self.ready;
    await world.eventually('the founder is ready', isReady, DEADLINE_MS);
    const token = await world.invite(first.name, { uses: guests.length });
    const seen = await during({ running: [first], starting: [second] }, async () => {
      await Promise.all(guests.map(({ name }) => world.join(name, token)));
      const areThere = async (): Promise<boolean> => (await askStatus(first)).reachable === VMS;
      await world.eventually('all are reached', areThere, DEADLINE_MS);
    });
    return new Map([[`${guests.length} join at once`, seen]]);
  });

/** A bench of acts, each in so many rounds. */
const benchOf =
  (name: string, act: () => Promise<Report>): Bench =>
  async ({ rounds, tell }) => {
    const count = rounds ?? ROUNDS;
    const reports: Report[] = [];
    for (let round = 1; round <= count; round += 1) {
      tell(`${name}, round ${round} of ${count}`);
      reports.push(await act());
    }
    return figuresOf(together(reports));
  };

/** The benches. */
export const benchImporting = benchOf(`${RULES} rules`, importing);
export const benchImportingTwice = benchOf(`${RULES} rules, by two VMs`, importingTwice);
export const benchCatchingUp = benchOf(`${AUTHORS} × ${KEYS} keys come in`, catchingUp);
export const benchFlooding = benchOf('a flood of what is wrong', flooding);
export const benchJoining = benchOf(`${VMS - 1} join at once`, joining);
