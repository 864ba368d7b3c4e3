import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, memberOf, viewWith } from '../test-view.ts';
import { SERVICE } from './balancers.ts';
import { openBoard } from './probing.ts';
import { WEB } from './test-balancers.ts';

/** Ports of the balancers, each over all of the members 2 to 9; member 1 looks, and serves, too. */
const BALANCERS = 100;
const STEP_MS = 20;

/** A member's board in a mesh where each of nine serves a hundred balancers. */
function openCrowd() {
  const members = Array.from({ length: 9 }, (_, n) => memberOf(n + 1, { role: 'web' }));
  const balancers = Array.from({ length: BALANCERS }, (_, n) => [
    `balancer/b${n}`,
    { ...WEB, port: 8_000 + n },
  ]);
  const view = viewWith(SERVICE, members, Object.fromEntries(balancers));
  const said = Array.from({ length: BALANCERS }, (_, n) => `\n${8_000 + n} tcp up`).join('');
  const words = new Map(members.map(({ id }) => [id, `1${said}`]));
  const dead = new Set<string>();
  let seed = 1;
  const draw = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const board = openBoard(idOf(1), draw);
  const running: { readonly atMs: number; readonly end: () => void }[] = [];
  const looks: string[] = [];
  let nowMs = 0;
  return {
    dead,
    looks,
    downOf: (n: number): number =>
      [...board.sights(nowMs)].filter(
        ([key, sight]) => key.startsWith(idOf(n)) && sight.startsWith('down'),
      ).length,
    /** Goes on so long, or until it is so; how long that took. */
    go: (durationMs: number, isOver: () => boolean = () => false): number => {
      const beganMs = nowMs;
      for (; nowMs - beganMs < durationMs && !isOver(); nowMs += STEP_MS) {
        for (const each of running.splice(0)) {
          if (each.atMs <= nowMs) each.end();
          else running.push(each);
        }
        const liveliness = (member: string) => (dead.has(member) ? 'dead' : 'alive');
        board.look({ view, words, liveliness, mayRun: false }, nowMs);
        for (const { target, end } of board.due(nowMs)) {
          const isDead = dead.has(target.member);
          looks.push(target.member);
          const outcome = isDead ? 'silent' : 'answered';
          running.push({ atMs: nowMs + (isDead ? 1_500 : 2), end: () => end(outcome) });
        }
      }
      return nowMs - beganMs;
    },
  };
}

test('health: a death is seen soon, however much else is to be probed', () => {
  // Goal: 15 s after a power cut nobody sends to the dead, of which the failure detector takes 7.
  // Method: a hundred targets of one's own and eight hundred of others; one VM is dead. Twins: the
  // rest has its turns meanwhile, and who is alive is not taken out.
  const { dead, looks, downOf, go } = openCrowd();
  go(60_000);
  looks.length = 0;
  dead.add(idOf(5));
  const tookMs = go(60_000, () => downOf(5) === BALANCERS);
  assert.ok(tookMs <= 8_000, `${tookMs} ms`);
  const others = looks.filter((member) => member !== idOf(5)).length;
  assert.ok(others >= looks.length / 5, `${others} of ${looks.length}`);
  assert.deepEqual([downOf(1), downOf(2)], [0, 0]);
});
