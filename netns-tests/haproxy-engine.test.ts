import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { drained, LEAST, openProxyStage } from './engine-haproxy.ts';
import { openAsker } from './talker.ts';

const skip = process.geteuid?.() === 0 ? false : 'needs root, for network namespaces';

/** Asks until it is so; fails with what was asked after `limitMs`. */
async function until(what: string, limitMs: number, isSo: () => boolean | Promise<boolean>) {
  const deadlineMs = performance.now() + limitMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < deadlineMs, `${what}: not within ${limitMs} ms`);
    await setTimeout(20);
  }
}

const { ipv4, ipv6 } = LEAST.addresses;

test('the agent has haproxy balance, and nft lead there', { skip }, async (t) => {
  // Goal: leastconn at a virtual address, whole. Method: the agent on the real tools, connections
  // through both; without the agent, without HAProxy, without a wish.
  const stage = await openProxyStage();
  t.after(() => stage.end());
  const isReady = (): boolean => stage.report()?.state === 'ready';
  const tables = (): Promise<string> => stage.vm1.must(['nft', 'list', 'tables']);
  const settled = () => until(`ready: ${JSON.stringify(stage.report())}`, 15_000, isReady);

  await t.test('who has the fewest gets the next, by either family', async () => {
    // Goal: leastconn. Method: connections that are kept, and a port that nobody balances.
    stage.start();
    await settled();
    stage.want({ 'balancer/web': LEAST });
    await until('running', 10_000, () => stage.process.isRunning('haproxy'));
    await settled();
    for (const address of [ipv4, ipv6]) {
      await until('it answers', 5_000, async () => {
        const said = await stage.who(address, 80, 4);
        return said.toSorted().join() === 'vm2,vm2,vm3,vm3';
      });
      assert.deepEqual(await stage.who(address, 81, 1), ['ECONNREFUSED']);
    }
  });

  await t.test('over a range each port has its own, by either family', async () => {
    // Goal: ports keep their distance behind nft, too. Method: what answers at the first, in the
    // middle, at the last, and at the port after it.
    const listen = { protocol: 'tcp', ports: [80, 82] } as const;
    stage.want({ 'balancer/web': { ...LEAST, listen } });
    for (const address of [ipv4, ipv6]) {
      for (const [port, said] of [
        [80, ''],
        [81, ':8081'],
        [82, ':8082'],
      ] as const) {
        const expected = `vm2${said},vm3${said}`;
        await until(
          `${expected} at ${address} ${port}`,
          5_000,
          async () => (await stage.who(address, port, 2)).toSorted().join() === expected,
        );
      }
      assert.deepEqual(await stage.who(address, 83, 1), ['ECONNREFUSED']);
    }
    stage.want({ 'balancer/web': LEAST });
    await until(
      'the first alone',
      10_000,
      async () => `${await stage.who(ipv4, 81, 1)}` === 'ECONNREFUSED',
    );
  });

  await t.test('nobody else gets in at its own port', async () => {
    // Goal: no way past the rules for this VM. Method: another member, at the local port and, as
    // the twin, at a port that is no balancer's; this VM itself gets through.
    const server = 'require("node:net").createServer((to) => to.end("own")).listen(9000, "::")';
    await stage.process.start({ name: 'own', argv: ['node', '-e', server], env: {} });
    for (const host of ['10.10.0.1', 'fd00:1::1']) {
      await until('own', 10_000, async () => {
        const [said] = await stage.whoFromOther(host, 9_000, 1);
        return said === 'own';
      });
      assert.deepEqual(await stage.whoFromOther(host, 28_400, 1), ['ECONNREFUSED']);
      assert.match(`${await stage.who(host, 28_400, 1)}`, /^vm[23]$/);
    }
    await stage.process.stop('own');
  });

  await t.test(
    'a member that drains gets nothing new; where all do, it is refused at once',
    async () => {
      // Goal: drains count here too. Method: one drains, then both.
      stage.want({ 'balancer/web': LEAST, ...drained(2) });
      await until('vm3 alone', 10_000, async () => {
        const said = await stage.who(ipv4, 80, 4);
        return said.every((each) => each === 'vm3');
      });
      stage.want({ 'balancer/web': LEAST, ...drained(2, 3) });
      await until('refused', 10_000, async () => {
        const [said] = await stage.who(ipv4, 80, 1);
        return said === 'ECONNREFUSED';
      });
      stage.want({ 'balancer/web': LEAST });
      await until('both', 10_000, async () => new Set(await stage.who(ipv4, 80, 4)).size === 2);
    },
  );

  await t.test('killed, it is there again; without a daemon it goes on', async () => {
    // Goal: a process of ours. Method: kill it; stop the agent, ask; start one, which adopts it.
    await settled();
    await stage.process.stop('haproxy');
    await until('again', 15_000, async () => (await stage.who(ipv6, 80, 1))[0]?.[0] === 'v');
    await settled();
    await stage.stop();
    assert.equal(new Set(await stage.who(ipv4, 80, 4)).size, 2);
    const pids = (): Promise<string> => stage.vm1.must(['ss', '-Htlnp', 'sport = :28400']);
    const before = await pids();
    stage.start();
    await settled();
    assert.equal(await pids(), before);
  });

  await t.test(
    'nobody wants it: what is open goes on, and when it is over all is gone',
    async () => {
      // Goal: to delete the last balancer cuts nobody, by either family. Method: connections
      // through nft and HAProxy that are kept; new ones are refused; they end.
      const asker = await openAsker(stage.vm1);
      t.after(() => asker.end());
      for (const destination of [ipv4, ipv6]) {
        const flow = { id: destination, protocol: 'tcp', destination, port: 80 };
        assert.equal(await asker.ask({ do: 'open', ...flow }), 'open');
      }
      const echoes = async (): Promise<void> => {
        for (const id of [ipv4, ipv6]) {
          assert.equal(await asker.ask({ do: 'echo', id }), 'answers');
        }
      };
      await echoes();
      stage.want({});
      for (const address of [ipv4, ipv6]) {
        await until(
          'nothing new',
          10_000,
          async () => !`${await stage.who(address, 80, 1)}`.startsWith('vm'),
        );
      }
      await settled();
      await echoes();
      assert.equal(await stage.process.isRunning('haproxy'), true);
      for (const id of [ipv4, ipv6]) await asker.ask({ do: 'close', id });
      await until('stopped', 20_000, async () => !(await stage.process.isRunning('haproxy')));
      await until('no table', 10_000, async () => (await tables()) === '');
      stage.want({ 'balancer/web': LEAST });
      await until('running', 10_000, () => stage.process.isRunning('haproxy'));
    },
  );

  await t.test('nobody wants it, or we leave: it is gone', async () => {
    // Goal: nothing is left. Method: no balancer; then one again, and the ledger undone.
    stage.want({});
    await until('stopped', 10_000, async () => !(await stage.process.isRunning('haproxy')));
    await until('no table', 10_000, async () => (await tables()) === '');
    stage.want({ 'balancer/web': LEAST });
    await until('running', 10_000, () => stage.process.isRunning('haproxy'));
    await settled();
    await stage.stop();
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const host = { run: (command: { readonly argv: readonly string[] }) => run(command.argv) };
    const run = async (argv: readonly string[]) => {
      const { status, ...said } = await stage.vm1.run(argv);
      return { ...said, status: status ?? 1 };
    };
    const ports = { host: host as never, process: stage.process, log };
    assert.deepEqual(await stage.ledger.undoAll(ports), []);
    assert.equal(await stage.process.isRunning('haproxy'), false);
    assert.equal(await tables(), '');
  });
});
