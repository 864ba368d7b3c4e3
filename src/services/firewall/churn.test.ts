import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Member } from '../../crdt/view.ts';
import { memberOf, type Objects } from '../test-view.ts';
import { judge } from './judge.ts';
import { interpret } from './test-interpreter.ts';
import { DENY, openMember } from './test-member.ts';
import { flow, NAMES, packetOf } from './test-packets.ts';
import { laneOf, ruleOf, siteOf, viewOf } from './test-policy.ts';
import { crew, crowd, policy } from './test-random.ts';

/** What is done to the table, as `add element`. */
const doneBy = (texts: readonly string[]): readonly string[] =>
  commandsIn(texts).flatMap((command) =>
    Object.entries(command).map(([verb, what]) => `${verb} ${Object.keys(what).join()}`),
  );

/** What it takes that these members become those, and that those become these. */
const churn = (objects: Objects, these: readonly Member[], those: readonly Member[]) => {
  const member = openMember();
  // Connected with nobody: so no trial cuts it off.
  Object.assign(member.world, { objects, members: these, connected: [] });
  member.pass();
  member.world.members = those;
  const there = doneBy(member.texts());
  member.pass();
  member.world.members = these;
  return { done: [...there, ...doneBy(member.texts())], isTried: member.isTried() };
};

/** A policy, and another one on trial. */
const trying = fc.tuple(policy, policy).map(([objects, tried]): Objects => {
  const changes = Object.entries(tried).map(([place, value]) => {
    const [kind = '', name = ''] = place.split('/');
    return { kind, name, value };
  });
  return { ...objects, 'trial/t': { seconds: 86_400, changes } };
});

const ELEMENTS = ['add element', 'delete element'];
/** With the first member, which is this one. */
const crewWithUs = fc
  .tuple(fc.constantFrom('web', 'db'), crew)
  .map(([role, others]): readonly Member[] => [memberOf(1, { role }), ...others]);

const commandsIn = (texts: readonly string[]): readonly object[] =>
  texts.flatMap((text) => (JSON.parse(text) as { nftables: readonly object[] }).nftables);
const interpretAll = (commands: readonly object[]) =>
  interpret(JSON.stringify({ nftables: commands }));

test('whoever comes, goes or is labelled anew changes elements alone', () => {
  // Goal: membership churn writes no chain, set or table. Method: random policies, some of them on
  // trial, two random sets of members, this one labelled anew as well; all that nft is told for
  // the change, and back.
  let [changes, tried] = [0, 0];
  fc.assert(
    fc.property(
      fc.oneof(policy, crowd, trying),
      crewWithUs,
      crewWithUs,
      (objects, these, those) => {
        const { done, isTried } = churn(objects, these, those);
        changes += done.length;
        tried += Number(isTried);
        assert.deepEqual(
          done.filter((each) => !ELEMENTS.includes(each)),
          [],
        );
      },
    ),
    { numRuns: 40 },
  );
  assert.ok(changes > 80 && tried > 0, `${changes} changes, ${tried} on trial`);
});

/** Under them, who is allowed by labels alone is cut when it has them no more. */
const web = [{ kind: 'labels', labels: { role: 'web' } }];
const CLOSED = {
  'default/mesh-in': DENY,
  'default/mesh-out': DENY,
  'rule/web-in': ruleOf({ priority: 200, from: web }),
  'rule/web-out': ruleOf({ priority: 200, direction: 'out', to: web }),
};

test('live connections that membership now forbids are cut, and those alone', () => {
  // Goal: elements are enough. Method: random policies and connections, judged and marked by the
  // table; the transaction of another random set of members; what passes then is what the reference
  // lets pass. Many of them must have been cut, and many not.
  const seen = { cut: 0, kept: 0 };
  const flows = fc.array(flow, { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(policy, crew, crew, flows, (objects, these, those, some) => {
      const member = openMember();
      Object.assign(member.world, { objects: { ...objects, ...CLOSED } });
      member.world.members = [memberOf(1), ...these];
      const commands = commandsIn(member.texts());
      const before = interpretAll(commands);
      member.pass();
      member.world.members = [memberOf(1), ...those];
      const after = interpretAll([...commands, ...commandsIn(member.texts())]);
      const site = siteOf(viewOf(member.world.members, member.world.objects));
      const live = { state: 'established', tcpFlags: ['ack'] };
      for (const each of some) {
        for (const direction of ['in', 'out'] as const) {
          const isIn = direction === 'in';
          const opener = isIn
            ? packetOf(each, 'prerouting', 'mesh', 'lo')
            : packetOf(each, 'output', 'lo', 'mesh');
          const first = before(opener);
          if (first.verdict !== 'accept') continue;
          const { mark } = isIn ? before({ ...opener, hook: 'input' }) : first;
          const verdict = NAMES[judge(laneOf(site, 'mesh', direction), each).action];
          assert.equal(after({ ...opener, ...live, mark }).verdict, verdict, direction);
          seen[verdict === 'accept' ? 'kept' : 'cut']++;
        }
      }
    }),
    { numRuns: 60 },
  );
  assert.ok(seen.cut > 10 && seen.kept > 50, JSON.stringify(seen));
});
