/**
 * Rule: lb tools contract — what `nft` does to the balancer's table, as far as the balancer relies
 * on it: on a real kernel and on the simulator's, so that the fake tells the truth.
 *
 * Everything is seen through the balancer's own probes and rules, and told in nft's own language.
 */
import type { HostResult } from '../../ports.ts';
import type { Sights } from '../loop.ts';
import type { NftChain, NftSet } from '../nft/tables.ts';
import { idOf, type Objects } from '../test-view.ts';
import { targetKey } from './checks.ts';
import { compile } from './compile.ts';
import { affinityMap, FAMILIES } from './own-table.ts';
import { at, EVERY, SHOP, viewOf, WEB } from './test-balancers.ts';
import { lookAt } from './test-host.ts';
import { tableIn } from './viewer.ts';

/** A host that balances nothing. */
export interface LbHost {
  run(argv: readonly string[], stdin: string): Promise<HostResult>;
  wait(durationMs: number): Promise<void>;
}

/** What the suite needs of a test runner. */
interface Suite {
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly assert: { deepEqual(actual: unknown, expected: unknown, message?: string): void };
}
type Assert = Suite['assert'];

/** Registers the suite. */
export function testLbTools({ test, assert }: Suite, open: () => Promise<LbHost>): void {
  test('lb tools: what is told as text is there as meant, all of it or nothing', async () => {
    // Goal: both kernels tell the same story. Method: balancers of every kind over those before,
    // each found in step; edits by hand, each found by its name; transactions with a wrong end.
    const host = await open();
    for (const [index, { objects, down }] of WISHES.entries()) {
      assert.deepEqual(await settle(host, objects, down), [], `wishes ${index}`);
    }
    await handsAreFound(assert, host);
    await refusedIsNothing(assert, host);
    await clientsAreForgotten(assert, host);
    assert.deepEqual((await host.run(['nft', 'delete', ...TABLE], '')).status, 0);
    const { observed } = await look(host, EVERY);
    assert.deepEqual(observed.kind, 'missing');
  });
}

/** Takes no new connection of `shop`. */
const drained = (n: number): Objects => ({
  [`drain/${idOf(n)}`]: { balancers: { shop: { sinceMs: 1 } } },
});

/** `down`: those of tcp refuse; below 0, they are silent, and those of udp are gone. */
const sightsOf = (down: readonly number[]): Sights =>
  new Map(
    down.flatMap((n) =>
      n > 0
        ? [[targetKey(idOf(n), WEB), 'down refuses connections']]
        : [
            [targetKey(idOf(-n), WEB), 'down does not answer'],
            [targetKey(idOf(-n), { port: 53, check: { kind: 'none' } }), 'down its VM is silent'],
          ],
    ),
  );

const WISHES: readonly { readonly objects: Objects; readonly down?: readonly number[] }[] = [
  { objects: { 'balancer/web': WEB } },
  { objects: EVERY },
  { objects: EVERY, down: [3] },
  { objects: EVERY, down: [2, 3] },
  { objects: EVERY, down: [-2] },
  { objects: { ...EVERY, ...drained(2) } },
  { objects: { 'balancer/web': { ...WEB, mode: 'source' }, 'balancer/shop': SHOP } },
  { objects: EVERY },
];

const look = (host: LbHost, objects: Objects, down: readonly number[] = []) =>
  lookAt((argv, stdin) => host.run(argv, stdin), viewOf(objects), sightsOf(down));

/** Makes the table so; what is still not as it should be then. */
async function settle(
  host: LbHost,
  objects: Objects,
  down: readonly number[] = [],
): Promise<readonly string[]> {
  for (const { argv, text } of (await look(host, objects, down)).steps) {
    const { status, stderr } = await host.run(argv, text);
    if (status !== 0) throw new Error(`${stderr}\n${text.slice(0, 2_000)}`);
  }
  return found(host, objects, down);
}

const found = async (host: LbHost, objects: Objects, down: readonly number[] = []) =>
  (await look(host, objects, down)).steps.flatMap((step) => step.found);

const TABLE = ['table', 'inet', 'cnsmo_lb'];
const PLACE = 'inet cnsmo_lb';

const write = (host: LbHost, ...lines: readonly string[]): Promise<HostResult> =>
  host.run(['nft', '-f', '-'], lines.map((line) => `${line}\n`).join(''));

/** A chain that others lead to, a map that a rule asks, and one of its elements. */
async function partsOf(host: LbHost) {
  const { desired } = await look(host, EVERY);
  if (desired === null) throw new TypeError('nothing is wanted');
  const { chains, sets } = compile(desired.own, desired.dispatches, { left: [], isMoved: false });
  const chain: NftChain | undefined = chains.find(
    ({ hook, rules }) => hook === null && rules.length > 0,
  );
  const map: NftSet | undefined = sets.find(({ name }) => name === 'services4');
  if (chain === undefined || map === undefined) throw new TypeError('another table');
  return { chain: chain.name, key: `${at(1).ipv4} . 6 . 80`, map: map.name };
}

