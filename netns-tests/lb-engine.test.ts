import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { idOf, type Objects } from '../src/services/test-view.ts';
import { counted, down, drained, OUTER, only, openLbStage, VIRTUAL, web } from './engine-lb.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for network namespaces';
const stage = skip === false ? await openLbStage() : null;
after(() => stage?.end());

const HERE = [only(1)];
/** Its last port is at another of its backends, where they answer. */
const WIDE = { listen: { protocol: 'tcp', ports: [10_000, 19_999] }, port: 10_001 };

test('lb: all answer in turn at a virtual address, and see the client', { skip }, async () => {
  // Goal: roundrobin, both families, with no hop. Method: who answers, and whom they saw; before it
  // there is a balancer, and at other ports, nobody does.
  if (stage === null) return;
  for (const [family, own] of [
    ['ipv4', '10.10.0.1'],
    ['ipv6', 'fd00:1::1'],
  ] as const) {
    assert.deepEqual(await stage.settle({}), []);
    assert.deepEqual(await stage.who('vm1', VIRTUAL[family], 80, 1), ['drop']);
    assert.deepEqual(await stage.settle(web()), []);
    const said = await stage.who('vm1', VIRTUAL[family], 80, 6);
    assert.deepEqual(counted(said), { [`vm2 ${own} 8080`]: 3, [`vm3 ${own} 8080`]: 3 });
    assert.notEqual(said[0], said[1]);
    assert.deepEqual(await stage.who('vm1', VIRTUAL[family], 81, 1), ['reject']);
    assert.deepEqual(await stage.who('vm2', VIRTUAL[family], 80, 1), ['drop'], 'vm2 has no table');
  }
});

test('lb: weights count, a client of source keeps its backend', { skip }, async () => {
  // Goal: shares and modes. Method: a backend of weight 2 of 3; the mode by source.
  if (stage === null) return;
  const weights = [{ of: only(3), weight: 2 }];
  assert.deepEqual(await stage.settle(web({ weights })), []);
  const said = await stage.who('vm1', VIRTUAL.ipv4, 80, 30);
  assert.deepEqual(counted(said), { 'vm2 10.10.0.1 8080': 10, 'vm3 10.10.0.1 8080': 20 });
  assert.deepEqual(await stage.settle(web({ mode: 'source' })), []);
  assert.equal(new Set(await stage.who('vm1', VIRTUAL.ipv4, 80, 8)).size, 1);
  assert.equal(new Set(await stage.who('vm1', VIRTUAL.ipv6, 80, 8)).size, 1);
});

test('lb: a backend that goes gets no new connection, and ends none', { skip }, async () => {
  // Goal: a change of backends drops nothing, an empty group is refused and not left to hang.
  // Method: a kept connection while its backend drains, then while there is none.
  if (stage === null) return;
  for (const family of ['ipv4', 'ipv6'] as const) {
    assert.deepEqual(await stage.settle({ ...web(), ...drained(2) }), []);
    const flow = { protocol: 'tcp', destination: VIRTUAL[family], port: 80 };
    assert.equal(await stage.askers.vm1.ask({ do: 'open', id: family, ...flow }), 'open');
    assert.deepEqual(await stage.settle({ ...web(), ...drained(3) }), []);
    const said = await stage.who('vm1', VIRTUAL[family], 80, 4);
    assert.ok(
      said.every((text) => text.startsWith('vm2 ')),
      said.join(),
    );
    assert.equal(await stage.askers.vm1.ask({ do: 'echo', id: family }), 'answers');
    assert.deepEqual(await stage.settle({ ...web(), ...drained(2), ...drained(3) }), []);
    assert.deepEqual(await stage.who('vm1', VIRTUAL[family], 80, 1), ['reject']);
    assert.equal(await stage.askers.vm1.ask({ do: 'echo', id: family }), 'answers');
    await stage.askers.vm1.ask({ do: 'close', id: family });
  }
});

test('lb: a client stays as long as its backend takes connections', { skip }, async () => {
  // Goal: sticky. Method: ten in a row; then that backend drains, and ten more.
  if (stage === null) return;
  for (const family of ['ipv4', 'ipv6'] as const) {
    const sticky = web({ stickyMs: 600_000 });
    assert.deepEqual(await stage.settle(sticky), []);
    const first = await stage.who('vm1', VIRTUAL[family], 80, 10);
    assert.equal(new Set(first).size, 1, first.join());
    const left = first[0]?.startsWith('vm2 ') === true ? 2 : 3;
    assert.deepEqual(await stage.settle({ ...sticky, ...drained(left) }), []);
    const next = await stage.who('vm1', VIRTUAL[family], 80, 10);
    assert.ok(
      next.every((text) => text.startsWith(`vm${5 - left} `)),
      next.join(),
    );
    assert.deepEqual(await stage.settle(sticky), []);
    assert.deepEqual(new Set(await stage.who('vm1', VIRTUAL[family], 80, 4)), new Set(next));
    assert.deepEqual(await stage.settle({}), []);
  }
});

