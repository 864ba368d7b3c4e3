/**
 * Rule: firewall trace — what becomes of one connection, and who decides.
 */

import { oneOf, refuse } from '../../refuse.ts';
import type { Zone } from '../../selectors/schemas.table.ts';
import type { Input } from '../../verb.ts';
import {
  type Arguments,
  type Attempt,
  type Reached,
  type Scene,
  type Verb,
  verb,
} from '../../verb.ts';
import type { Decider, Flow } from '../judge.ts';
import {
  type End,
  endName,
  mainFlowsOf,
  readEndAt,
  readProbe,
  type Step,
  stepsOf,
  zoneOf,
} from './ends.ts';
import { openCourt } from './sites.ts';

/** A word that has to be there. */
export const word = (name: string, help: string): Input => ({
  ...{ name, as: 'word', kind: 'text', help, isNeeded: true },
});
/** The flag for the zone. */
export const ZONE: Input = {
  ...{ name: 'zone', as: 'flag', kind: 'text', value: 'mesh|wan' },
  help: 'the VPN, or the rest (mesh between members)',
};

const LIVE = 'also try it: TCP or an echo, from a member to a member';

interface ListedStep {
  readonly member: string;
  readonly direction: string;
  readonly action: string;
  /** `rule NAME`, `default`, or why it is always let through. */
  readonly by: string;
  readonly audits: readonly string[];
}

/** What becomes of it by one family. */
interface Verdict {
  readonly from: string;
  readonly to: string;
  readonly action: string;
  /** The rule, or what else, that decides. */
  readonly by: string;
  readonly steps: readonly ListedStep[];
}

interface Trace extends Verdict {
  readonly zone: Zone;
  readonly traffic: string;
  /** By IPv6, where that differs; else null. */
  readonly ipv6: Verdict | null;
  /** With --live: what came of the connection; else null. */
  readonly live: Reached | null;
}

/** Asks the rules, or with --live the network too. */
export const traceVerb: Verb = verb<Trace>({
  name: 'trace',
  help: 'what becomes of a connection, and which rule decides',
  example: 'vm1 vm2 tcp/443',
  inputs: [
    word('from', 'a member, or an address: a member by that one alone'),
    word('to', 'the same'),
    word('traffic', 'tcp/443, udp/53 or icmp/echo-request'),
    ZONE,
    { name: 'live', as: 'flag', kind: 'switch', help: LIVE },
  ],
  needs: 'anybody',
  attempt: (scene, given) => (given.isSet('live') ? attemptOf(readWay(scene, given)) : null),
  decide: (scene, given) => {
    const way = readWay(scene, given);
    const verdict = verdictOf(scene, way, way.flow);
    const other = way.twin === null ? null : verdictOf(scene, way, way.twin);
    const isOther = other !== null && wordsOf(other) !== wordsOf(verdict);
    const body: Trace = {
      ...verdict,
      zone: way.zone,
      traffic: `${way.probe.protocol}/${way.probe.value}`,
      ipv6: isOther ? other : null,
      live: scene.reached,
    };
    return { edits: [], body };
  },
  show: (trace) => ({
    table: {
      columns: [
        { heading: 'MEMBER' },
        { heading: 'DIR' },
        { heading: 'ACTION' },
        { heading: 'BY', least: 12 },
        { heading: 'AUDITED BY', least: 6, spare: 1 },
      ],
      rows:
        trace.ipv6 === null
          ? trace.steps.map(rowIn(''))
          : [...trace.steps.map(rowIn(' IPv4')), ...trace.ipv6.steps.map(rowIn(' IPv6'))],
    },
    lines: [
      ...[trace, trace.ipv6].flatMap((each) => (each === null ? [] : [lineOf(trace, each)])),
      ...(trace.live === null ? [] : [liveText(trace)]),
    ],
  }),
});

