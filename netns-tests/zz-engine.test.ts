import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { compile } from '../src/services/firewall/compile.ts';
import { lanesOf } from '../src/services/firewall/lane.ts';
import { siteOf, viewOf } from '../src/services/firewall/test-policy.ts';
import { crowd, members, policy } from '../src/services/firewall/test-random.ts';
import { openFirewallStage } from './engine-firewall.ts';

const stage = await openFirewallStage();
const all = [
  ...fc.sample(policy, { seed: 20_261_129, numRuns: 60 }),
  ...fc.sample(crowd, { seed: 20_261_129, numRuns: 6 }),
];
const out: unknown[] = [];
for (const [i, objects] of all.entries()) {
  const view = viewOf(members, objects);
  const odd = await stage.settle(view).catch((e: unknown) => [String(e).slice(0, 1500)]);
  if (odd.length === 0) {
    console.log(i, 'ok');
    continue;
  }
  console.log(i, odd);
  const table = compile('cnsmo0', { lanes: lanesOf(siteOf(view)), generation: 1 }, null, []);
  const listed = JSON.parse(
    await stage.b
      .must(['nft', '-j', 'list', 'table', 'inet', 'cnsmo'])
      .catch(() => '{"nftables":[]}'),
  ) as { nftables: { rule?: { chain: string } }[] };
  out.push({
    i,
    odd,
    objects,
    wanted: table.chains.filter(({ name }) => odd.some((o) => o.includes(`${name} `))),
    has: listed.nftables
      .filter(({ rule }) => rule && odd.some((o) => o.includes(`${rule.chain} `)))
      .map(({ rule }) => rule),
  });
}
writeFileSync('/tmp/zz-odd.json', JSON.stringify(out));
await stage.end();
process.exit(0);
