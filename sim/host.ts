/**
 * Edge: host — one-shot commands and facts of a simulated VM.
 *
 * A command takes some virtual milliseconds. A child that was started goes on when the daemon
 * crashes, as on the real edge; only the power stops it.
 */
import { Fault } from '../src/fault.ts';
import type { Host, HostCommand, HostFacts, HostResult, OwnAddress } from '../src/ports.ts';
import { failed, unknownCommand } from './command.ts';
import { runIp } from './ip-command.ts';
import type { Life } from './life.ts';
import { runNft } from './nft-command.ts';
import type { Dice } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';
import { runWg, type WgContext } from './wg-command.ts';

/** Longest run of a command. Unit: ms. One spawn takes 3 to 4 ms (measured). */
const COMMAND_MS_MAX = 8;

/** When a command that hangs is killed. Unit: ms. As `Host.run`. */
const HANG_MS = 10_000;
/** What a tool says that fails for no reason of ours. */
const BUSY = 'RTNETLINK answers: Device or resource busy';

/** How bad the tools of a host are now. Probabilities in [0, 1). */
export interface ToolHabits {
  failing: number;
  hanging: number;
}

/** What a host needs of its run. */
export interface HostContext extends WgContext {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly dice: Dice;
  readonly tools: ToolHabits;
  /** Told of a command or a tool that the fakes do not know. */
  readonly onUnknown: (error: unknown) => void;
}

/** The host as one process sees it. */
export function openHost(context: HostContext, life: Life): Host {
  const { scheduler, trace, dice, kernel, tools } = context;
  const soon = (): number => dice.between(1, COMMAND_MS_MAX);
  const run = (command: HostCommand): Promise<HostResult> =>
    life.promise((answer) => {
      const cuts = kernel.cuts;
      scheduler.after(soon(), () => {
        if (kernel.cuts !== cuts) return;
        const isHanging = dice.chance(tools.hanging);
        const isFailing = dice.chance(tools.failing);
        if (isHanging) {
          if (dice.chance(0.5)) execute(context, command);
          trace.note(scheduler.nowMs(), life.name, `run ${command.argv.join(' ')} hangs`);
          life.after(HANG_MS, () => answer.reject(hung(command)));
          return;
        }
        const result = isFailing ? failed(2, BUSY) : execute(context, command);
        const said = result instanceof Fault ? result.message : `${result.status}`;
        trace.note(scheduler.nowMs(), life.name, `run ${command.argv.join(' ')} -> ${said}`);
        life.after(soon(), () => {
          if (result instanceof Fault) answer.reject(result);
          else answer.resolve(result);
        });
      });
    });
  return {
    run,
    facts: () =>
      life.promise(({ resolve }) => {
        life.after(soon(), () => resolve(factsOf(context)));
      }),
    probe: () =>
      life.promise(({ resolve }) => {
        const facts = { ...factsOf(context), hasKernelWireguard: kernel.hasWireguard };
        life.after(soon(), () => resolve(facts));
      }),
    addresses: () =>
      life.promise(({ resolve }) => {
        life.after(soon(), () => resolve(addressesOf(context)));
      }),
  };
}

const factsOf = ({ kernel }: HostContext): HostFacts => ({
  hostname: kernel.station.vm,
  isRoot: true,
  hasTun: true,
  hasSystemd: false,
  tools: { ip: true, wg: true, nft: true },
});

const hung = ({ argv }: HostCommand): Fault =>
  new Fault('timeout', {
    field: 'tool',
    value: argv.join(' '),
    why: 'did not end in time',
    remedy: 'look at this host',
  });

function addressesOf({ kernel }: HostContext): OwnAddress[] {
  const underlay = kernel.station.addresses.map((host) => {
    return { interface: 'eth0', host, isUplink: true };
  });
  const overlay = [...kernel.devices.values()].flatMap((device) =>
    device.addresses.map((prefix) => ({
      interface: device.name,
      host: prefix.split('/')[0] ?? '',
      isUplink: false,
    })),
  );
  return [...underlay, ...overlay];
}

/** The product's batches only read. */
const isReading = (words: readonly string[]): boolean =>
  ['show', 'list', '-batch'].some((word) => words.includes(word));

/** What the tool says. A Fault for a tool that is not there; an unknown command fails the run. */
function execute(context: HostContext, { argv, stdin }: HostCommand): HostResult | Fault {
  const [tool = '', ...words] = argv;
  if (!isReading(words)) context.kernel.changes += 1;
  try {
    const input = new TextDecoder().decode(stdin);
    if (tool === 'ip') return runIp(context.kernel, words, input);
    if (tool === 'wg') return runWg(context, words, input);
    if (tool === 'nft') return runNft(context.kernel, words, input);
  } catch (error) {
    context.onUnknown(error);
    return failed(255, String(error));
  }
  context.onUnknown(unknownCommand(argv));
  return new Fault('refused', {
    field: 'tool',
    value: tool,
    why: 'not found on this host',
    remedy: 'install it',
  });
}
