/** Edge: firewall neighbours — other firewalls on a VM are named, with a remedy, and left alone. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { ENFORCED_MS, firewall } from './firewall-words.ts';

/** What a program itself made, as nft lists it. */
const madeBy = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, `../neighbours/${name}.nft`), 'utf8');

/** As a person opens a port in a chain of theirs. */
const opens = (chain: string, ...ports: readonly string[]): string =>
  ports.map((port) => `add rule ${chain} ${port} counter accept\n`).join('');
const SWARM = ['udp dport 7300', 'tcp dport 7300'];
const fromMesh = (chain: string): string => `insert rule ${chain} iifname "cnsmo0" accept\n`;
const PUBLIC = 'inet firewalld filter_IN_public_allow';

/** A program, what is told of it, and what makes that end. */
interface Neighbour {
  readonly name: string;
  readonly tables: readonly string[];
  /** With the mesh's own port open, so that only what is looked at is shut. */
  readonly load: string;
  readonly told: RegExp;
  readonly mended: string;
  /** The same of what a rule of ours allows, where it is shut there. */
  readonly web: { readonly told: RegExp; readonly mended: string } | null;
}

const NEIGHBOURS: readonly Neighbour[] = [
  {
    name: 'firewalld',
    tables: ['inet firewalld'],
    load: `${madeBy('firewalld')}${opens(PUBLIC, ...SWARM)}`,
    told: /firewalld: inet firewalld filter_INPUT: drops at input.*?--add-interface=cnsmo0/,
    mended: `delete table inet firewalld\n${madeBy('firewalld-trusted')}${opens(PUBLIC, ...SWARM)}`,
    web: {
      told: /firewalld: inet firewalld filter_INPUT: drops tcp\/443 .*? web allows; .*?443\/tcp/,
      mended: opens(PUBLIC, 'tcp dport 443'),
    },
  },
  {
    name: 'ufw',
    tables: ['ip filter', 'ip6 filter'],
    load: `${madeBy('ufw')}${opens('ip filter ufw-user-input', ...SWARM)}`,
    told: /ufw: ip filter INPUT: drops at input .*?; ufw allow in on cnsmo0/,
    mended: ['ip filter ufw-user-', 'ip6 filter ufw6-user-']
      .flatMap((chain) => [fromMesh(`${chain}input`), fromMesh(`${chain}forward`)])
      .join(''),
    web: {
      told: /ufw: ip filter INPUT: drops tcp\/443 .*?, which rule web allows; ufw allow 443\/tcp/,
      mended: ['ip filter ufw-user-input', 'ip6 filter ufw6-user-input']
        .map((chain) => opens(chain, 'tcp dport 443'))
        .join(''),
    },
  },
  {
    name: 'docker',
    tables: ['ip nat', 'ip filter'],
    load: madeBy('docker'),
    told: /docker: ip filter FORWARD: drops at forward .*?; iptables -I DOCKER-USER -i cnsmo0 -j A/,
    mended: fromMesh('ip filter DOCKER-USER'),
    web: null,
  },
];

/**
 * Goal: ufw, firewalld and Docker are told from each other, what they shut is named with the
 * remedy, and nothing of theirs changes. Method: the tables that the programs made, while a rule of
 * ours comes and goes; then what their own commands do where people obey.
 */
export async function neighbours(world: RealWorld, vm1: Vm, vm2: Vm): Promise<void> {
  const load = (input: string): Promise<string> => vm2.must(['nft', '-f', '-'], { input });
  const status = async (): Promise<string> => (await obey(vm2, ['status'])).replaceAll(/\s+/g, ' ');
  const becomes = (what: string, told: RegExp, isWanted: boolean): Promise<void> =>
    world.eventually(what, async () => told.test(await status()) === isWanted, ENFORCED_MS);
  for (const { name, tables, load: made, told, mended, web } of NEIGHBOURS) {
    const theirs = async (): Promise<string> =>
      (
        await Promise.all(
          tables.map((each) => vm2.must(['nft', '-s', 'list', 'table', ...each.split(' ')])),
        )
      ).join('');
    await load(made);
    const whole = await theirs();
    await becomes(`${name} is named`, told, true);
    const allow = ['allow', 'tcp/443', '--zone', 'wan', '--on', 'vm2', '--name', 'web'];
    await firewall(vm1, ...allow);
    expect(`${name} has what it had`, (await theirs()) === whole);
    await load(mended);
    await becomes(`${name} lets the mesh through`, told, false);
    if (web !== null) {
      await becomes(`${name}: what it shuts is named`, web.told, true);
      await load(web.mended);
      await becomes(`${name} lets the rule through`, web.told, false);
    }
    await firewall(vm1, 'delete', 'web');
    await load(tables.map((each) => `delete table ${each}\n`).join(''));
  }
}
