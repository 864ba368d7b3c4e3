/**
 * Edge: balance — new connections to balancers from a simulated VM: where its kernel sends them by
 * the table that it holds.
 */
import { scaled } from './jhash.ts';
import type { Kernel } from './kernel.ts';
import { remember } from './nft-tables.ts';
import type { Draw } from './nft-values.ts';
import { type Fate, type Way, walk } from './nft-walk.ts';

/** The balancer's table, by family and name. */
export const LB_TABLE = 'inet cnsmo_lb';
const INTERFACE = 'cnsmo0';
const TCP = 6;

/** What a program of the VM connects to. */
export interface Aim {
  readonly to: string;
  readonly port: number;
  /** By number; absent: TCP. */
  readonly protocol?: number;
}

/** The way of the first packet of a guest of a VM (a container), whose address is `from`. */
export function wayThrough(kernel: Kernel, aim: Aim, from: string): Way {
  const { packet } = wayOut(kernel, aim, from);
  const hooks = ['prerouting', 'forward', 'postrouting'] as const;
  return { packet: { ...packet, iifname: 'docker0' }, hooks };
}

/** The way of a VM's own first packet; `from`: another address of the VM than its own. */
export function wayOut(kernel: Kernel, { to, port, protocol = TCP }: Aim, from?: string): Way {
  const locals = new Set(
    [...kernel.devices.values()].flatMap(({ addresses }) => addresses.map(plain)),
  );
  const isSix = to.includes(':');
  const own = (kernel.devices.get(INTERFACE)?.addresses ?? [])
    .map(plain)
    .find((address) => address.includes(':') === isSix);
  const packet = {
    ...{ family: isSix ? ('ip6' as const) : ('ip' as const), protocol, sport: 40_000 },
    ...{ saddr: from ?? own ?? '', daddr: to, dport: port, isRewritten: false },
    ...{ iifname: '', oifname: INTERFACE, ownAddress: own ?? '', locals },
  };
  return { packet, hooks: ['output', 'postrouting'] };
}

const plain = (address: string): string => address.split('/')[0] ?? '';

/** Opens a connection as a program does: what is drawn is drawn, and clients are remembered. */
export function send(kernel: Kernel, way: Way, draw: Draw): Fate {
  const nowMs = kernel.nowMs();
  const objects = kernel.tables.get(LB_TABLE) ?? [];
  const { fate, puts } = walk(objects, way, { draw, nowMs });
  if (puts.length > 0) kernel.tables.set(LB_TABLE, remember(objects, puts, nowMs));
  return fate;
}

/** Draws as a kernel does: each turn by itself, and chance from `fraction`, in [0, 1). */
export function openDraw(fraction: () => number): Draw {
  const turns = new WeakMap<object, number>();
  return (mode, mod, where) => {
    if (typeof mode === 'number') return scaled(mode, mod);
    if (mode === 'random') return Math.floor(fraction() * mod);
    const turn = ((turns.get(where) ?? -1) + 1) % mod;
    turns.set(where, turn);
    return turn;
  };
}

/** The keys of a set or a map of the table, in their parts; none where there is no such set. */
export const keysIn = ({ tables }: Kernel, name: string): readonly (readonly unknown[])[] =>
  ((tables.get(LB_TABLE) ?? []) as readonly Readonly<Record<string, Body | undefined>>[])
    .map(({ set, map }) => set ?? map)
    .filter((body) => body?.name === name)
    .flatMap((body) => (body?.elem ?? []).map(({ key }) => partsOf(key)));

interface Body {
  readonly name: string;
  readonly elem: readonly { readonly key: unknown }[];
}

const partsOf = (key: unknown): readonly unknown[] =>
  (Object(key) as { readonly concat?: readonly unknown[] }).concat ?? [key];

/**
 * Every place to which such a connection may be sent now, whoever asks: `ADDRESS PORT`; and
 * verdicts.
 */
export function placesOf(kernel: Kernel, way: Way): readonly string[] {
  const objects = kernel.tables.get(LB_TABLE) ?? [];
  const places = new Set<string>();
  for (const draw of everyDraw()) {
    const { fate } = walk(objects, way, { draw, nowMs: kernel.nowMs() });
    places.add(fate.kind === 'sent' ? `${fate.to} ${fate.port}` : fate.kind);
  }
  return [...places].toSorted();
}

/** Draws all that can be drawn, one after the other; for a walk each. */
function* everyDraw(): Generator<Draw, void> {
  const drawn: number[] = [];
  const mods: number[] = [];
  for (;;) {
    let at = 0;
    yield (_, mod) => {
      mods[at] = mod;
      drawn[at] ??= 0;
      at += 1;
      return drawn[at - 1] ?? 0;
    };
    drawn.length = at;
    while (drawn.length > 0 && (drawn.at(-1) ?? 0) + 1 >= (mods[drawn.length - 1] ?? 0))
      drawn.pop();
    const last = drawn.length - 1;
    if (last < 0) return;
    drawn[last] = (drawn[last] ?? 0) + 1;
  }
}