async function handsAreFound(assert: Assert, host: LbHost): Promise<void> {
  const { chain, map, key } = await partsOf(host);
  const hands: readonly (readonly [wrong: string, name: string])[] = [
    [`add rule ${PLACE} ${chain} counter accept`, chain],
    [`flush chain ${PLACE} ${chain}`, chain],
    [`add chain ${PLACE} theirs`, 'theirs'],
    [`add set ${PLACE} extra { type ipv4_addr; }`, 'extra'],
    [`delete element ${PLACE} ${map} { ${key} }`, map],
    [`add element ${PLACE} virtual4 { 10.10.7.99 }`, 'virtual4'],
  ];
  for (const [wrong, name] of hands) {
    assert.deepEqual((await write(host, wrong)).status, 0, wrong);
    assert.deepEqual(await found(host, EVERY), [`cnsmo_lb ${name} was not as it should be`]);
    assert.deepEqual(await settle(host, EVERY), []);
  }
  const theirs = [`add chain ${PLACE} theirs`, `add rule ${PLACE} theirs accept`];
  assert.deepEqual((await write(host, ...theirs)).status, 0);
  assert.deepEqual((await write(host, `delete chain ${PLACE} theirs`)).status, 0, 'with its rules');
  assert.deepEqual(await found(host, EVERY), []);
  assert.deepEqual((await write(host, `delete ${TABLE.join(' ')}`)).status, 0);
  assert.deepEqual(await found(host, EVERY), ['the table was missing']);
  assert.deepEqual(await settle(host, EVERY), []);
}

/** Each names what is not there, or takes away or changes what is in use. */
const refusedLines = (chain: string, map: string, key: string): readonly string[] => [
  `add rule ${PLACE} nowhere accept`,
  `add rule ${PLACE} own-chain goto nowhere`,
  `add rule ${PLACE} own-chain ip daddr @nowhere accept`,
  `add rule ${PLACE} own-chain ct timeout set "nowhere"`,
  `flush chain ${PLACE} nowhere`,
  `delete chain ${PLACE} nowhere`,
  `delete chain ${PLACE} ${chain}`,
  `delete map ${PLACE} ${map}`,
  `delete set ${PLACE} nowhere`,
  `add element ${PLACE} nowhere { 10.10.7.1 }`,
  `add element ${PLACE} ${map} { 10.10.7.98 . 6 . 80 : goto nowhere }`,
  `add element ${PLACE} ${map} { ${key} : goto own-chain }`,
  `delete element ${PLACE} virtual4 { 10.10.7.97 }`,
  `delete table ${PLACE}_not`,
];

async function refusedIsNothing(assert: Assert, host: LbHost): Promise<void> {
  const { chain, map, key } = await partsOf(host);
  for (const wrong of refusedLines(chain, map, key)) {
    const lines = [`add chain ${PLACE} own-chain`, wrong];
    assert.deepEqual((await write(host, ...lines)).status === 0, false, wrong);
    assert.deepEqual(await found(host, EVERY), [], wrong);
  }
}

const CLIENT = '10.10.0.77';

/** A client stays with a backend that serves, and with none that drains; its time ends it too. */
async function clientsAreForgotten(assert: Assert, host: LbHost): Promise<void> {
  const [ipv4] = FAMILIES;
  const map = affinityMap(ipv4, 'shop');
  const clients = async (): Promise<readonly unknown[]> => {
    const { observed } = await look(host, EVERY);
    return [...(tableIn(observed)?.sets.get(map)?.elements.values() ?? [])].map(({ key }) => key);
  };
  const put = (timeoutS: number, n: number): Promise<HostResult> =>
    write(host, `add element ${PLACE} ${map} { ${CLIENT} timeout ${timeoutS}s : 10.10.0.${n} }`);
  assert.deepEqual((await put(600, 3)).status, 0);
  assert.deepEqual(await settle(host, { ...EVERY, ...drained(2) }), []);
  assert.deepEqual(await clients(), [CLIENT]);
  assert.deepEqual(await settle(host, { ...EVERY, ...drained(3) }), []);
  assert.deepEqual(await clients(), []);
  assert.deepEqual((await put(1, 2)).status, 0);
  assert.deepEqual(await clients(), [CLIENT]);
  await host.wait(2_000);
  assert.deepEqual(await clients(), []);
  assert.deepEqual(await settle(host, EVERY), []);
}
