/** What is forbidden stands in the kernel's log, with its rule's name and at a bounded rate. */

import { answers, connect } from '../../netns-tests/checks/firewall-words.ts';
import { must } from '../../netns-tests/command.ts';
import * as commandLine from '../../netns-tests/command-line.ts';
import { type Check, expect } from './story.ts';
import type { SystemWorld } from './world.ts';

const LOGGED_MS = 60_000;
/** Packets that are sent at once, and the bound of what is logged, as docs have it. */
const PACKETS = 400;
const [BURST, PER_SECOND] = [20, 10] as const;

/** What is typed, the port it is about, and how its lines begin. */
const FORBIDDEN = [
  {
    what: 'a rule that logs',
    typed: ['deny', 'udp/4545', '--on', 'vm2', '--log', '--name', 'noisy'],
    ...{ port: 4_545, prefix: 'cnsmo deny noisy ', undo: ['delete', 'noisy'] },
  },
  {
    what: 'a default that forbids',
    typed: ['default', 'in', 'deny', '--force'],
    ...{ port: 4_546, prefix: 'cnsmo deny mesh-in ', undo: ['default', 'in', 'allow'] },
  },
] as const;

/** All of it, by packets of vm1 to vm2 in the VPN, at this address. */
export async function logs(check: Check, world: SystemWorld, address: string): Promise<void> {
  for (const { what, typed, port, prefix, undo } of FORBIDDEN) {
    await check(
      `${what}: the kernel's log has its lines, and not one for each packet`,
      async () => {
        await firewall(world, ...typed);
        await isLoaded(world, prefix);
        await flood(world, address, port);
        await isBounded(world, prefix, port);
        await firewall(world, ...undo);
      },
    );
  }
  await check('what is only audited is logged, and passes; its twin does not', () =>
    audits(world, address),
  );
}

const firewall = (world: SystemWorld, ...words: readonly string[]): Promise<string> =>
  commandLine.obey(world.vm1, ['firewall', ...words]);

const isLoaded = ({ vm2, eventually }: SystemWorld, prefix: string): Promise<void> =>
  eventually(`${prefix}is in the kernel`, LOGGED_MS, async () =>
    (await vm2.must('nft list table inet cnsmo')).includes(`"${prefix}"`),
  );

/** Sends datagrams, as many as there are, one after the other. */
async function flood({ vm1 }: SystemWorld, address: string, port: number): Promise<void> {
  const script = `const s = require('dgram').createSocket('udp4');
    let left = ${PACKETS};
    const next = () => left-- > 0 ? s.send('x', ${port}, '${address}', next) : s.close();
    next();`;
  await must(vm1.machine().enterNetwork([process.execPath, '-e', script]));
}

/** When lines of the kernel's log with a prefix were written. Unit: s since the machine's start. */
async function timesOf({ vm2 }: SystemWorld, prefix: string, port: number): Promise<number[]> {
  const lines = (await vm2.must('dmesg')).split('\n');
  const wanted = lines.filter((line) => line.includes(`] ${prefix}IN=cnsmo0 `));
  return wanted
    .filter((line) => line.includes(` DPT=${port} `))
    .map((line) => Number(/^\[ *(\d+\.\d+)\]/.exec(line)?.[1]));
}

/** The first of them are all there, and then so many in each second. */
async function isBounded(world: SystemWorld, prefix: string, port: number): Promise<void> {
  const times = (): Promise<number[]> => timesOf(world, prefix, port);
  await world.eventually('lines', LOGGED_MS, async () => (await times()).length >= BURST);
  const [first = 0, ...more] = await times();
  const tookS = (more.at(-1) ?? first) - first;
  const most = BURST + 1 + PER_SECOND * tookS;
  expect(more.length + 1 <= most, `${more.length + 1} lines in ${tookS} s`);
  expect(more.length + 1 < PACKETS / 2, `${more.length + 1} lines of ${PACKETS} packets`);
}

async function audits(world: SystemWorld, address: string): Promise<void> {
  const { vm1, eventually } = world;
  const rule = ['deny', 'tcp/4547', '--on', 'vm2', '--name', 'watched'];
  const prefix = 'cnsmo audit watched ';
  await firewall(world, ...rule, '--audit');
  await isLoaded(world, prefix);
  expect(await answers(vm1, address, 4_547), 'no answer');
  const isLogged = async () => (await timesOf(world, prefix, 4_547)).length > 0;
  await eventually('its line', LOGGED_MS, isLogged);
  await firewall(world, ...rule, '--replace');
  const isSilent = async () => (await connect(vm1, address, 4_547)) === 'silent';
  await eventually('its twin drops', LOGGED_MS, isSilent);
  await firewall(world, 'delete', 'watched');
}
