/**
 * Rule: trials — no kernel goes by a trial for longer than its time, nor for a second time, and
 * nobody begins one after its time. Who starts anew with an empty kernel tells its age by clocks:
 * where one was wrong meanwhile, that holds of each life of a daemon alone.
 */
import { type Look, machinesOf, type Scene } from './invariant.ts';
import type { Machine } from './machine.ts';

/** What the kernel's whole seconds may add to an end. Unit: ms. */
const ROUNDED_MS = 2_000;
/** What decides on the way: members ask each other before they begin. Unit: ms. */
const BEGINNING_MS = 10_000;

const TRIED = 'tried/';

type Objects = readonly {
  readonly chain?: { readonly name: string };
  readonly map?: { readonly name: string; readonly elem?: readonly { readonly endMs: number }[] };
}[];

/** What a kernel tries, and for how long yet, ms; or null. */
const triedAt = ({ kernel }: Machine): { readonly id: string; readonly leftMs: number } | null => {
  const objects = (kernel.tables.get('inet cnsmo') ?? []) as Objects;
  const chains = objects.flatMap(({ chain }) => chain?.name ?? []);
  const id = chains.find((name) => name.startsWith(TRIED))?.slice(TRIED.length);
  const elements = objects.find(({ map }) => map?.name === 'trial-prerouting')?.map?.elem ?? [];
  const leftMs = Math.max(0, ...elements.map(({ endMs }) => endMs - kernel.nowMs()));
  return id === undefined || leftMs === 0 ? null : { id, leftMs };
};

/** Before a trial is first seen, what was stamped for it may be this old. Unit: ms. */
const STAMPED_MS = 60_000;

/** No clock of a VM is quite right. Unit: ms. The least jump of `acts-host.ts` is 15 s. */
const OFF_MS = 10_000;
const isWrong = ({ skewMs }: Machine): boolean => Math.abs(skewMs) > OFF_MS;

/** When a clock was last wrong, by the world's time, as far as looks tell. */
function watchClocks(scene: Scene) {
  const { scheduler } = scene.storm.room;
  let [sets, wrongMs] = [0, Number.NEGATIVE_INFINITY];
  return {
    look: () => {
      const all = machinesOf(scene);
      const count = all.reduce((sum, one) => sum + one.clockSets, 0);
      if (count > sets || all.some(isWrong)) wrongMs = scheduler.nowMs();
      sets = count;
    },
    wrongMs: () => wrongMs,
  };
}

/** Looks at what every kernel tries. Times are those of the world, which nobody sets. */
export function lookAtTrials(scene: Scene): Look {
  const told = new Map<string, { readonly seenMs: number; readonly lengthMs: number }>();
  const ends = new Map<string, number>();
  const { scheduler } = scene.storm.room;
  const clocks = watchClocks(scene);
  const hear = (machine: Machine): void => {
    for (const { kind, name, value } of machine.node?.replica.view().intent ?? []) {
      const { seconds } = Object(value) as { readonly seconds?: number };
      if (kind !== 'trial' || seconds === undefined || told.has(name)) continue;
      told.set(name, { seenMs: scheduler.nowMs(), lengthMs: seconds * 1_000 });
    }
  };
  const flawsOf = (machine: Machine): readonly string[] => {
    const tried = triedAt(machine);
    if (tried === null) return [];
    const { id, leftMs } = tried;
    const endMs = scheduler.nowMs() + leftMs;
    const trial = told.get(id);
    const isDoubtful = trial === undefined || clocks.wrongMs() > trial.seenMs - STAMPED_MS;
    const life = isDoubtful ? ` ${machine.bootedMs} ${machine.started}` : '';
    const key = `${machine.name} ${id}${life}`;
    const firstMs = ends.get(key) ?? endMs;
    ends.set(key, firstMs);
    if (endMs > firstMs + ROUNDED_MS) {
      return [`${machine.name} tries ${id} for ${endMs - firstMs} ms longer than its time`];
    }
    if (isDoubtful) return [];
    const lastMs = trial.seenMs + 2 * trial.lengthMs + BEGINNING_MS;
    return endMs > lastMs ? [`${machine.name} began ${id} after its time`] : [];
  };
  return {
    always: () => {
      clocks.look();
      for (const machine of machinesOf(scene)) hear(machine);
      return machinesOf(scene).flatMap(flawsOf);
    },
  };
}
