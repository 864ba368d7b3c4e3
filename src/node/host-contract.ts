/**
 * Rule: host contract — what every Host promises, run on the Linux edge and on the simulator's.
 *
 * What a command does is a matter of the tool; here is only what holds whatever the host has.
 */
import { Fault } from '../fault.ts';
import type { Host } from '../ports.ts';
import type { Suite } from './contract.ts';

/** Registers the suite. */
export function testHostContract(suite: Suite, open: () => Promise<Host>): void {
  const { test, assert } = suite;

  test('host: a tool that does not exist is refused by name', async () => {
    // Goal: the one failure of run that every host can show. Method: a name that no host has.
    const host = await open();
    const failure = await host.run({ argv: ['no-such-tool-anywhere', '--help'] }).catch((e) => e);
    assert.equal(failure instanceof Fault, true);
    assert.equal(failure.code, 'refused');
    assert.equal(failure.facts.field, 'tool');
    assert.equal(failure.facts.value, 'no-such-tool-anywhere');
  });

  test('host: facts are the same when asked twice', async () => {
    // Goal: gathering facts changes nothing. Method: ask twice, compare.
    const host = await open();
    assert.deepEqual(await host.facts(), await host.facts());
  });

  test('host: a probe tells the facts, and what only trying tells', async () => {
    // Goal: who only looks tries nothing. Method: both compared, the probe asked twice.
    const host = await open();
    const probed = await host.probe();
    assert.deepEqual(await host.probe(), probed);
    const { hasKernelWireguard, ...facts } = probed;
    assert.equal(typeof hasKernelWireguard, 'boolean');
    assert.deepEqual(await host.facts(), facts);
  });

  test('host: addresses are numeric, without loopback and link-local', async () => {
    // Goal: what may be advertised. Method: every address against the forms that may not be there.
    const host = await open();
    for (const { host: address } of await host.addresses()) {
      assert.equal(/^[0-9a-f.:]+$/.test(address), true, address);
      assert.equal(/^(127\.|169\.254\.|::1$|fe[89ab])/.test(address), false, address);
    }
  });
}
