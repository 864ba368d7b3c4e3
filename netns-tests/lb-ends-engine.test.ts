import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  type Asking,
  counted,
  down,
  drained,
  OUTER,
  only,
  openLbStage,
  over,
  up,
  VIRTUAL,
  web,
} from './engine-lb.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for network namespaces';
const stage = skip === false ? await openLbStage() : null;
after(() => stage?.end());

const HERE = [only(1)];

test('lb: connections to a backend that hangs are reset, all others go on', { skip }, async () => {
  // Goal: nobody waits a quarter of an hour. Method: kept connections to both, at the virtual and
  // at a frontend's address, while one takes no packet; twins: it only refuses, it comes back.
  if (stage === null) return;
  for (const family of ['ipv4', 'ipv6'] as const) {
    const kept: Kept[] = [];
    for (const n of [2, 3] as const) {
      assert.deepEqual(await stage.settle({ ...web({ on: HERE }), ...drained(5 - n) }), []);
      for (const by of ['vm1', 'stranger', 'guest'] as const) {
        const destination = by === 'stranger' ? OUTER[family] : VIRTUAL[family];
        for (const id of [`${n} ${family}`, `still ${n} ${family}`]) {
          await open(by, id, destination);
          kept.push({ by, id });
        }
      }
    }
    const all = (word: string) => heard(kept.filter(({ id }) => id.startsWith(word)));
    assert.deepEqual(await stage.settle(web({ on: HERE }), [down(2, 'refuses connections')]), []);
    assert.deepEqual(counted(await all('')), { x: 12 });
    await stage.hush(2, true);
    assert.deepEqual(await stage.settle(web({ on: HERE }), [down(2, 'does not answer')]), []);
    assert.deepEqual(counted(await all('2')), { reset: 3 });
    assert.deepEqual(counted(await all('3')), { x: 3 });
    await stage.hush(2, false);
    assert.deepEqual(await stage.settle(web({ on: HERE }), up()), []);
    assert.deepEqual(counted(await all('still')), { x: 6 });
    assert.deepEqual(counted(await all('3')), { x: 3 });
    for (const { by, id } of kept) await stage.askers[by].ask({ do: 'close', id });
  }
});

test('lb: what a drained backend has is ended when its time is over', { skip }, async () => {
  // Goal: a drain that is kept to. Method: kept connections to both while one drains, and when its
  // time is over; twins: that of another balancer at the same places; the balancer deleted.
  if (stage === null) return;
  const addresses = { ipv4: '10.10.7.8', ipv6: 'fd00:1::7778' };
  const other = web({ addresses }, 'other');
  for (const family of ['ipv4', 'ipv6'] as const) {
    const kept: Kept[] = [];
    for (const n of [2, 3] as const) {
      const drain = drained(5 - n);
      assert.deepEqual(await stage.settle({ ...web({ on: HERE }), ...drain }), []);
      await open('vm1', `${n}`, VIRTUAL[family]);
      await open('stranger', `${n}`, OUTER[family]);
      kept.push({ by: 'vm1', id: `${n}` } as const, { by: 'stranger', id: `${n}` } as const);
    }
    assert.deepEqual(await stage.settle({ ...web({ on: HERE }), ...other }), []);
    const more = Array.from({ length: 4 }, (_, at) => ({ by: 'vm1', id: `other ${at}` }) as const);
    for (const { id } of more) await open('vm1', id, addresses[family]);
    const objects = { ...web({ on: HERE }), ...other, ...drained(2) };
    assert.deepEqual(await stage.settle(objects), []);
    assert.deepEqual(await heard(kept), ['x', 'x', 'x', 'x']);
    assert.deepEqual(await stage.settle(objects, [over(2)]), []);
    assert.deepEqual(await heard(kept), ['reset', 'reset', 'x', 'x']);
    assert.deepEqual(await stage.settle(other, [over(2), over(3)]), []);
    assert.deepEqual(await heard(kept.slice(2)), ['reset', 'reset']);
    assert.deepEqual(await heard(more), ['x', 'x', 'x', 'x']);
    for (const { by, id } of [...kept, ...more]) await stage.askers[by].ask({ do: 'close', id });
    assert.deepEqual(await stage.settle({}), []);
  }
});

test('lb: udp of a client goes on to a backend that lives, time and again', { skip }, async () => {
  // Goal: a resolver or syslog that never stops is not lost for ever. Method: clients that keep
  // their ports, everywhere, while one backend after the other is gone; those of the other one,
  // and those that were moved, stay where they are.
  if (stage === null) return;
  const udp = { listen: { protocol: 'udp', ports: [53, 53] }, check: { kind: 'none' }, on: HERE };
  const gone = (n: number) => [...up(udp), down(n, 'its VM does not answer', udp)];
  assert.deepEqual(await stage.settle(web(udp)), []);
  const kept: Kept[] = [];
  for (const by of ['vm1', 'guest', 'stranger'] as const) {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const destination = by === 'stranger' ? OUTER[family] : VIRTUAL[family];
      for (const id of ['a', 'b'].map((each) => `${each} ${family}`)) {
        await open(by, id, destination, true);
        kept.push({ by, id });
      }
    }
  }
  const who = async () => (await heard(kept)).map((said) => said.slice(0, 3));
  const first = await who();
  assert.deepEqual(counted(first), { vm2: 6, vm3: 6 });
  assert.deepEqual(await who(), first);
  for (const n of [2, 3, 2, 3] as const) {
    const before = await who();
    await stage.hush(n, true);
    assert.deepEqual(await stage.settle(web(udp), gone(n)), []);
    const live = `vm${5 - n}`;
    const next = await who();
    before.forEach((name, at) => {
      if (name === live) assert.equal(next[at], live, JSON.stringify(kept[at]));
    });
    // What tells that it is gone is lost; where the kernel remembers another that is gone, twice.
    for (let left = 3; left > 0; left -= 1) await who();
    assert.deepEqual(counted(await who()), { [live]: kept.length });
    await stage.hush(n, false);
    assert.deepEqual(await stage.settle(web(udp), up(udp)), []);
    assert.deepEqual(counted(await who()), { [live]: kept.length });
  }
  assert.deepEqual(await stage.settle({}, [over(2, udp), over(3, udp)]), []);
  await who();
  assert.deepEqual(counted(await who()), { sil: kept.length });
});

interface Kept {
  readonly by: Asking;
  readonly id: string;
}

/** Opens what is kept, and hears whom it has. */
async function open(by: Asking, id: string, destination: string, isUdp = false) {
  const way = isUdp ? { protocol: 'udp', port: 53 } : { protocol: 'tcp', port: 80 };
  await stage?.askers[by].ask({ do: 'open', id, destination, ...way });
  return await heard([{ by, id }]);
}

/** What is said on each. */
async function heard(all: readonly Kept[]): Promise<readonly string[]> {
  const said = new Map<Kept, string>();
  const ask = async ([by, of]: readonly [Asking, readonly Kept[]]): Promise<void> => {
    const answer = await stage?.askers[by].ask({ do: 'hear', ids: of.map(({ id }) => id) });
    const texts = JSON.parse(answer ?? '') as readonly string[];
    for (const [at, each] of of.entries()) said.set(each, texts[at] ?? '');
  };
  await Promise.all([...Map.groupBy(all, (each) => each.by)].map(ask));
  return all.map((each) => said.get(each) ?? '');
}
