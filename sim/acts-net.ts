/**
 * Edge: acts of the network — cuts, one-way cuts, slow links and bad weather.
 */
import type { Dice } from './random.ts';
import { type Act, lasting, type Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Longest time that a link is cut or slow, and that the weather is bad. Unit: ms. */
const CUT_MS_MAX = 90_000;
const BLOW_MS_MAX = 60_000;
/** A flapping link: each half, and how long it lasts. Unit: ms. */
const FLAP_MS = 1_000;
const FLAP_MS_MAX = 30_000;
/** A slow link. Unit: bytes per ms: 64 kb/s to 1 Mb/s. */
const SLOW_BYTES_PER_MS = [8, 32, 125] as const;

/** Nothing passes between the two sites. */
export const cutSites: Act = async ({ world }) => world.cut('east', 'west');

/** All cuts end, all links are fast. */
export const heal: Act = async ({ world }) => world.heal();

const sides = ({ room }: Storm, dice: Dice): readonly [string[], string[]] => {
  const names = [...room.machines.keys()];
  const first = names.filter(() => dice.chance(0.5));
  return [first, names.filter((name) => !first.includes(name))];
};

/** Two random halves, without regard to sites. */
export const partition: Act = async (storm, dice) => {
  const { underlay } = storm.room;
  const [first, second] = sides(storm, dice);
  const ends = first.flatMap((a) =>
    second.flatMap((b) => [underlay.block(a, b), underlay.block(b, a)]),
  );
  await lasting(storm, dice.between(1_000, CUT_MS_MAX), () => {
    for (const end of ends) end();
  });
};

/** Packets go from one VM to another, and not back. */
export const oneWay: Act = async (storm, dice) => {
  const names = [...storm.room.machines.keys()];
  const from = dice.pick(names);
  const to = dice.pick(names.filter((name) => name !== from));
  const end = storm.room.underlay.block(from, to);
  await lasting(storm, dice.between(1_000, CUT_MS_MAX), end);
};

/** Between the sites everything passes for a second, nothing for the next, and so on. */
export const flapping: Act = async ({ room, world }, dice) => {
  const untilMs = room.scheduler.nowMs() + dice.between(1_000, FLAP_MS_MAX);
  while (room.scheduler.nowMs() < untilMs) {
    await world.cut('east', 'west');
    await pauseRun(room, FLAP_MS);
    await world.heal();
    await pauseRun(room, FLAP_MS);
  }
};

/** A VM's link is slow. */
export const slowLink: Act = async (storm, dice) => {
  const vm = dice.pick([...storm.room.machines.keys()]);
  const end = storm.room.underlay.throttle(vm, dice.pick(SLOW_BYTES_PER_MS));
  await lasting(storm, dice.between(1_000, CUT_MS_MAX), end);
};

/** Bad weather for a while. */
export const blow: Act = async (storm, dice) => {
  const { room } = storm;
  const { underlay, weather } = room;
  underlay.weather = { ...weather, loss: 0.4, gossipLoss: 0.9, farMs: weather.farMs + 400 };
  await lasting(storm, dice.between(0, BLOW_MS_MAX), () => {
    underlay.weather = weather;
  });
};
