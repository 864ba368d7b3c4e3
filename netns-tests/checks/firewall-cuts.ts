/** Edge: firewall cuts — all that may forbid a live connection, beside a rule that is written. */
import { obey } from '../command-line.ts';
import { become, carries, goesOn, opens, PORT, type Stage, TWIN, tcp } from './firewall-stage.ts';
import { ENFORCED_MS, firewall } from './firewall-words.ts';

/** How long the rule lives that ends by itself, as it is typed. */
const LIFE = '2s';

/**
 * What a label, a group, the end of a rule and a trial take away is cut, and its twin goes on.
 * `allow`: what lets it in; `end`: what ends that.
 */
export async function firewallCuts(stage: Stage): Promise<void> {
  const { asker, mesh, vm1 } = stage;
  const run = (...argv: readonly string[]) => firewall(vm1, ...argv);
  const first = ['--on', 'vm2', '--name', 'first', '--priority', '50', '--replace'];
  const allow = ['allow', `tcp/${PORT}`, ...first];
  await opens(asker, 'twin', tcp(mesh[0], TWIN));
  await run('deny', `tcp/${PORT}`, '--on', 'vm2', '--name', 'last');

  await obey(vm1, ['member', 'label', 'vm1', 'role=ok']);
  await run(...allow, '--from', 'role=ok');
  await cuts(stage, 'a label', () => obey(vm1, ['member', 'label', 'vm1', 'role=']));

  await run('group', 'set', 'g', 'vm1', 'vm2');
  await run(...allow, '--from', 'group:g');
  await cuts(stage, 'a group', () => run('group', 'set', 'g', 'vm2'));

  await run(...allow, '--for', '1h');
  await cuts(stage, 'an end', () => run(...allow, '--for', LIFE));
  await run('delete', 'first', 'last');
  await run('group', 'delete', 'g');

  const deny = ['deny', `tcp/${PORT}`, '--on', 'vm2', '--name', 'last'];
  await cuts(stage, 'a trial', () => run(...deny, '--confirm', '60s'));
  await run('confirm', '--undo');
  await asker.ask({ do: 'close', id: 'twin' });
}

/** Waits until what is let in is, keeps one such connection, and has it cut. */
async function cuts(stage: Stage, what: string, end: () => Promise<string>): Promise<void> {
  const { world, asker, mesh } = stage;
  const flow = tcp(mesh[0], PORT);
  await become(stage, `before ${what}`, [[flow, 'accept']]);
  await opens(asker, what, flow);
  await goesOn(stage, what);
  await end();
  await become(stage, `new ones after ${what}`, [
    [flow, 'drop'],
    [tcp(mesh[0], TWIN), 'accept'],
  ]);
  const isCut = async (): Promise<boolean> => !(await carries(asker, what));
  await world.eventually(`${what} cuts`, isCut, ENFORCED_MS);
  await goesOn(stage, 'twin');
  await asker.ask({ do: 'close', id: what });
}
