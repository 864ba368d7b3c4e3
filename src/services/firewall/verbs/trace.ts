/**
 * Rule: firewall trace — what becomes of one connection, and who decides.
 */
import type { Input } from '../../verb.ts';
import {
  type Arguments,
  type Attempt,
  type Reached,
  type Scene,
  type Verb,
  verb,
} from '../../verb.ts';
import type { Decider } from '../judge.ts';
import type { Zone } from '../schemas.table.ts';
import {
  type End,
  endName,
  flowOf,
  readEnd,
  readProbe,
  type Step,
  stepsOf,
  zoneOf,
} from './ends.ts';
import { oneOf, refuse } from './refuse.ts';
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

interface ListedStep {
  readonly member: string;
  readonly direction: string;
  readonly action: string;
  /** `rule NAME`, `default`, or why it is always let through. */
  readonly by: string;
  readonly audits: readonly string[];
}

interface Trace {
  readonly from: string;
  readonly to: string;
  readonly zone: Zone;
  readonly traffic: string;
  readonly action: string;
  /** The rule, or what else, that decides. */
  readonly by: string;
  readonly steps: readonly ListedStep[];
  /** With --live: what came of the connection; else null. */
  readonly live: Reached | null;
}

/** Asks the rules, or with --live the network too. */
export const traceVerb: Verb = verb<Trace>({
  name: 'trace',
  help: 'what becomes of a connection, and which rule decides',
  example: 'vm1 vm2 tcp/443',
  inputs: [
    word('from', 'a member or an address'),
    word('to', 'a member or an address'),
    word('traffic', 'tcp/443, udp/53 or icmp/echo-request'),
    ZONE,
    { name: 'live', as: 'flag', kind: 'switch', help: 'also try it, from one to the other' },
  ],
  needs: 'anybody',
  attempt: (scene, given) => (given.isSet('live') ? attemptOf(readWay(scene, given)) : null),
  decide: (scene, given) => {
    const { from, to, probe, zone, flow } = readWay(scene, given);
    const { steps, stop } = stepsOf(openCourt(scene, scene.view), [from, to], zone, flow);
    const listed = steps.map(listedStep);
    const deciding = stop === null ? listed.at(-1) : listedStep(stop);
    const body: Trace = {
      from: `${endName(from)} ${flow.source}`,
      to: `${endName(to)} ${flow.destination}`,
      zone,
      traffic: `${probe.protocol}/${probe.value}`,
      action: deciding?.action ?? 'allow',
      by: deciding?.by ?? 'no member on the way enforces a firewall',
      steps: listed,
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
      rows: trace.steps.map(({ member, direction, action, by, audits }) => [
        ...[member, direction],
        { text: action, tone: action === 'allow' ? 'good' : 'bad' },
        ...[by, audits.join(' ') || '-'],
      ]),
    },
    lines: [
      `${trace.traffic} from ${trace.from} to ${trace.to} (${trace.zone}): ` +
        `${trace.action} by ${trace.by}.`,
      ...(trace.live === null ? [] : [liveText(trace)]),
    ],
  }),
});

/** What is asked about. */
function readWay({ view }: Scene, given: Arguments) {
  const from = readEnd(view, 'from', given.text('from') ?? '');
  const to = readEnd(view, 'to', given.text('to') ?? '');
  const probe = readProbe('traffic', given.text('traffic') ?? '');
  const zone = readZone(given.text('zone'), from, to);
  const flow = flowOf(from, to, zone, probe);
  if (flow !== null) return { from, to, probe, zone, flow };
  const why = 'the two have no address of one family there';
  throw refuse('to', endName(to), why, 'name another zone, or an address');
}

/** The connection to try. Fault 'refused' for one that nobody can. */
function attemptOf({ from, to, probe, flow }: ReturnType<typeof readWay>): Attempt {
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
const liveText = ({ live, action }: Trace): string => {
  const isFit = action === 'deny' ? live === 'silent' : action === 'reject' || live !== 'silent';
  const seen =
    live === 'refused' ? 'it was reset: nobody listens there, or a reject' : String(live);
  const doubt =
    'That is not what the rules say: see cnsmo firewall list, and what else filters there.';
  return `Tried: ${seen}.${isFit ? '' : ` ${doubt}`}`;
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
