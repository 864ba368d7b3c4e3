/**
 * Loop: member commands — init, join, leave, consent: what makes this VM a member.
 */
import { Argument, Command, Option } from 'commander';
import { Fault } from '../fault.ts';
import type { Told } from '../node/rules/answers.ts';
import { SERVICE_NAMES } from '../services/registry.ts';
import { daemonCommands, start } from './daemon-commands.ts';
import type { Local, MemberFlags } from './local.ts';
import { logsCommand } from './log-commands.ts';
import type { Session } from './session.ts';

interface StartFlags {
  readonly foreground?: boolean;
  readonly start: boolean;
}

type InitFlags = MemberFlags & StartFlags & { readonly recoveryFile?: string };
type JoinFlags = MemberFlags & StartFlags & { readonly tokenFile?: string };

/** The commands of this VM. */
export const memberCommands = (
  local: Local,
  session: (command: Command) => Session,
): readonly Command[] => [
  initCommand(local, session),
  joinCommand(local, session),
  ...daemonCommands(local, session),
  logsCommand(local, session),
  leaveCommand(local, session),
  consentCommand(session),
];

/** The services that there are, as one types them. */
const OFFERED = SERVICE_NAMES.join(',');

const memberFlags = (command: Command): Command =>
  command
    .option('--member <name>', 'name of this VM in the mesh (default: its host name)')
    .option('--port <port>', 'TCP and UDP port of the mesh', '7300')
    .option('--advertise <addr[:port]>', 'address at which others reach this VM')
    .option('--interface <name>', 'name of the VPN interface', 'cnsmo0')
    .option('--services <list>', `services that may run here (default: ${OFFERED})`)
    .option('--allow-run', 'let operators run programs on this VM')
    .option('--not-eligible', 'never take the core role on this VM')
    .option('--install-tools', 'install what is missing of ip, wg, nft and haproxy')
    .addOption(new Option('--foreground', 'run the daemon in this process').conflicts('start'))
    .option('--no-start', 'only prepare the state');

function initCommand(local: Local, session: (command: Command) => Session): Command {
  return memberFlags(new Command('init').description('found a mesh on this VM'))
    .option('--mesh <name>', 'name of the mesh', 'mesh')
    .option('--prefix <cidr>', 'IPv4 prefix of the VPN', '10.10.0.0/16')
    .option('--prefix6 <cidr>', 'IPv6 prefix of the VPN, a ULA /64 (default: random)')
    .option('--recovery-file <file>', 'write the recovery code there instead of printing it')
    .addHelpText('after', '\nExample:\n  cnsmo init --mesh shop --advertise 203.0.113.5\n')
    .action(async (flags: InitFlags, command: Command) => {
      const open = session(command);
      const { places, show, hint } = open;
      let printed: string | null = null;
      const keepCode = async (code: string): Promise<void> => {
        if (flags.recoveryFile === undefined) printed = code;
        else await local.writeSecret(flags.recoveryFile, `${code}\n`);
      };
      const founded = await local.init(places, flags, keepCode, open.watch);
      const body = { ...founded, ...(printed === null ? {} : { recoveryCode: printed }) };
      await show(body, () => foundedText(founded, printed, flags.recoveryFile));
      hint('Next: cnsmo invite prints a token; give it to cnsmo join on another VM.\n');
      await startAs(local, open, flags);
    });
}

function foundedText(
  founded: { readonly mesh: string; readonly name: string; readonly ipv4: string },
  code: string | null,
  file: string | undefined,
): string {
  const kept =
    code === null
      ? `The recovery code is in ${file ?? 'its file'}.`
      : `Recovery code, shown only now: ${code}`;
  return (
    `Mesh ${founded.mesh} founded. This VM is ${founded.name}, ${founded.ipv4}.\n${kept}\n` +
    'Keep it away from this VM: with it any member becomes an operator if all operators are lost.\n'
  );
}

function joinCommand(local: Local, session: (command: Command) => Session): Command {
  return memberFlags(new Command('join').description('join a mesh by a token'))
    .addArgument(new Argument('[token]', 'the token, - for standard input'))
    .option('--token-file <file>', 'read the token from a file')
    .addHelpText(
      'after',
      '\nThe token may also come in CNSMO_TOKEN or on standard input.\n' +
        '\nExample:\n  ssh vm1 cnsmo invite | cnsmo join -\n',
    )
    .action(async (argument: string | undefined, flags: JoinFlags, command: Command) => {
      const open = session(command);
      const { places, show } = open;
      const token = await findToken(local, argument, flags.tokenFile);
      const joined = await local.join(places, token, flags, open.watch);
      await show(joined, () => joinedText(joined));
      await startAs(local, open, flags);
    });
}

/** A join that is repeated does not know the address. */
const joinedText = ({ mesh, name, ipv4 }: Awaited<ReturnType<Local['join']>>): string =>
  `Joined mesh ${mesh}. This VM is ${name}${ipv4 === null ? '' : `, ${ipv4}`}.\n`;

