/**
 * Rule: firewall tools contract — what `nft` does to a table, as far as the firewall relies on it:
 * on a real kernel and on the simulator's, so that the fake tells the truth.
 *
 * Everything is seen through the firewall's own probes and rules.
 */
import type { Value } from '../../crdt/entry.ts';
import type { View } from '../../crdt/view.ts';
import { isNoTable } from '../nft/read-table.ts';
import { memberOf, type Objects } from '../test-view.ts';
import { tableOf } from './diff.ts';
import { deleteElements, FAMILY, NAME } from './own-table.ts';
import { lookAt, type NftHost, settle, stampedAt } from './test-host.ts';
import { ruleOf, viewOf } from './test-policy.ts';
import { isRunning } from './trial.ts';

/** A host that nothing filters at. */
export interface FirewallHost extends NftHost {
  wait(durationMs: number): Promise<void>;
}

/** What the suite needs of a test runner. */
interface Suite {
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly assert: { deepEqual(actual: unknown, expected: unknown, message?: string): void };
}
type Assert = Suite['assert'];

/** Registers the suite. */
export function testFirewallTools({ test, assert }: Suite, open: () => Promise<FirewallHost>) {
  test('firewall tools: all of a transaction holds, or nothing of it', async () => {
    // Goal: both kernels tell the same story. Method: policy after policy over the one before,
    // each found in step; edits by hand, each found by its name; transactions with a wrong end.
    const host = await open();
    assert.deepEqual(await sight(host, viewWith({})), { kind: 'missing', lacking: [] });
    for (const [index, objects] of POLICIES.entries()) {
      assert.deepEqual(await settle(host, viewWith(objects)), [], `policy ${index}`);
    }
    await handsAreFound(assert, host);
    await refusedIsNothing(assert, host);
    await endsByItself(assert, host);
    assert.deepEqual(await settle(host, viewWith({})), []);
    assert.deepEqual(await sight(host, viewWith({})), { kind: 'missing', lacking: [] });
  });
}

const members = [memberOf(1), memberOf(2, { role: 'web' }), memberOf(3, { role: 'web' })];
const viewWith = (objects: Objects): View => viewOf(members, objects);

const sight = async (host: NftHost, view: View) => {
  const { observed } = await lookAt(host, view);
  return observed.kind === 'missing'
    ? { kind: observed.kind, lacking: observed.lacking }
    : { kind: observed.kind };
};

const web = [{ kind: 'labels', labels: { role: 'web' } }];
const WEB = ruleOf({ protocol: 'tcp', ports: [[80, 80]], from: web });
/** Each form that the table has: exact, in turn, limited, logged, leaving, audited. */
const POLICIES: readonly Objects[] = [
  { 'rule/web': WEB },
  { 'rule/web': WEB, 'default/mesh-in': { action: 'deny' } },
  {
    'default/wan-in': { action: 'reject' },
    'rule/high': ruleOf({ zone: 'wan', protocol: 'udp', ports: [[1_000, 9_000]] }),
    'rule/net': ruleOf({
      ...{ zone: 'wan', action: 'deny', priority: 10 },
      from: [{ kind: 'cidr', cidr: '2001:db8::/32' }],
    }),
  },
  {
    'rule/limited': ruleOf({
      ...{ protocol: 'tcp', ports: [[22, 22]], log: true, connections: 50 },
      rate: { count: 10, per: 'second', burst: 5 },
    }),
    'rule/ping': ruleOf({ action: 'deny', protocol: 'icmp', types: [8] }),
    'rule/mail': ruleOf({
      ...{ zone: 'wan', direction: 'out', action: 'reject', protocol: 'tcp', ports: [[25, 25]] },
      audit: true,
    }),
  },
  { 'rule/web': WEB, 'default/mesh-in': { action: 'deny' } },
];
const LAST: Objects = POLICIES.at(-1) ?? {};

const PLACE = { family: FAMILY, table: NAME };
const DROP_ALL = { add: { rule: { ...PLACE, chain: 'input', expr: [{ drop: null }] } } };

/** What a hand may do, and what is found after it. */
const HANDS: readonly (readonly [wrong: object, found: string])[] = [
  [DROP_ALL, 'input'],
  [{ add: { chain: { ...PLACE, name: 'theirs' } } }, 'theirs'],
  [{ add: { set: { ...PLACE, name: 'extra', type: 'mark' } } }, 'extra'],
  [{ flush: { chain: { ...PLACE, name: 'now/known' } } }, 'now/known'],
];

