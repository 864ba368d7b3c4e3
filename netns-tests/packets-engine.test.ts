import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openFirewallStage, referenceOf } from './engine-firewall.ts';
import { allForms, LANES, sample, verdictsOf } from './engine-packets.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for network namespaces';
const stage = skip === false ? await openFirewallStage() : null;
after(() => stage?.end());

test('firewall: what chance wrote, real packets get from the kernel', { skip }, async () => {
  // Goal: compiler, nft and kernel against the reference. Method: a sample of the policies of the
  // property test; each loaded, and every pair of addresses tried both ways, both zones, both
  // families. The sample has to hold every verdict of every lane.
  if (stage === null) return;
  const seen = new Set<string>();
  const odd: string[] = [];
  for (const [index, view] of sample().entries()) {
    assert.deepEqual(await stage.settle(view), []);
    const sides = [
      ['in', stage.a],
      ['out', stage.out],
    ] as const;
    const tries = sides.map(async ([way, talker]) => {
      const lanes = LANES.filter(([, direction]) => direction === way);
      const flows = lanes.flatMap((lane) => lane[2].map((flow) => ({ lane, flow })));
      const said = await verdictsOf(
        talker,
        flows.map(({ flow }) => flow),
      );
      for (const [at, { lane, flow }] of flows.entries()) {
        const [zone, direction] = lane;
        const wanted = referenceOf(view, zone, direction)(flow);
        seen.add(`${zone} ${direction} ${wanted}`);
        if (said[at] === wanted) continue;
        const { protocol, source, destination, port } = flow;
        const what = `${protocol} ${source} to ${destination} ${port}`;
        odd.push(`policy ${index}, ${zone} ${direction}: ${what}: ${said[at]}, not ${wanted}`);
      }
    });
    await Promise.all(tries);
  }
  assert.deepEqual(odd, []);
  assert.equal(seen.size, LANES.length * 3, [...seen].join());
});

test('firewall: whatever can be written is in step when it is read back', { skip }, async () => {
  // Goal: no rule keeps its host out of step. Method: every form that a rule can have, in one
  // table, read back as nft lists it.
  if (stage === null) return;
  assert.deepEqual(await stage.settle(allForms()), []);
});
