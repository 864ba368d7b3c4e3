import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import type { View } from '../src/crdt/view.ts';
import { type FirewallStage, openFirewallStage, viewWith as view, wan } from './engine-firewall.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for network namespaces';
const stage = skip === false ? await openFirewallStage() : null;
after(() => stage?.end());

const made = (name: string): string =>
  readFileSync(`${import.meta.dirname}/neighbours/${name}.nft`, 'utf8');

/** Rules as a program's own command adds them, where we tell people to. */
const adding = (...chains: readonly string[]): string =>
  chains.map((chain) => `add rule ${chain} iifname "cnsmo0" counter accept`).join('\n');

/** As their commands open a port. */
const accepting = (chain: string): string => `add rule ${chain} tcp dport 443 counter accept\n`;

/** What real programs have in the kernel; what is told of it; and what makes that end. */
const NEIGHBOURS: readonly {
  readonly name: string;
  readonly told: readonly RegExp[];
  readonly mended: string;
  /** What is told after that of tcp/443 from outside, which it keeps out, and what lets it in. */
  readonly web: readonly [told: readonly RegExp[], mended: string];
}[] = [
  {
    name: 'ufw',
    told: [
      /^ufw: ip filter FORWARD: drops at forward .*; ufw route allow in on cnsmo0$/,
      /^ufw: ip filter INPUT: drops at input .*; ufw allow in on cnsmo0, and ufw allow PORT$/,
      /^ufw: ip6 filter FORWARD: drops at forward /,
      /^ufw: ip6 filter INPUT: drops at input /,
    ],
    mended: adding(
      ...['ip filter ufw-user-input', 'ip filter ufw-user-forward'],
      ...['ip6 filter ufw6-user-input', 'ip6 filter ufw6-user-forward'],
    ),
    web: [
      [
        /^ufw: ip filter INPUT: drops tcp\/443 .*, which rule web allows; ufw allow 443\/tcp$/,
        /^ufw: ip6 filter INPUT: drops tcp\/443 .*, which rule web allows; ufw allow 443\/tcp$/,
      ],
      ['ip filter ufw-user-input', 'ip6 filter ufw6-user-input'].map(accepting).join(''),
    ],
  },
  {
    name: 'firewalld',
    told: [
      /^firewalld: inet firewalld filter_FORWARD: drops at forward .*--add-interface=cnsmo0; /,
      /^firewalld: inet firewalld filter_INPUT: drops at input .*--zone=trusted /,
    ],
    mended: `delete table inet firewalld\n${made('firewalld-trusted')}`,
    web: [
      [/^firewalld: inet firewalld filter_INPUT: drops tcp\/443 .* web allows; .*=443\/tcp; /],
      accepting('inet firewalld filter_IN_public_allow'),
    ],
  },
  {
    name: 'docker',
    told: [
      /^docker: ip filter FORWARD: drops at forward .*; iptables -I DOCKER-USER -i cnsmo0 -j A/,
    ],
    mended: `insert rule ip filter DOCKER-USER iifname "cnsmo0" counter accept`,
    web: [[], ''],
  },
];

const isTold = async (on: FirewallStage, of: View, lines: readonly RegExp[]): Promise<void> => {
  const notes = (await on.notes(of)).toSorted();
  assert.equal(notes.length, lines.length, notes.join('\n'));
  for (const [at, line] of lines.entries()) assert.match(notes[at] ?? '', line);
};

test('firewall: ufw, firewalld and Docker are known, and left alone', { skip }, async () => {
  // Goal: real neighbours. Method: the tables that the programs themselves made; ours come, change,
  // are tried and go beside them; then what their own commands do where they obey our remedy.
  if (stage === null) return;
  const { b } = stage;
  const load = (input: string): Promise<string> => b.must(['nft', '-f', '-'], { input });
  const theirs = async (): Promise<string> =>
    (await stage.look())
      .split(/^(?=table )/m)
      .filter((table) => !table.startsWith('table inet cnsmo '))
      .join('');
  const base = { 'rule/any': wan({ protocol: 'tcp', ports: [[1, 1_000]] }) };
  const changes = [{ kind: 'default', name: 'wan-in', value: { action: 'deny' } }];
  const tried = view({ ...base, 'trial/t': { seconds: 60, changes } });
  const intent = tried.intent.map((each) => ({ ...each, hlc: [Date.now(), 0] as const }));
  for (const { name, told, mended, web } of NEIGHBOURS) {
    await load(`flush ruleset\n${made(name)}`);
    const whole = await theirs();
    assert.match(whole, /^table /);
    assert.deepEqual(await stage.notes(view({})), [], 'nobody asked us to filter');
    for (const each of [view(base), view({ ...base, 'default/wan-in': { action: 'reject' } })]) {
      assert.deepEqual(await stage.settle(each), []);
    }
    assert.deepEqual(await stage.settle({ ...tried, intent }), []);
    await isTold(stage, view(base), told);
    await load(mended);
    assert.deepEqual(await stage.notes(view(base)), [], name);
    const opened = view({ 'rule/web': wan({ protocol: 'tcp', ports: [[443, 443]] }) });
    await isTold(stage, opened, web[0]);
    await load(web[1]);
    assert.deepEqual(await stage.notes(opened), [], name);
    await load(`flush ruleset\n${made(name)}`);
    assert.deepEqual(await stage.settle(view(base)), []);
    assert.deepEqual(await stage.settle(view({})), []);
    assert.equal(await theirs(), whole, `${name} has what it had`);
  }
  await load('flush ruleset');
});
