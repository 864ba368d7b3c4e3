import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textOf } from '../nft/transaction.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import type { Objects } from '../test-view.ts';
import { compile } from './compile.ts';
import { type Flow, judge } from './judge.ts';
import { isActive, lanesOf } from './lane.ts';
import { narrow } from './narrow.ts';
import { replaceTable } from './own-table.ts';
import type { Direction } from './schemas.table.ts';
import { interpret } from './test-interpreter.ts';
import { answerTo, flow, NAMES, packetOf } from './test-packets.ts';
import { ruleOf, siteOf, viewOf } from './test-policy.ts';
import { crowd, members, policy } from './test-random.ts';

const GENERATION = 5;
const MARK = GENERATION * 2 ** 24;

const isAnsweredEssential = ({ protocol, value }: Flow): boolean =>
  (protocol === 'icmp' && [3].includes(value)) ||
  (protocol === 'icmpv6' && [3, 135].includes(value));

/** Rules that logged what they would have decided on, by the prefixes of the log. */
const auditsIn = (logs: readonly string[]): readonly string[] =>
  logs.flatMap((prefix) => /^cnsmo audit (r\d+) $/.exec(prefix)?.[1] ?? []).toSorted();

/** The chains that the compiled table had; throws where it and the reference differ. */
const agree = (objects: Objects, flows: readonly Flow[]): readonly string[] => {
  const lanes = lanesOf(siteOf(viewOf(members, objects)));
  const now = { lanes, generation: GENERATION };
  const table = compile('cnsmo0', now, null, []);
  const run = interpret(textOf(replaceTable(table, new Map())));
  const say = (zone: Zone, direction: Direction, each: Flow) => {
    const lane = lanes.find((one) => one.zone === zone && one.direction === direction);
    if (lane === undefined) throw new Error('no lane');
    const judgement = judge(lane, each);
    assert.deepEqual(judge(narrow(lane, each), each), judgement, 'narrowed');
    const verdict = isActive(lane) ? NAMES[judgement.action] : 'accept';
    return { verdict, audits: judgement.audits.toSorted() };
  };
  for (const each of flows) {
    for (const zone of ['mesh', 'wan'] as const) {
      const { verdict: coming, audits } = say(zone, 'in', each);
      const opener = packetOf(each, 'prerouting', zone, 'lo');
      assert.equal(run(opener).verdict, coming, 'in');
      assert.deepEqual(auditsIn(run(opener).logs), audits, 'audits of in');
      if (coming === 'accept' && each.protocol !== 'other') {
        const passed = run({ ...opener, hook: 'input' });
        const isEssential = judge(lanes[0] ?? assert.fail(), each).by.kind === 'essential';
        assert.equal(passed.mark, isEssential ? 0x1234 : MARK + 0x1234);
      }
      const { verdict: going, audits: outAudits } = say(zone, 'out', each);
      const leaving = run(packetOf(each, 'output', 'lo', zone));
      assert.equal(leaving.verdict, going, 'out');
      assert.deepEqual(auditsIn(leaving.logs), outAudits, 'audits of out');
      assert.equal(run(packetOf(each, 'forward', 'wan', zone)).verdict, going, 'through');
      if (isAnsweredEssential(each)) continue;
      assert.equal(run(answerTo(opener, each, 'output')).verdict, coming, 'answer to in');
      const left = packetOf(each, 'output', 'lo', zone);
      assert.equal(run(answerTo(left, each, 'prerouting')).verdict, going, 'answer to out');
    }
  }
  return table.chains.map(({ name }) => name);
};

test('the compiled table does what the reference says, to openers and to those who answer', () => {
  // Goal: semantics, whatever the policy. Method: random policies and flows; nft's JSON as an
  // interpreter of it reads it, against the slow reference. Coming in, going out, passing through.
  const flows = fc.array(flow, { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(policy, flows, (objects, some) => void agree(objects, some)),
    { numRuns: 200 },
  );
});

test('so it does where long runs of rules are passed by who is meant by none of them', () => {
  // Goal: the same. Method: 40 to 50 rules of one lane; some of them must have made runs.
  let runs = 0;
  const flows = fc.array(flow, { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(crowd, flows, (objects, some) => {
      runs += agree(objects, some).filter((name) => name.includes('/after-')).length;
    }),
    { numRuns: 60 },
  );
  assert.ok(runs > 60, `${runs} chains after runs`);
});

test('what nft would list otherwise is never written', () => {
  // Goal: a table that is read back is the one that was wanted, whoever wrote the rules. Method: by
  // twos, rules in another spelling compile to the same text; real nft read all of them.
  const textsOf = (fields: Objects) => {
    const view = viewOf(members, { 'rule/r': ruleOf({ from: [{ kind: 'mesh' }], ...fields }) });
    const now = { lanes: lanesOf(siteOf(view)), generation: GENERATION };
    return textOf(replaceTable(compile('cnsmo0', now, null, []), new Map()));
  };
  const icmp = { protocol: 'icmp' };
  const all4 = { from: [{ kind: 'cidr', cidr: '0.0.0.0/0' }] };
  for (const [one, other] of [
    [
      {
        protocol: 'tcp',
        ports: [
          [443, 443],
          [22, 22],
          [80, 443],
          [22, 22],
        ],
      },
      {
        protocol: 'tcp',
        ports: [
          [22, 22],
          [80, 443],
        ],
      },
    ],
    [
      {
        protocol: 'udp',
        ports: [
          [80, 443],
          [1, 79],
        ],
      },
      { protocol: 'udp', ports: [[1, 443]] },
    ],
    [
      { ...icmp, types: [13, 8, 8] },
      { ...icmp, types: [8, 13] },
    ],
  ] as const) {
    assert.equal(textsOf(one), textsOf(other));
  }
  const nfproto = /"key":"nfproto"}},"right"/;
  assert.match(textsOf(all4), nfproto, 'the family has to be said');
  assert.doesNotMatch(textsOf({ ...all4, to: [{ kind: 'mesh' }] }), nfproto, 'an address says it');
  assert.doesNotMatch(textsOf({ ...all4, ...icmp }), nfproto, 'a protocol says it');
});