const write = (host: NftHost, changes: readonly object[]) =>
  host.run(['nft', '-j', '-f', '-'], JSON.stringify({ nftables: changes }));

async function handsAreFound(assert: Assert, host: NftHost): Promise<void> {
  const view = viewWith(LAST);
  const found = async () => (await lookAt(host, view)).steps.flatMap((step) => step.found);
  for (const [wrong, name] of [...HANDS, await elementGone(host, view)]) {
    assert.deepEqual((await write(host, [wrong])).status, 0, JSON.stringify(wrong));
    assert.deepEqual(await found(), [`cnsmo ${name} was not as it should be`]);
    assert.deepEqual(await settle(host, view), []);
  }
  const table = { family: FAMILY, name: NAME };
  assert.deepEqual((await write(host, [{ delete: { table } }])).status, 0);
  assert.deepEqual(await found(), ['the table was missing']);
  assert.deepEqual(await settle(host, view), []);
}

/** An element that is there, taken out by its key. */
async function elementGone(host: NftHost, view: View): Promise<readonly [object, string]> {
  const { desired } = await lookAt(host, view);
  if (desired === null) throw new TypeError('nothing is wanted');
  const { sets } = tableOf(desired, { now: 1, trial: 2 });
  const set = sets.find(({ kind, elements }) => kind === 'map' && elements.size > 0);
  const [element] = set?.elements.values() ?? [];
  if (set === undefined || element === undefined) throw new TypeError('no map with elements');
  const [command = {}] = deleteElements(set, [element]);
  return [command, set.name];
}

/** Each names what is not there. */
const REFUSED: readonly object[] = [
  { add: { rule: { ...PLACE, chain: 'nowhere', expr: [{ drop: null }] } } },
  { flush: { chain: { ...PLACE, name: 'nowhere' } } },
  { delete: { chain: { ...PLACE, name: 'nowhere' } } },
  { delete: { set: { ...PLACE, name: 'nowhere' } } },
  { delete: { counter: { ...PLACE, name: 'nowhere' } } },
  { add: { element: { ...PLACE, name: 'nowhere', elem: [80] } } },
  { delete: { element: { ...PLACE, name: 'own', elem: [81] } } },
  { delete: { table: { family: FAMILY, name: `${NAME}_not` } } },
];
/** What would be there if a part of a transaction held. */
const OWN: readonly object[] = [
  { add: { chain: { ...PLACE, name: 'own-chain' } } },
  { add: { set: { ...PLACE, name: 'own', type: 'inet_service' } } },
];

async function refusedIsNothing(assert: Assert, host: NftHost): Promise<void> {
  const view = viewWith(LAST);
  for (const wrong of REFUSED) {
    const words = JSON.stringify(wrong);
    assert.deepEqual((await write(host, [...OWN, wrong])).status === 0, false, words);
    assert.deepEqual((await lookAt(host, view)).steps, [], words);
    const checked = await host.run(
      ['nft', '--check', '-j', '-f', '-'],
      JSON.stringify({ nftables: [...OWN, wrong] }),
    );
    assert.deepEqual(checked.status === 0, false, `checked: ${words}`);
  }
  const checked = JSON.stringify({ nftables: OWN });
  const { status } = await host.run(['nft', '--check', '-j', '-f', '-'], checked);
  assert.deepEqual([status, (await lookAt(host, view)).steps], [0, []], 'checked only');
  const absent = await host.run(['nft', '-j', 'list', 'table', FAMILY, `${NAME}_not`], '');
  assert.deepEqual([absent.status === 0, isNoTable(absent)], [false, true]);
}

/** Long enough to be seen on a slow machine. Unit: s. */
const TRIAL_S = 8;
const TRIAL: Value = {
  seconds: TRIAL_S,
  changes: [{ kind: 'default', name: 'wan-in', value: { action: 'deny' } }],
};

/** Elements that have a time are gone after it, and nobody was there. */
async function endsByItself(assert: Assert, host: FirewallHost): Promise<void> {
  const view = stampedAt(viewWith({ ...LAST, 'trial/one': TRIAL }), TRIAL, host.wallMs());
  const isOn = async (): Promise<boolean> => {
    const { observed } = await lookAt(host, view);
    return observed.kind === 'present' && isRunning(observed.table);
  };
  assert.deepEqual(await settle(host, view), []);
  assert.deepEqual(await isOn(), true);
  await host.wait(TRIAL_S * 1_000 + 500);
  assert.deepEqual(await isOn(), false);
  assert.deepEqual(await settle(host, view), []);
  assert.deepEqual(await isOn(), false);
}
