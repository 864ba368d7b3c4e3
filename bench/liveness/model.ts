/**
 * Edge: liveness model — the real failure detectors on a modelled network, for meshes that one
 * machine does not hold, and for hours.
 */
import { type Model, type ModelMember, openModel } from '../../sim/swim-model.ts';
import { DEGREE } from '../../src/node/rules/neighbours.ts';
import { LAN, type Preset, WAN } from '../../src/node/rules/swim-presets.ts';
import { mean } from '../statistics.ts';

/** How far members are from one another, and how fast their detectors are there. */
export interface Distance {
  readonly name: string;
  readonly preset: Preset;
  /**
   * One way between two members, how much that varies, and when TCP sends anew what was lost:
   * Linux' shortest time after the longest round trip. Unit: ms.
   */
  readonly way: { readonly wayMs: number; readonly jitterMs: number; readonly resendMs: number };
}

/** Round trips of 10 to 20 ms. */
export const NEAR: Distance = {
  name: '',
  preset: LAN,
  way: { wayMs: 5, jitterMs: 5, resendMs: 200 },
};
/** Of 150 to 250 ms. */
export const FAR: Distance = {
  name: ', 150-250 ms apart',
  preset: WAN,
  way: { wayMs: 75, jitterMs: 50, resendMs: 450 },
};
/** Until a mesh has settled, and over which its messages are counted. Unit: ms. */
const SETTLE_MS = 20_000;
const COUNT_MS = 30_000;
/** Longest time for a death to be known. Unit: ms. */
const DEATH_MS_MAX = 120_000;
const HOUR_MS = 3_600_000;
/** Looks for who knows, one in so many events. */
const LOOK_EACH = 100;

/** What one modelled mesh showed. */
export interface ModelRun {
  /** From a power cut until all others know. Unit: s. */
  readonly deathS: number;
  /**
   * Before the power cut, per second: messages of probes of a member, on average; and of the
   * busiest one messages of probes, all messages, and kB that it sent and got.
   */
  readonly meanProbes: number;
  readonly probes: number;
  readonly messages: number;
  readonly kilobytes: number;
}

const isDeadFor = (model: Model, by: number, about: number): boolean => {
  const [observer, subject] = [model.members[by], model.members[about]];
  if (observer === undefined || subject === undefined) return false;
  return observer.swim.sighting(subject.id)?.mesh === 'dead';
};

/** A modelled mesh. */
export interface ModelledMesh {
  readonly members: number;
  readonly loss: number;
  readonly distance: Distance;
}

const open = (name: string, { members, loss, distance }: ModelledMesh): Model => {
  const model = openModel(name, members, DEGREE, { ...distance.way, loss });
  for (const { swim } of model.members) swim.setPreset(distance.preset);
  return model;
};

/** One mesh, one member of which loses its power. */
export function runModel(mesh: ModelledMesh, seed: number): ModelRun {
  const { members, loss } = mesh;
  const model = open(`bench ${members} ${loss} ${seed}`, mesh);
  model.run(SETTLE_MS);
  const before = model.members.map((member) => ({ ...member }));
  model.run(SETTLE_MS + COUNT_MS);
  const busiest = (of: 'sent' | 'probes' | 'bytes'): number =>
    Math.max(...model.members.map((member, index) => difference(member, before[index], of)));
  const probes = model.members.map((member, index) => difference(member, before[index], 'probes'));
  const use = {
    meanProbes: mean(probes) / (COUNT_MS / 1_000),
    probes: busiest('probes') / (COUNT_MS / 1_000),
    messages: busiest('sent') / (COUNT_MS / 1_000),
    kilobytes: busiest('bytes') / COUNT_MS,
  };
  return { deathS: killOne(model, seed % members), ...use };
}

const difference = (
  after: ModelMember,
  before: ModelMember | undefined,
  of: 'sent' | 'probes' | 'bytes',
): number => after[of] - (before?.[of] ?? 0);

/** A member loses its power; until all others know. Unit: s. */
function killOne(model: Model, victim: number): number {
  const subject = model.members[victim];
  if (subject === undefined) throw new Error('no victim');
  const startMs = model.nowMs();
  model.powerCut(subject);
  let left = model.members.map((_, index) => index).filter((index) => index !== victim);
  let events = 0;
  model.run(startMs + DEATH_MS_MAX, () => {
    events += 1;
    if (events % LOOK_EACH !== 0) return false;
    left = left.filter((by) => !isDeadFor(model, by, victim));
    return left.length === 0;
  });
  return (model.nowMs() - startMs) / 1_000;
}

/** How many deaths an hour without one shows, each member's view counted. */
export function falseDeaths(mesh: ModelledMesh, seed: number): number {
  const { members } = mesh;
  const model = open(`hour ${members} ${seed}`, mesh);
  let deaths = 0;
  for (let atMs = 1_000; atMs <= HOUR_MS; atMs += 1_000) {
    model.run(atMs);
    for (let by = 0; by < members; by += 1) {
      for (let about = 0; about < members; about += 1) {
        if (by !== about && isDeadFor(model, by, about)) deaths += 1;
      }
    }
  }
  return deaths;
}