test('lb: other addresses, guests, ranges and udp', { skip }, async () => {
  // Goal: what is forwarded gets this member's address, or nobody could answer it. Method: a
  // stranger at vm1's outer addresses and a guest at the virtual one; a range that keeps offsets.
  if (stage === null) return;
  assert.deepEqual(await stage.settle(web()), []);
  assert.deepEqual(await stage.who('stranger', OUTER.ipv4, 80, 1), ['reject']);
  assert.deepEqual(await stage.settle(web({ on: HERE })), []);
  for (const [family, own] of [
    ['ipv4', '10.10.0.1'],
    ['ipv6', 'fd00:1::1'],
  ] as const) {
    const both = { [`vm2 ${own} 8080`]: 2, [`vm3 ${own} 8080`]: 2 };
    assert.deepEqual(counted(await stage.who('stranger', OUTER[family], 80, 4)), both);
    assert.deepEqual(counted(await stage.who('guest', VIRTUAL[family], 80, 4)), both);
    assert.deepEqual(counted(await stage.who('vm1', OUTER[family], 80, 4)), both);
    assert.deepEqual(await stage.who('stranger', OUTER[family], 81, 1), ['reject']);
    assert.deepEqual(await stage.who('guest', VIRTUAL[family], 81, 1), ['reject']);
    // Its packets are forwarded as those of the guest are, but it is none.
    assert.deepEqual(await stage.who('stranger', VIRTUAL[family], 80, 1), ['reject']);
  }
  const range = { listen: { protocol: 'tcp', ports: [2_000, 2_001] }, port: 3_000, on: HERE };
  assert.deepEqual(await stage.settle(web(range)), []);
  const [said = ''] = await stage.who('vm1', VIRTUAL.ipv4, 2_001, 1);
  assert.match(said, /^vm[23] 10\.10\.0\.1 3001$/);
  const [wide = ''] = await stage.who('stranger', OUTER.ipv6, 2_000, 1);
  assert.match(wide, /^vm[23] fd00:1::1 3000$/);
  assert.deepEqual(await stage.settle(web({ ...WIDE, on: HERE })), []);
  for (const [by, to] of [
    ['vm1', VIRTUAL.ipv4],
    ['guest', VIRTUAL.ipv6],
    ['stranger', OUTER.ipv4],
  ] as const) {
    const [last = ''] = await stage.who(by, to, 19_999, 1);
    assert.match(last, /^vm[23] [0-9a-f.:]+ 20000$/);
    assert.deepEqual(await stage.who(by, to, 20_000, 1), ['reject']);
  }
  const udp = { listen: { protocol: 'udp', ports: [53, 53] }, check: { kind: 'none' } };
  assert.deepEqual(await stage.settle(web(udp)), []);
  const ask = { do: 'who', protocol: 'udp', port: 53, times: 4 };
  for (const destination of Object.values(VIRTUAL)) {
    const heard: unknown = JSON.parse(await stage.askers.vm1.ask({ ...ask, destination }));
    const own = destination.includes(':') ? 'fd00:1::1' : '10.10.0.1';
    const both = { [`vm2 ${own} 8080`]: 2, [`vm3 ${own} 8080`]: 2 };
    assert.deepEqual(counted(heard as readonly string[]), both);
  }
});

