/** Edge: firewall words — what checks of the firewall are told in. */
import { SETTLE_MS } from '../../scenarios/mesh.ts';
import { execute } from '../command.ts';
import { obey } from '../command-line.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';

/** Longest wait until a change is in the kernels. Unit: ms. */
export const ENFORCED_MS = 20_000;
/** How long a connection is waited for. Unit: ms. The networks here take less than one. */
const SILENT_MS = 700;
/** The same where an answer is expected: a full machine may be slow. Unit: ms. */
const PATIENT_MS = 8_000;

/** What became of a connection: nobody listens there, so an answer is a reset. */
type Answer = 'answered' | 'silent';

/** Opens a connection by real packets; silence is what took longer than `waitMs`. */
export async function connect(
  from: Vm,
  address: string,
  port: number,
  waitMs = SILENT_MS,
): Promise<Answer> {
  const script = `const one = require('net').connect(${port}, '${address}');
    one.on('connect', () => process.exit(0));
    one.on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 0 : 2));
    setTimeout(() => setImmediate(() => process.exit(3)), ${waitMs});`;
  const argv = from.machine().enterNetwork([process.execPath, '-e', script]);
  const { status } = await execute(argv, { timeoutMs: waitMs + 20_000 });
  if (status !== 0 && status !== 3) throw new Error(`connect ended with ${status}`);
  return status === 0 ? 'answered' : 'silent';
}

/** Whether a connection is answered, sooner or later: what must be open is asked with patience. */
export const answers = async (from: Vm, address: string, port: number): Promise<boolean> =>
  (await connect(from, address, port, PATIENT_MS)) === 'answered';

/** Whether an echo comes back within so many seconds: one that must come has time. */
export const pings = async (from: Vm, address: string, seconds = 8): Promise<boolean> =>
  (await from.run(['ping', '-n', '-c', '1', '-W', `${seconds}`, address])).status === 0;

/** A member's IPv4 address in the VPN. */
export const overlayOf = async (world: RealWorld, name: string): Promise<string> =>
  (await world.status(name)).self.addresses[0] ?? '';

/** Waits until a connection ends so. */
export const becomes = (
  world: RealWorld,
  [from, address, port]: readonly [Vm, string, number],
  answer: Answer,
  deadlineMs = ENFORCED_MS,
): Promise<void> =>
  world.eventually(
    `${from.name} to ${address} port ${port} is ${answer}`,
    async () => (await connect(from, address, port)) === answer,
    deadlineMs,
  );

/** `cnsmo firewall …` on a VM; gives what it prints. */
export const firewall = (vm: Vm, ...argv: readonly string[]): Promise<string> =>
  obey(vm, ['firewall', ...argv]);

interface ListedRule {
  readonly name: string;
  readonly applied: number;
  readonly of: number;
}

/** Waits until as many members have read a rule back from their kernels, of as many. */
export async function isApplied(world: RealWorld, name: string, count: number): Promise<void> {
  const rules = async (): Promise<readonly ListedRule[]> =>
    JSON.parse(await firewall(world.vm('vm1'), 'list', '-o', 'json')) as readonly ListedRule[];
  await world.eventually(
    `${name} is in force on ${count}`,
    async () =>
      (await rules()).some(
        (rule) => rule.name === name && rule.applied === count && rule.of === count,
      ),
    SETTLE_MS,
  );
}
