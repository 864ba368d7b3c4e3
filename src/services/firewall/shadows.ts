/**
 * Rule: firewall shadows — what other programs on this host drop though a rule of ours lets it
 * through, and what to tell them.
 *
 * 1. A chain that drops what it does not accept itself is named as a whole, until it accepts all
 *    that comes in on our interface; from then on, and of all other chains, the single rules of
 *    ours are named that are certain to be in vain.
 */
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import type { Problem } from '../service.ts';
import type { Passage } from './foreign-passage.ts';
import { walk } from './foreign-walk.ts';
import type { Clause, Lane } from './lane.ts';
import { isOutgoing } from './neighbours.ts';
import type { Neighbour } from './state.ts';
import { trafficText } from './verbs/traffic.ts';

/** What a program is told. IFACE: our interface; PORTS: what is to pass, as 443/tcp. */
const REMEDIES: Readonly<
  Record<string, { readonly all: (hook: string) => string; readonly one: string }>
> = {
  ufw: {
    all: (hook) =>
      hook === 'forward'
        ? 'ufw route allow in on IFACE'
        : hook === 'output'
          ? 'ufw allow out on IFACE'
          : 'ufw allow in on IFACE, and ufw allow PORT',
    one: 'ufw allow PORTS',
  },
  firewalld: {
    all: () =>
      'firewall-cmd --permanent --zone=trusted --add-interface=IFACE; firewall-cmd --reload',
    one: 'firewall-cmd --permanent --add-port=PORTS; firewall-cmd --reload',
  },
  docker: {
    all: () => 'iptables -I DOCKER-USER -i IFACE -j ACCEPT',
    one: 'iptables -I DOCKER-USER … -j ACCEPT for it',
  },
  'iptables-legacy': {
    all: (hook) =>
      `iptables-legacy -I ${hook.toUpperCase()} ${isOutgoing(hook) ? '-o' : '-i'} IFACE -j ACCEPT`,
    one: 'delete that rule there: iptables-legacy -S shows it',
  },
};

/** Rules of ours that are named for one chain, and of how many it is asked: status is a page. */
const NAMED_MAX = 3;
const ASKED_MAX = 256;

/**
 * What a person should know of what others do with what `lanes` let through. The same answer for
 * the same objects, found once: who decides what to do next asks several times.
 */
export const shadows = (
  neighbours: readonly Neighbour[],
  ownInterface: string,
  lanes: readonly Lane[],
): readonly Problem[] => finish(findShadows(neighbours, ownInterface, lanes, UNMETERED));

/** The same, in pieces. */
export function* findShadows(
  neighbours: readonly Neighbour[],
  ownInterface: string,
  lanes: readonly Lane[],
  meter: Meter,
): Generator<void, readonly Problem[]> {
  const last = found.get(neighbours);
  if (last?.lanes === lanes && last.ownInterface === ownInterface) return last.said;
  const allowed = lanes
    .flatMap((lane) => lane.clauses.map((clause) => ({ lane, clause })))
    .filter(({ clause }) => clause.rule.action === 'allow')
    .slice(0, ASKED_MAX);
  const said: Problem[] = [];
  for (const neighbour of neighbours) {
    if (neighbour.isClosed && !neighbour.isPassed) {
      said.push(closedText(neighbour, ownInterface));
      continue;
    }
    const costMs = sizeOf(neighbour) * RULE_MS;
    const vain: typeof allowed = [];
    for (const each of allowed) {
      if (isInVain(neighbour, each.lane, each.clause, ownInterface)) vain.push(each);
      if (meter.isDue(costMs)) yield;
    }
    said.push(...vainTexts(neighbour, vain));
  }
  found.set(neighbours, { lanes, ownInterface, said });
  return said;
}

/** Time to ask one rule of others about a connection. Unit: ms, as measured. */
const RULE_MS = 0.0002;

const sizeOf = ({ rules }: Neighbour): number =>
  rules.values().reduce((sum, chain) => sum + chain.rules.length, 0);

interface Found {
  readonly lanes: readonly Lane[];
  readonly ownInterface: string;
  readonly said: readonly Problem[];
}

const found = new WeakMap<readonly Neighbour[], Found>();

const vainTexts = (
  neighbour: Neighbour,
  vain: readonly { readonly lane: Lane; readonly clause: Clause }[],
): readonly Problem[] => {
  const shown = vain
    .slice(0, NAMED_MAX)
    .map(({ lane, clause }) => vainText(neighbour, lane, clause));
  const more = vain.length - shown.length;
  return more > 0 ? [...shown, `${chainText(neighbour)}: and ${more} more rules here`] : shown;
};

const isInVain = (
  { family, name, hook, isDropping, rules }: Neighbour,
  { zone, direction }: Lane,
  { protocol, ports, remote }: Clause,
  ownInterface: string,
): boolean => {
  const isOut = isOutgoing(hook);
  // What goes on to containers is decided on by whoever made them.
  if (hook === 'forward' || isOut !== (direction === 'out')) return false;
  if (family !== 'inet' && remote?.every((each) => each.family !== family) === true) return false;
  if (protocol === (family === 'ip' ? 'icmpv6' : family === 'ip6' ? 'icmp' : '')) return false;
  const passage: Passage = {
    ...{ zone, direction, protocol, remote, interface: ownInterface },
    ports: ports?.map(([first, last]) => [BigInt(first), BigInt(last)] as const) ?? null,
  };
  const verdict = walk(rules, name, passage);
  return verdict === 'drop' || (verdict === null && isDropping && zone === 'wan');
};

const chainText = ({ program, family, table, name }: Neighbour): string =>
  `${program ?? 'another program'}: ${family} ${table} ${name}`;

const closedText = (neighbour: Neighbour, ownInterface: string): Problem => {
  const { program, hook } = neighbour;
  const way = isOutgoing(hook) ? 'leaves by' : 'comes in on';
  const remedy =
    REMEDIES[program ?? '']?.all(hook) ?? `let its owner accept what ${way} ${ownInterface}`;
  return (
    `${chainText(neighbour)}: drops at ${hook} what it does not accept itself, also where a rule ` +
    `here allows it; ${remedy.replaceAll('IFACE', ownInterface)}`
  );
};

const vainText = (neighbour: Neighbour, { zone, direction }: Lane, clause: Clause): Problem => {
  const { protocol, ports } = clause;
  const what = `${trafficText(clause.rule)} (${zone} ${direction})`;
  const named = ports?.map(([first, last]) => `${first}${first === last ? '' : `-${last}`}`);
  const remedy = REMEDIES[neighbour.program ?? '']?.one ?? 'let its owner take that rule back';
  return (
    `${chainText(neighbour)}: drops ${what}, which rule ${clause.rule.name} allows; ` +
    remedy.replaceAll('PORTS', `${named?.join(',') ?? 'it'}/${protocol}`)
  );
};