test('lb: what each backend was sent is counted, whichever way it went', { skip }, async () => {
  // Goal: the counts of `show`. Method: three connections each of vm1, a stranger and a guest, and
  // to vm1 itself, from itself and from outside; to drain leaves a count as it is, what
  // goes to a backend itself is counted nowhere. A long range, and sticky, which have chains.
  if (stage === null) return;
  const told = async (objects: Objects) => {
    const sights = Object.entries(await stage.sights(objects));
    return Object.fromEntries(
      sights.map(([name, text]) => [name.split('/')[1], Number(text.split(' ')[1])]),
    );
  };
  assert.deepEqual(await stage.settle({}), []);
  const one = { ...web({ on: HERE }), ...drained(3) };
  assert.deepEqual(await stage.settle(one), []);
  assert.equal((await told(one))[idOf(2)], 0);
  await stage.who('vm1', VIRTUAL.ipv4, 80, 3);
  await stage.who('vm1', VIRTUAL.ipv6, 80, 3);
  await stage.who('stranger', OUTER.ipv4, 80, 3);
  await stage.who('guest', VIRTUAL.ipv6, 80, 3);
  await stage.who('vm1', '10.10.0.2', 8_080, 3);
  assert.equal((await told(one))[idOf(2)], 12);
  assert.deepEqual(await stage.settle(web({ on: HERE })), []);
  await stage.who('vm1', VIRTUAL.ipv4, 80, 2);
  assert.deepEqual(await told(web({ on: HERE })), { [idOf(2)]: 13, [idOf(3)]: 1 });
  const other = { ...web({ on: HERE }), ...drained(2) };
  assert.deepEqual(await stage.settle(other), []);
  await stage.who('vm1', VIRTUAL.ipv4, 80, 2);
  assert.deepEqual(await told(other), { [idOf(2)]: 13, [idOf(3)]: 3 });
  const self = web({ on: HERE, to: [HERE[0]], includesSelf: true });
  assert.deepEqual(await stage.settle(self), []);
  await stage.who('vm1', VIRTUAL.ipv4, 80, 3);
  await stage.who('stranger', OUTER.ipv6, 80, 3);
  assert.deepEqual(await told(self), { [idOf(1)]: 6 });
  const listen = { protocol: 'tcp', ports: [3_000, 3_500] };
  const wide = { ...web({ listen, port: 3_000 }), ...drained(3) };
  assert.deepEqual(await stage.settle(wide), []);
  await stage.who('vm1', VIRTUAL.ipv6, 3_001, 3);
  assert.equal((await told(wide))[idOf(2)], 3);
  const sticky = { ...web({ stickyMs: 600_000 }), ...drained(3) };
  assert.deepEqual(await stage.settle(sticky), []);
  await stage.who('vm1', VIRTUAL.ipv4, 80, 3);
  assert.equal((await told(sticky))[idOf(2)], 3);
});

test('lb: what was on its way to a backend that is down is refused', { skip }, async () => {
  // Goal: who tries again is not sent there for ever. Method: a client that begins while its
  // backend takes no packet, and goes on after that is known; its twin is one that began before.
  if (stage === null) return;
  for (const [family, port, change] of [
    ['ipv4', 80, {}],
    ['ipv6', 80, {}],
    ['ipv4', 19_999, WIDE],
  ] as const) {
    const made = web(change);
    assert.deepEqual(await stage.settle({ ...made, ...drained(3) }), []);
    const flow = { protocol: 'tcp', destination: VIRTUAL[family], port };
    assert.equal(await stage.askers.vm1.ask({ do: 'open', id: `old-${family}`, ...flow }), 'open');
    await stage.hush(2, true);
    const [hanging]: readonly [readonly string[], unknown] = await Promise.all([
      stage.whoAtLast('vm1', VIRTUAL[family], port),
      // The next try of its kernel comes a second after the first.
      stage.untilMissed(2).then(() => stage.settle(made, [down(2, 'refuses connections', change)])),
    ]);
    assert.deepEqual(hanging, ['reject']);
    const said = await stage.who('vm1', VIRTUAL[family], port, 3);
    assert.ok(
      said.every((text) => text.startsWith('vm3 ')),
      said.join(),
    );
    await stage.hush(2, false);
    assert.equal(await stage.askers.vm1.ask({ do: 'echo', id: `old-${family}` }), 'answers');
    await stage.askers.vm1.ask({ do: 'close', id: `old-${family}` });
  }
});

test('lb: a port that was tried towards the dead is good again soon', { skip }, async () => {
  // Goal: clients use their ports again, and the kernel has in mind where each led. Method: ports
  // from which one began while its backend takes no packet; tried again, each once, when that is
  // known. Twin: a port that was never tried.
  if (stage === null) return;
  for (const family of ['ipv4', 'ipv6'] as const) {
    assert.deepEqual(await stage.settle({ ...web(), ...drained(3) }), []);
    await stage.hush(2, true);
    const ports = Array.from({ length: 8 }, (_, index) => 28_000 + index);
    const tried = await Promise.all(ports.map((port) => stage.fromPort(port, VIRTUAL[family], 80)));
    assert.ok(tried.every((said) => said === 'drop'));
    assert.deepEqual(await stage.settle(web(), [down(2, 'does not answer')]), []);
    assert.match(await stage.fromPort(28_100, VIRTUAL[family], 80), /^vm3 /);
    const again: string[] = [];
    for (const port of ports) {
      again.push(await stage.fromPort(port, VIRTUAL[family], 80));
      await setTimeout(again.at(-1)?.startsWith('vm3 ') === true ? 0 : 500);
    }
    assert.match(again.at(-1) ?? '', /^vm3 /, again.join());
    await stage.hush(2, false);
  }
});
