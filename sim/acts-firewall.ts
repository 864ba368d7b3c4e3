/**
 * Edge: acts of the firewall — what operators let through and forbid, at the worst of times, for
 * good and on trial.
 */

import type { Dice } from './random.ts';
import { type Act, likelyOperator, type Storm } from './storm.ts';
import { ask, pauseRun } from './world.ts';

/** Few, so that several operators write the same. */
const NAMES = ['storm-0', 'storm-1', 'storm-2', 'storm-3'] as const;
/** Exact ports and a range: what goes into a map, and what is tried in turn. */
const TRAFFIC = ['tcp/80', 'udp/53', 'tcp/1000-2000', 'icmp/echo-request', 'any'] as const;
const SELECTORS = ['mesh', 'any', 'tier=a', '203.0.113.0/24'] as const;
/** What a trial may last. Unit: ms. */
const TRIALS_MS = [5_000, 20_000, 60_000] as const;

const tell = ({ room }: Storm, by: string, verb: string, given: object): Promise<unknown> =>
  ask(room, by, {
    method: 'POST',
    path: `/v1/services/firewall/${verb}`,
    body: { arguments: given },
  });

interface Wish {
  readonly verb: string;
  readonly given: object;
}

/** A rule written, changed or deleted, or a default. */
const drawWish = (dice: Dice): Wish => {
  const name = dice.pick(NAMES);
  const kind = dice.pick(['rule', 'rule', 'rule', 'delete', 'default'] as const);
  if (kind === 'delete') return { verb: 'delete', given: { names: [name] } };
  if (kind === 'default') {
    const [zone, direction] = [dice.pick(['mesh', 'wan']), dice.pick(['in', 'out'])];
    const action = dice.pick(['allow', 'deny', 'reject']);
    return { verb: 'default', given: { direction, action, zone, force: true } };
  }
  const from = dice.chance(0.5) ? { from: [dice.pick(SELECTORS)] } : {};
  const given = { traffic: dice.pick(TRAFFIC), name, replace: true, zone: 'wan', ...from };
  return { verb: dice.pick(['allow', 'deny', 'reject']), given };
};

/** An operator changes the policy. */
export const police: Act = async (storm, dice) => {
  const { verb, given } = drawWish(dice);
  await tell(storm, likelyOperator(storm, dice).name, verb, { ...given, force: true });
};

/** An operator changes it on trial; then an operator, not always the same, ends that, or nobody. */
export const onTrial: Act = async (storm, dice) => {
  const { verb, given } = drawWish(dice);
  const confirm = dice.pick(TRIALS_MS);
  const by = likelyOperator(storm, dice).name;
  await tell(storm, by, verb, { ...given, force: false, confirm });
  if (dice.chance(0.3)) return;
  // Some come too late.
  await pauseRun(storm.room, dice.between(0, confirm * 1.2));
  const ender = dice.chance(0.5) ? by : likelyOperator(storm, dice).name;
  await tell(storm, ender, 'confirm', { undo: dice.chance(0.4), force: dice.chance(0.5) });
};