async function findToken(
  local: Local,
  argument: string | undefined,
  file: string | undefined,
): Promise<string> {
  if (argument !== undefined && argument !== '-') return argument;
  if (file !== undefined) return local.readSecret(file);
  const fromEnv = argument === '-' ? undefined : local.takeEnv('CNSMO_TOKEN');
  if (fromEnv !== undefined && fromEnv !== '') return fromEnv;
  if (argument === '-' || !local.isInputTerminal) return local.readInput();
  throw new Fault('usage', {
    field: 'token',
    value: '(none)',
    why: 'a token is needed',
    remedy: 'give it as an argument, by --token-file, in CNSMO_TOKEN or on standard input',
  });
}

async function startAs(local: Local, open: Session, flags: StartFlags): Promise<void> {
  if (!flags.start) return;
  if (flags.foreground === true) await local.daemon(open.places);
  else await start(local, open);
}

function leaveCommand(local: Local, session: (command: Command) => Session): Command {
  return new Command('leave')
    .description('leave the mesh: tell the others, undo every change to this VM, delete its keys')
    .option('--local', 'tell nobody; for when the daemon does not run')
    .addHelpText(
      'after',
      '\nOne that was cut, by a crash or a power cut, is finished by the next.\n' +
        '\nExample:\n  cnsmo leave\n',
    )
    .action(async (flags: { readonly local?: boolean }, command: Command) => {
      const open = session(command);
      const leave = async (): Promise<Told | null> => {
        const told = await (flags.local === true
          ? leaveAlone(local, open)
          : leaveMesh(local, open));
        await local.forget(open.places);
        return told;
      };
      const wasMember = (await local.isMember(open.places)) !== false;
      const told = await open.patiently('leaving', leave());
      await open.show({ left: true, ...told }, () =>
        wasMember
          ? 'Left the mesh. Nothing of it remains on this VM.\n'
          : 'This VM is in no mesh, and nothing of one is on it.\n',
      );
      if (told !== null && told.told < told.others) open.hint(notTold(told));
    });
}

async function leaveAlone(local: Local, { places }: Session): Promise<null> {
  await local.leaveLocal(places);
  return null;
}

/** By the daemon; without one only what an earlier leave or join has left. */
async function leaveMesh(local: Local, { places, call }: Session): Promise<Told | null> {
  try {
    return (await call('POST', '/v1/leave')) as Told;
  } catch (error) {
    if (!(error instanceof Fault) || !isDaemonGone(error)) throw error;
    const finished = await local.finishLeave(places);
    if (finished !== 'member') return finished;
    if (error.code !== 'no-daemon') throw error;
    const remedy = 'start it with cnsmo start, then leave; or tell nobody: cnsmo leave --local';
    throw new Fault(error.code, { ...error.facts, remedy }, error);
  }
}

/** None answers, or it was killed while it answered. */
const isDaemonGone = ({ code, facts }: Fault): boolean =>
  code === 'no-daemon' || (code === 'internal' && facts.field === 'daemon');

/** Who was connected and told tells those whom it reaches; the rest never hears of it. */
const notTold = ({ told, others }: Told): string =>
  told === 0 && others > 0
    ? 'Note: no other member could be reached. They show this VM as dead, and keep its name.\n'
    : `Note: ${told} of ${others} members heard of it; the others hear of it from those.\n`;

interface ConsentFlags {
  readonly services?: string | readonly string[];
  readonly allowRun?: boolean;
  readonly eligible?: boolean;
}

function consentCommand(session: (command: Command) => Session): Command {
  return new Command('consent')
    .description('show or change what may run on this VM; no operator can change it from afar')
    .option('--services <list>', `services that may run here, of ${OFFERED}`)
    .option('--allow-run', 'let operators run programs on this VM')
    .option('--no-allow-run', 'do not')
    .option('--eligible', 'take the core role when it is the turn of this VM')
    .option('--no-eligible', 'do not')
    .addHelpText('after', '\nExample:\n  cnsmo consent --services vpn,firewall --no-allow-run\n')
    .action(async (flags: ConsentFlags, command: Command) => {
      const { call, show } = session(command);
      const { services, allowRun, eligible } = flags;
      const wish = { services, allowRun, eligible };
      const isChange = Object.values(wish).some((value) => value !== undefined);
      const consent = (await (isChange
        ? call('PUT', '/v1/consent', wish)
        : call('GET', '/v1/consent'))) as Required<ConsentFlags>;
      await show(
        consent,
        () =>
          `services: ${[consent.services].flat().join(',')}\n` +
          `run programs: ${consent.allowRun ? 'yes' : 'no'}\n` +
          `core role: ${consent.eligible ? 'yes' : 'no'}\n`,
      );
    });
}
