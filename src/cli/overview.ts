/**
 * Loop: overview — `cnsmo` alone: how this VM stands, and three commands that fit that.
 */
import { Fault } from '../fault.ts';
import type { Status } from '../node/rules/answers.ts';
import type { Local } from './local.ts';
import type { Session } from './session.ts';
import type { Page } from './table.ts';

/** A command to type, and what it is for. */
interface Step {
  readonly command: string;
  readonly purpose: string;
}

/** What is shown. `state`: no mesh, a member without its daemon, not ready yet, or ready. */
interface Overview {
  readonly state: 'none' | 'stopped' | 'starting' | 'ready';
  readonly lines: readonly string[];
  readonly next: readonly Step[];
}

const STATUS: Step = { command: 'cnsmo status', purpose: 'this VM, its mesh, who is there' };
const INVITE: Step = { command: 'cnsmo invite', purpose: 'a token for cnsmo join on another VM' };
const EVENTS: Step = { command: 'cnsmo events -f', purpose: 'what happens, as it happens' };
const LOGS: Step = { command: 'cnsmo logs', purpose: 'what the daemon says' };

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
    return (await local.isMember(open.places)) ? STOPPED : NONE;
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

const STOPPED: Overview = {
  state: 'stopped',
  lines: ['This VM is in a mesh, but its daemon does not run. The VPN works without it.'],
  next: [
    { command: 'cnsmo start', purpose: 'start the daemon' },
    LOGS,
    { command: 'cnsmo leave --local', purpose: 'take this VM out of the mesh for good' },
  ],
};

function overviewOf({ mesh, self, services, reachable, total, alarms }: Status): Overview {
  const address = self.addresses[0] ?? 'no address yet';
  const ready = self.ready ? 'ready' : 'not ready yet';
  const trouble = services.find(({ state }) => state !== 'ready');
  const problem = trouble?.problems[0] === undefined ? '' : `: ${trouble.problems[0]}`;
  const company = total === 1 ? 'alone so far' : `${reachable} of ${total} members reachable`;
  const lines = [
    `${self.name} (${self.role}) in mesh ${mesh.name}: ${address}, ${ready}, ${company}.`,
    ...(trouble === undefined ? [] : [`${trouble.name} is ${trouble.state}${problem}`]),
    ...(alarms.length === 0 ? [] : [`Alarms: ${alarms.length}, see cnsmo status`]),
  ];
  const wait = { command: 'cnsmo status --wait ready', purpose: 'wait until it is' };
  if (!self.ready) return { state: 'starting', lines, next: [wait, STATUS, LOGS] };
  const consent = { command: 'cnsmo consent', purpose: 'what may run on this VM' };
  const next = self.role === 'operator' ? [INVITE, STATUS, EVENTS] : [STATUS, EVENTS, consent];
  return { state: 'ready', lines, next };
}

function renderOverview({ paint }: Page, { lines, next }: Overview): string {
  const width = Math.max(...next.map(({ command }) => command.length));
  const steps = next.map(({ command, purpose }) => {
    const blanks = ' '.repeat(width - command.length);
    return `  ${paint('strong', command)}${blanks}  ${purpose}\n`;
  });
  return `${lines.join('\n')}\n\nNext:\n${steps.join('')}`;
}
