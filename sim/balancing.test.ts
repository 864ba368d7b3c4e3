import assert from 'node:assert/strict';
import { test } from 'node:test';
import { underBan } from './ban.ts';
import { BUGS } from './bugs.table.ts';
import { openEdition } from './edition.ts';
import type { Scene } from './invariant.ts';
import { lookAtBackends } from './invariant-backends.ts';
import { lookAtBalancers } from './invariant-balancers.ts';
import { openWeb } from './web.ts';
import { machineOf, pauseRun } from './world.ts';

type Web = ReturnType<typeof openWeb>;

/** As `watch.ts` looks; and so long that what lasts is told. */
const LOOK_MS = 15_000;
const LOOKS = 6;
const STORY_MS = 600_000;

/** What happens, and which words of an invariant tell that a product with the bug does wrong. */
interface Case {
  readonly bug: string;
  readonly wish?: object;
  readonly story: (web: Web) => Promise<unknown>;
  readonly words: RegExp;
}

const drain = ({ tell }: Web): Promise<unknown> => tell('drain', { name: 'web', members: ['vm2'] });

const CASES: readonly Case[] = [
  { bug: 'drain-ignored', story: drain, words: /sends to vm2 of web, which drains/ },
  {
    bug: 'clients-cling',
    wish: { sticky: 600_000, drain: 120_000, mode: 'random' },
    // Whom they remember is who is drawn first.
    story: async (web) => {
      await web.tell('drain', { name: 'web', members: ['vm3'] });
      await web.tell('drain', { name: 'web', members: ['vm4'] });
    },
    words: /sends to vm\d of web, which drains/,
  },
  {
    bug: 'drain-hasty',
    wish: { drain: 120_000 },
    story: drain,
    words: /ended what vm2 of web has/,
  },
  { bug: 'drain-endless', wish: { drain: 20_000 }, story: drain, words: /balancer: .* ended/ },
  {
    bug: 'dead-kept',
    story: async ({ serve }) => serve('vm2', null),
    words: /sends to vm2 of web, which is dead/,
  },
  {
    bug: 'no-panic',
    story: async ({ serve }) => {
      for (const vm of ['vm2', 'vm3', 'vm4']) serve(vm, null);
    },
    words: /balancer: .* was not as it should be/,
  },
  {
    bug: 'hearsay-believed',
    story: async ({ room, serve, world }) => {
      serve('vm2', null);
      await pauseRun(room, 5_000);
      await world.crash('vm2');
      serve('vm2', 'well');
    },
    words: /goes without vm2 of web, which serves/,
  },
];

/** What is wrong after the story, by both invariants; the first that finds anything. */
async function flawsAfter({ bug, wish = {}, story }: Case, isPlanted: boolean): Promise<string> {
  const ours = await openEdition(isPlanted ? (BUGS[bug]?.patches ?? []) : []);
  const web = openWeb(1, null, { ours, next: ours, foreign: ours });
  const { room } = web;
  const scene = { storm: { room } } as unknown as Scene;
  const [backends, balancers] = [lookAtBackends(scene), lookAtBalancers()];
  let flaws: readonly string[] = [];
  const looks = async (): Promise<void> => {
    for (let look = 0; look < LOOKS && flaws.length === 0; look += 1) {
      flaws = backends.always?.() ?? [];
      await pauseRun(room, LOOK_MS);
    }
  };
  const act = async (): Promise<void> => {
    await web.set(wish);
    await looks();
    assert.deepEqual(flaws, [], 'before the story');
    await story(web);
    await looks();
    if (machineOf(room, 'vm2').daemon === null) await web.world.boot('vm2');
    await pauseRun(room, 4 * LOOK_MS);
    const members = [...room.machines.values()];
    if (flaws.length === 0) flaws = (await balancers.whole?.(members)) ?? [];
  };
  await underBan(() => room.scheduler.drive(act(), STORY_MS));
  return flaws.join('; ');
}

for (const each of CASES) {
  test(`balancing: ${each.bug} is seen where it shows, and nothing without it`, async () => {
    // Goal: what the invariants of balancing tell. Method: a story in a calm mesh of five, by a
    // product with a planted bug and by the product as it is.
    assert.match(await flawsAfter(each, true), each.words);
    assert.equal(await flawsAfter(each, false), '');
  });
}
