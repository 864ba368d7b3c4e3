/**
 * Edge: spread — a balancer as a simulated kernel carries it out, for property tests: wishes drawn
 * by chance, what they promise, and whom connections went to.
 *
 * What is promised is worked out here from the wishes alone; where connections go is read from the
 * text that nft was given.
 */

import { targetKey } from '../src/services/lb/checks.ts';
import { viewOf, WEB } from '../src/services/lb/test-balancers.ts';
import { lookAt } from '../src/services/lb/test-host.ts';
import type { Sights } from '../src/services/loop.ts';
import { idOf, memberOf, type Objects } from '../src/services/test-view.ts';
import { openDraw, send, wayOut } from './balance.ts';
import { addDevice, bootKernel, type Kernel } from './kernel.ts';
import { runNft } from './nft-command.ts';
import type { Dice } from './random.ts';

/** A backend as operators and probes have it. */
export interface Candidate {
  /** Of the member, from 2. */
  readonly n: number;
  readonly weight: number;
  readonly isDraining: boolean;
  readonly isDown: boolean;
}

/** A balancer and its backends. */
export interface Wish {
  readonly mode: 'roundrobin' | 'random' | 'source';
  readonly isSticky: boolean;
  readonly backends: readonly Candidate[];
}

const MOST = 8;
const WEIGHT_MAX = 256;

/** Any of them. */
export function drawWish(dice: Dice, mode: Wish['mode'], isSticky: boolean): Wish {
  const weigh = dice.pick([
    () => 1,
    () => 1 + dice.integer(5),
    () => 1 + dice.integer(WEIGHT_MAX),
    () => dice.pick([1, WEIGHT_MAX]),
  ]);
  const [drains, downs] = [dice.pick([0, 0.2, 0.5]), dice.pick([0, 0.2, 0.6])];
  const backends = Array.from({ length: 1 + dice.integer(MOST) }, (_, index) => ({
    ...{ n: 2 + index, weight: weigh() },
    ...{ isDraining: dice.chance(drains), isDown: dice.chance(downs) },
  }));
  return { mode, isSticky, backends };
}

/** What each backend is promised of all new connections, by member; nothing to all others. */
export function sharesOf({ backends }: Wish): ReadonlyMap<number, number> {
  const open = backends.filter(({ isDraining }) => !isDraining);
  const up = open.filter(({ isDown }) => !isDown);
  // With more than half of them down it is likelier that this VM is cut off.
  const used = up.length * 2 < open.length ? open : up;
  const sum = used.reduce((total, { weight }) => total + weight, 0);
  return new Map(used.map(({ n, weight }) => [n, weight / sum]));
}

/** The VM that balances. */
export interface Stage {
  /** Makes its table so, by what the balancer's own rules find. */
  settle(wish: Wish): Promise<void>;
  /** To which member a new connection goes, from `client` or the VM itself; null: refused. */
  connect(family: 4 | 6, client?: string): number | null;
}

const VIRTUAL = { 4: WEB.addresses.ipv4, 6: WEB.addresses.ipv6 } as const;

/** A VM whose kernel has no table yet. */
export function openStage(dice: Dice): Stage {
  const kernel = openKernel();
  const draw = openDraw(() => dice.between(0, 1));
  const run = async (argv: readonly string[], stdin: string) =>
    runNft(kernel, argv.slice(1), stdin);
  return {
    settle: async (wish) => {
      const members = [memberOf(1), ...wish.backends.map(({ n }) => memberOf(n, { role: 'web' }))];
      const view = viewOf(objectsOf(wish), members);
      for (const { argv, text } of (await lookAt(run, view, sightsOf(wish))).steps) {
        const { status, stderr } = await run(argv, text);
        if (status !== 0) throw new Error(stderr);
      }
      const { steps } = await lookAt(run, view, sightsOf(wish));
      if (steps.length > 0) throw new Error(steps.flatMap(({ found }) => found).join('; '));
    },
    connect: (family, client) => {
      const way = wayOut(kernel, { to: VIRTUAL[family], port: 80 }, client);
      const fate = send(kernel, way, draw);
      if (fate.kind !== 'sent') return null;
      const [, n] = /^(?:10\.10\.0\.|fd00:1::)(\d+)$/.exec(fate.to) ?? [];
      return fate.port === WEB.port && n !== undefined ? Number(n) : -1;
    },
  };
}

function openKernel(): Kernel {
  const station = { vm: 'vm1', site: 'east', addresses: [], publicHost: null, isOn: true };
  const kernel = bootKernel(station, true, { nowMs: () => 0, wallMs: () => 0 });
  addDevice(kernel, 'cnsmo0', 'wireguard').addresses = ['10.10.0.1/16', 'fd00:1::1/64'];
  return kernel;
}

const objectsOf = ({ mode, isSticky, backends }: Wish): Objects => ({
  'balancer/web': {
    ...{ ...WEB, mode, ...(isSticky ? { stickyMs: 600_000 } : {}) },
    weights: backends.map(({ n, weight }) => ({ of: { kind: 'member', id: idOf(n) }, weight })),
  },
  ...Object.fromEntries(
    backends
      .filter(({ isDraining }) => isDraining)
      .map(({ n }) => [`drain/${idOf(n)}`, { balancers: { web: { sinceMs: 1 } } }]),
  ),
});

const sightsOf = ({ backends }: Wish): Sights =>
  new Map(
    backends.map(({ n, isDown }) => [
      targetKey(idOf(n), WEB),
      isDown ? 'down refuses connections' : 'up',
    ]),
  );
