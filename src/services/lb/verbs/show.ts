/**
 * Rule: lb show — one balancer whole: where it is reached, by whom, how each backend does, and
 * whose address the backends see.
 */

import { endpointText } from '../../../crdt/endpoints.ts';
import { lateIn } from '../../behind.ts';
import { durationText } from '../../typed-words.ts';
import type { Cell, Scene, Shown, Verb } from '../../verb.ts';
import { verb } from '../../verb.ts';
import { addressesOf } from '../addresses.ts';
import { type Balancer, frontendsOf } from '../balancers.ts';
import { deskOf, type ListedBalancer, listedBalancer, troublesOf } from './list.ts';
import { addressTexts, mustKnow, nameInput } from './objects.ts';
import type { ListedBackend } from './seen.ts';

/** How long members are asked, ms. */
const STANDINGS_MS = 5_000;

/** Whose address backends see of connections that come to a place. */
interface Sight {
  readonly to: string;
  readonly from: string;
  /** `kept`: the client's own; `masqueraded`: that of the member which balances. */
  readonly address: 'kept' | 'masqueraded';
}

interface ShownBalancer extends ListedBalancer {
  /** The first port that is listened at. */
  readonly port: number;
  /** The first at which backends serve. */
  readonly backendPort: number;
  /** Members that listen at their other addresses. */
  readonly frontends: readonly string[];
  readonly clients: readonly Sight[];
}

/** `show`. */
export const showVerb: Verb = verb<ShownBalancer>({
  name: 'show',
  help: 'one balancer: its backends, their health and connections, and where it is in force',
  example: 'web',
  inputs: [nameInput('as list shows it')],
  needs: 'anybody',
  standingsMs: () => STANDINGS_MS,
  decide: (scene, given) => ({
    edits: [],
    body: shownOf(scene, mustKnow(scene.view, given.text('name') ?? '')),
  }),
  show: (balancer) => show(balancer),
});

function shownOf(scene: Scene, balancer: Balancer): ShownBalancer {
  const { view } = scene;
  const ids = frontendsOf(view, balancer);
  const frontends = view.members.filter(({ id }) => ids.has(id)).map(({ name }) => name);
  const { ipv4, ipv6 } = addressesOf(view).get(balancer.name) ?? balancer.addresses;
  const virtual = addressTexts({ ipv4, ipv6 }).join(' and ');
  return {
    ...listedBalancer(deskOf(scene), balancer),
    ...{ port: balancer.listen.ports[0], backendPort: balancer.port, frontends },
    clients: clientsOf(balancer, virtual, frontends),
  };
}

const clientsOf = (
  { includesSelf }: Balancer,
  virtual: string,
  frontends: readonly string[],
): readonly Sight[] => [
  { to: virtual, from: 'programs of members', address: 'kept' },
  { to: virtual, from: 'containers on members', address: 'masqueraded' },
  ...(includesSelf === true
    ? [{ to: virtual, from: 'a backend to itself', address: 'masqueraded' } as const]
    : []),
  ...frontends.map(
    (each): Sight => ({
      ...{ to: `other addresses of ${each}`, from: `anybody at ${each}`, address: 'masqueraded' },
    }),
  ),
];

const COLUMNS = [
  { heading: 'BACKEND', least: 12 },
  { heading: 'ADDRESS' },
  { heading: 'STATE' },
  { heading: 'WEIGHT', spare: 2 },
  { heading: 'CONNECTIONS', spare: 1 },
];

const show = (balancer: ShownBalancer): Shown => ({
  table: { columns: COLUMNS, rows: balancer.backends.map((each) => rowOf(each, balancer)) },
  lines: [
    ...factsOf(balancer),
    ...troublesOf(balancer),
    ...disputes(balancer.backends),
    ...lateIn([balancer]),
  ],
});

const rowOf = (backend: ListedBackend, { carriedBy }: ShownBalancer): Cell[] => {
  const { member, address, port, state, draining, isDrained, weight, connections } = backend;
  const kind = carriedBy === 'nft' ? 'sent' : 'open';
  const tone = state === 'down' ? 'bad' : draining !== null ? 'warn' : TONES[state];
  const who = draining === 'member' ? 'VM ' : '';
  const text = draining === null ? state : `${state}, ${who}${isDrained ? 'drained' : 'drains'}`;
  return [
    ...[member, endpointText({ host: address, port })],
    { text, tone },
    ...[String(weight), connections === null ? '-' : `${connections} ${kind}`],
  ];
};

const TONES = { up: 'good', down: 'bad', unknown: 'dim' } as const;

const factsOf = (balancer: ShownBalancer): readonly string[] => {
  const { name, listen, addresses, frontends, mode, carriedBy, weights, check } = balancer;
  const { stickyMs, drainMs, applied, of, clients, comment } = balancer;
  const parts = [
    `${mode} by ${carriedBy}`,
    ...(weights.length === 0 ? [] : [`weights ${weights.join(' ')}`]),
    `check ${check}`,
    ...(stickyMs === null ? [] : [`sticky ${durationText(stickyMs)}`]),
    `drain ${durationText(drainMs)}`,
    ...(balancer.includesSelf ? ['a VM may be its own backend'] : []),
  ];
  return [
    `${name} listens on ${listen} at ${addresses.join(' and ')}` +
      (frontends.length === 0 ? '.' : `, and at other addresses of ${frontends.join(', ')}.`),
    ...(comment === null ? [] : [`For: ${comment}`]),
    `${parts.join(', ')}. In force on ${applied} of ${of}.`,
    ...clientLines(clients),
  ];
};

/** Whose connections come from their own address, and whose from that of who balances. */
const clientLines = (clients: readonly Sight[]): readonly string[] =>
  [...Map.groupBy(clients, ({ address }) => address)].map(
    ([address, of]) => `Client address ${address}: ${of.map(({ from }) => from).join('; ')}.`,
  );

/** Who sees a backend otherwise. */
const disputes = (backends: readonly ListedBackend[]): readonly string[] =>
  backends.flatMap(({ member, otherwise }) =>
    [...Map.groupBy(otherwise, ({ state }) => state)].map(
      ([state, by]) => `${member} is ${state} for ${by.map((each) => each.member).join(', ')}.`,
    ),
  );