/** A step, by a family if that is said. */
const rowIn =
  (family: string) =>
  ({ member, direction, action, by, audits }: ListedStep) => [
    ...[`${member}${family}`, direction],
    { text: action, tone: action === 'allow' ? ('good' as const) : ('bad' as const) },
    ...[by, audits.join(' ') || '-'],
  ];

const lineOf = ({ traffic, zone }: Trace, { from, to, action, by }: Verdict): string =>
  `${traffic} from ${from} to ${to} (${zone}): ${action} by ${by}.`;

const wordsOf = ({ action, by }: Verdict): string => `${action} ${by}`;

type Way = ReturnType<typeof readWay>;

const verdictOf = (scene: Scene, { from, to, zone }: Way, flow: Flow): Verdict => {
  const { steps, stop } = stepsOf(openCourt(scene, scene.view), [from, to], zone, flow);
  const listed = steps.map(listedStep);
  const deciding = stop === null ? listed.at(-1) : listedStep(stop);
  return {
    from: `${endName(from)} ${flow.source}`,
    to: `${endName(to)} ${flow.destination}`,
    action: deciding?.action ?? 'allow',
    by: deciding?.by ?? 'no member on the way enforces a firewall',
    steps: listed,
  };
};

/** What is asked about. */
function readWay({ view }: Scene, given: Arguments) {
  const from = readEndAt(view, 'from', given.text('from') ?? '');
  const to = readEndAt(view, 'to', given.text('to') ?? '');
  const probe = readProbe('traffic', given.text('traffic') ?? '');
  const zone = readZone(given.text('zone'), from, to);
  const [flow, twin = null] = mainFlowsOf(from, to, zone, probe);
  if (flow !== undefined) return { from, to, probe, zone, flow, twin };
  const why = 'the two have no address of one family there';
  throw refuse('to', endName(to), why, 'name another zone, or an address');
}

/** The connection to try. Fault 'refused' for one that nobody can. */
function attemptOf({ from, to, probe, flow }: Way): Attempt {
  const text = `${probe.protocol}/${probe.value}`;
  if (from.kind !== 'member' || to.kind !== 'member') {
    throw refuse('live', text, 'only from a member to a member', 'leave --live out');
  }
  const way = { from: from.member.id, host: flow.destination };
  if (probe.protocol === 'tcp') return { ...way, protocol: 'tcp', port: probe.value };
  const isEcho =
    (probe.protocol === 'icmp' && probe.value === 8) ||
    (probe.protocol === 'icmpv6' && probe.value === 128);
  if (isEcho) return { ...way, protocol: 'icmp', port: 0 };
  throw refuse('live', text, 'gives no answer that tells', 'try tcp or icmp/echo-request');
}

/** Whether what was seen fits what the rules say. A reset is an answer, or what `reject` sends. */
const liveText = ({ live, action, ipv6 }: Trace): string => {
  const isFit = action === 'deny' ? live === 'silent' : action === 'reject' || live !== 'silent';
  const seen =
    live === 'refused' ? 'it was reset: nobody listens there, or a reject' : String(live);
  const doubt =
    'That is not what the rules say: see cnsmo firewall list, and what else filters there.';
  const which = ipv6 === null ? '' : ' by IPv4';
  return `Tried${which}: ${seen}.${isFit ? '' : ` ${doubt}`}`;
};

const readZone = (text: string | null, from: End, to: End): Zone =>
  text === null ? zoneOf(from, to) : oneOf<Zone>('zone', text, ['mesh', 'wan']);

const listedStep = ({ member, direction, judgement }: Step): ListedStep => ({
  ...{ member, direction, action: judgement.action },
  by: deciderText(judgement.by),
  audits: judgement.audits,
});

const deciderText = (by: Decider): string => {
  switch (by.kind) {
    case 'rule':
      return `rule ${by.name}`;
    case 'guard':
      return `always open: ${by.why}`;
    case 'essential':
      return 'always open: what networks need';
    case 'default':
      return 'default';
  }
};
