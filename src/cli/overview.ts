/**
 * Loop: overview — `cnsmo` alone: how this VM stands, and three commands that fit that.
 */
import { Fault } from '../fault.ts';
import type { Status } from '../node/rules/answers.ts';
import type { Local } from './local.ts';
import { columnsOf, wrapText } from './plain-text.ts';
import { HERE_OR_GONE } from './render.ts';
import type { Session } from './session.ts';
import { type Silence, STARTING, silenceOf } from './silence.ts';
import type { Page } from './table.ts';

/** A command to type, and what it is for. */
interface Step {
  readonly command: string;
  readonly purpose: string;
}

/**
 * What is shown. `state`: in no mesh, a member without its daemon, not ready yet, one that an
 * operator should look at, one that misses others, one without others, or all well.
 */
interface Overview {
  readonly state: 'none' | 'stopped' | 'starting' | 'alarm' | 'degraded' | 'alone' | 'ready';
  readonly lines: readonly string[];
  readonly next: readonly Step[];
}

const STATUS: Step = { command: 'cnsmo status', purpose: 'this VM, its mesh, who is there' };
const INVITE: Step = { command: 'cnsmo invite', purpose: 'a token for cnsmo join on another VM' };
const EVENTS: Step = { command: 'cnsmo events -f', purpose: 'what happens, as it happens' };
const LOGS: Step = { command: 'cnsmo logs', purpose: 'what the daemon says' };
const CONSENT: Step = { command: 'cnsmo consent', purpose: 'what may run on this VM' };
const WAIT: Step = { command: 'cnsmo status --wait ready', purpose: 'wait until it is' };
const RECENT: Step = { command: 'cnsmo events --since 1h', purpose: 'what happened lately' };

/** Shows it. Fault when the daemon is there, but does not answer. */
export async function showOverview(local: Local, open: Session): Promise<void> {
  const overview = await lookAround(local, open);
  await open.show(overview, (page) => renderOverview(page, overview));
}

async function lookAround(local: Local, open: Session): Promise<Overview> {
  try {
    return overviewOf((await open.call('GET', '/v1/status')) as Status);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'no-daemon') throw error;
    return UNANSWERED[await silenceOf(local, open.places)];
  }
}

const NONE: Overview = {
  state: 'none',
  lines: ['This VM is in no mesh.'],
  next: [
    { command: 'cnsmo init', purpose: 'found a mesh on this VM' },
    { command: 'cnsmo join TOKEN', purpose: 'join one, with a token that cnsmo invite printed' },
    { command: 'cnsmo --help', purpose: 'all commands' },
  ],
};

const COMING: Overview = {
  state: 'starting',
  lines: [`The daemon of this VM ${STARTING}.`],
  next: [WAIT, LOGS, { command: 'cnsmo stop', purpose: 'stop it; the VPN keeps running' }],
};

const STOPPED: Overview = {
  state: 'stopped',
  lines: ['This VM is in a mesh, but its daemon does not run. The VPN works without it.'],
  next: [
    { command: 'cnsmo start', purpose: 'start the daemon' },
    LOGS,
    { command: 'cnsmo leave --local', purpose: 'take this VM out of the mesh for good' },
  ],
};

const HIDDEN: Overview = {
  state: 'stopped',
  lines: ['No daemon runs here. Whether this VM is in a mesh, only root can see.'],
  next: [
    { command: 'sudo cnsmo', purpose: 'see how this VM stands' },
    { command: 'sudo cnsmo start', purpose: 'start the daemon, if it is in a mesh' },
    { command: 'cnsmo --help', purpose: 'all commands' },
  ],
};

const UNANSWERED: Readonly<Record<Silence, Overview>> = {
  starting: COMING,
  stopped: STOPPED,
  hidden: HIDDEN,
  none: NONE,
};

function overviewOf(status: Status): Overview {
  const { mesh, self, services, total, alarms } = status;
  const address = self.addresses[0] ?? 'no address yet';
  const ready = self.ready ? 'ready' : 'not ready yet';
  const trouble = services.find(({ state }) => state !== 'ready');
  const problem = trouble?.problems[0] === undefined ? '' : `: ${trouble.problems[0]}`;
  const company = total === 1 ? 'alone so far' : companyOf(status);
  const [alarm] = alarms;
  const more = alarms.length > 1 ? ` (and ${alarms.length - 1} more)` : '';
  const lines = [
    `${self.name} (${self.role}) in mesh ${mesh.name}: ${address}, ${ready}, ${company}.`,
    ...(trouble === undefined ? [] : [`${trouble.name} is ${trouble.state}${problem}`]),
    ...(alarm === undefined ? [] : [`alarm: ${alarm}${more}`]),
  ];
  return { lines, ...adviceFor(status) };
}

/** How many of those who cannot be reached are named. */
const NAMED_MAX = 3;

function companyOf({ members, reachable, total }: Status): string {
  const missing = members.filter(({ state }) => !HERE_OR_GONE.has(state));
  const names = missing.slice(0, NAMED_MAX).map(({ name }) => name);
  const more = missing.length > NAMED_MAX ? ', …' : '';
  const but = missing.length === 0 ? '' : ` (not ${names.join(', ')}${more})`;
  return `${reachable} of ${total} members reachable${but}`;
}

/** The three steps that fit best, and what they are for. */
function adviceFor(status: Status): Pick<Overview, 'state' | 'next'> {
  const { self, members, reachable, total, alarms } = status;
  const isOperator = self.role === 'operator';
  if (alarms.length > 0) return { state: 'alarm', next: [STATUS, RECENT, LOGS] };
  if (!self.ready) return { state: 'starting', next: [WAIT, STATUS, LOGS] };
  if (reachable < total) return { state: 'degraded', next: [STATUS, RECENT, LOGS] };
  if (total === 1) return { state: 'alone', next: [isOperator ? INVITE : CONSENT, STATUS, EVENTS] };
  if (!isOperator) return { state: 'ready', next: [STATUS, EVENTS, CONSENT] };
  const present = members.filter(({ state }) => state !== 'left' && state !== 'evicted');
  const node = present.find(({ role }) => role === 'node');
  const isOnly = present.filter(({ role }) => role === 'operator').length === 1;
  if (!isOnly || node === undefined) return { state: 'ready', next: [INVITE, STATUS, EVENTS] };
  const second = {
    command: `cnsmo operator add ${node.name}`,
    purpose: 'a second operator, before you need one',
  };
  return { state: 'ready', next: [INVITE, STATUS, second] };
}

function renderOverview({ paint, columns }: Page, { lines, next }: Overview): string {
  const width = Math.max(...next.map(({ command }) => columnsOf(command)));
  const steps = next.map(({ command, purpose }) => {
    const blanks = ' '.repeat(width - columnsOf(command));
    return `  ${paint('strong', command)}${blanks}  ${purpose}\n`;
  });
  const wrapped = lines.map((line) => `${wrapText(line, columns, '  ')}\n`);
  return `${wrapped.join('')}\nNext:\n${steps.join('')}`;
}
