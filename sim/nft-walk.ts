/**
 * Rule: nft walk — where a table of nftables sends the first packet of a connection: its base
 * chains in the order of the kernel, over what a rule of the balancer may ask.
 *
 * It reads what the kernel holds (`nft-tables.ts`), not what anybody meant, and throws at what it
 * does not know.
 */
import type { Put } from './nft-elements.ts';
import { createLookup } from './nft-lookup.ts';
import { type Draw, type Given, type Packet, valueIn } from './nft-values.ts';

type Json = Readonly<Record<string, unknown>>;

/** What becomes of a connection. */
export type Fate =
  | { readonly kind: 'sent'; readonly to: string; readonly port: number; readonly from: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'dropped' };

/** A way that packets go. */
export interface Way {
  readonly packet: Packet;
  readonly hooks: readonly ('prerouting' | 'output' | 'forward' | 'postrouting')[];
}

interface Chain {
  readonly name: string;
  readonly hook?: string;
  readonly prio?: number;
  readonly rules: readonly (readonly Json[])[];
}

interface Walk {
  readonly chains: ReadonlyMap<string, Chain>;
  readonly given: Given;
  readonly puts: Put[];
}

/** Sends one; `objects`: of the table. */
export function walk(
  objects: readonly object[],
  { packet, hooks }: Way,
  { draw, nowMs }: { readonly draw: Draw; readonly nowMs: number },
): { readonly fate: Fate; readonly puts: readonly Put[] } {
  const chains = chainsOf(objects);
  const given = { packet: { ...packet }, draw, lookup: createLookup(objects, nowMs) };
  const state: Walk = { chains, given, puts: [] };
  const base = [...chains.values()].filter(({ hook }) => hook !== undefined);
  for (const hook of hooks) {
    const here = base.filter((chain) => chain.hook === hook);
    for (const chain of here.toSorted((a, b) => Number(a.prio) - Number(b.prio))) {
      const end = runChain(state, chain);
      if (end === 'refused' || end === 'dropped') return { fate: { kind: end }, puts: state.puts };
    }
  }
  const { daddr, dport, saddr } = state.given.packet;
  return { fate: { kind: 'sent', to: daddr, port: dport, from: saddr }, puts: state.puts };
}

const known = new WeakMap<readonly object[], ReadonlyMap<string, Chain>>();

/** The same for the same objects, which do not change. */
const chainsOf = (objects: readonly object[]): ReadonlyMap<string, Chain> => {
  const chains = known.get(objects) ?? gather(objects);
  known.set(objects, chains);
  return chains;
};

function gather(objects: readonly object[]): ReadonlyMap<string, Chain> {
  const chains = new Map<string, Chain & { readonly rules: (readonly Json[])[] }>();
  for (const { chain, rule } of objects as readonly Readonly<Record<string, Json>>[]) {
    if (chain !== undefined) {
      chains.set(String(chain.name), { ...(chain as unknown as Chain), rules: [] });
    }
    if (rule !== undefined) {
      chains.get(String(rule.chain))?.rules.push(rule.expr as readonly Json[]);
    }
  }
  return chains;
}

/** `through`: the caller's next rule is asked; `accepted`: no more rules of this hook are. */
type End = 'through' | 'accepted' | 'refused' | 'dropped';

function runChain(state: Walk, { rules }: Chain): End {
  for (const rule of rules) {
    const end = runRule(state, rule);
    if (end === 'returned') return 'through';
    if (end !== null) return end;
  }
  return 'through';
}

/** Null: the next rule is asked. */
type RuleEnd = End | 'returned' | null;

function runRule(state: Walk, rule: readonly Json[]): RuleEnd {
  for (const statement of rule) {
    const [[name, body] = ['', null]] = Object.entries(statement);
    const run = STATEMENTS[name];
    if (run === undefined) throw new Error(`the simulated kernel knows no ${name}`);
    const end = run(state, body as Json);
    if (end !== 'next') return end;
  }
  return null;
}

type Run = (state: Walk, body: Json) => RuleEnd | 'next';

const isSame = (state: Walk, { op, left, right }: Json): boolean =>
  state.given.lookup.matches(String(op), valueIn(state.given, left), right);

const STATEMENTS: Readonly<Record<string, Run>> = {
  counter: () => 'next',
  // The simulated kernel remembers no connections, and no clients whose udp goes elsewhere.
  'ct timeout': () => 'next',
  set: () => 'next',
  match: (state, body) => (isSame(state, body) ? 'next' : null),
  vmap: (state, body) => {
    const verdict = valueIn(state.given, { map: body });
    return verdict === undefined ? null : runRule(state, [verdict as Json]);
  },
  accept: () => 'accepted',
  drop: () => 'dropped',
  return: () => 'returned',
  reject: () => 'refused',
  goto: (state, { target }) => {
    const end = runChain(state, chainAt(state, target));
    return end === 'through' ? 'returned' : end;
  },
  jump: (state, { target }) => {
    const end = runChain(state, chainAt(state, target));
    return end === 'through' ? 'next' : end;
  },
  dnat: ({ given }, { family, addr, port }) => {
    const to = valueIn(given, addr);
    if (given.packet.family !== family || to === undefined) return null;
    const [host, at] = [to].flat();
    const asked = port === undefined ? at : valueIn(given, port);
    Object.assign(given.packet, {
      ...{ asked: given.packet.daddr, askedPort: given.packet.dport, isRewritten: true },
      daddr: host as string,
      ...(asked === undefined ? {} : { dport: Number(asked) }),
    });
    return 'accepted';
  },
  masquerade: ({ given }) => {
    given.packet.saddr = given.packet.ownAddress;
    return 'accepted';
  },
  map: (state, { map, elem, data }) => {
    const { val, timeout } = (elem as { readonly elem: Json }).elem;
    const [key, verdict] = [valueIn(state.given, val), valueIn(state.given, data)];
    if (key === undefined) return null;
    const element = { key, verdict, timeout: timeout === undefined ? null : Number(timeout) };
    state.puts.push({ map: String(map).slice(1), element });
    return 'next';
  },
};

const chainAt = ({ chains }: Walk, target: unknown): Chain => {
  const chain = chains.get(String(target));
  if (chain === undefined) throw new Error(`no chain ${String(target)}`);
  return chain;
};
