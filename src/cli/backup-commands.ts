/**
 * Loop: backup commands — backup and restore: the state of a member in a file, and back.
 */
import { Command, Option } from 'commander';
import { Fault } from '../fault.ts';
import { start } from './daemon-commands.ts';
import type { Local, RestoreFlags } from './local.ts';
import type { Session } from './session.ts';

type Open = (command: Command) => Session;

interface BackupFlags {
  readonly keys?: boolean;
  readonly passphraseFile?: string;
}

interface Flags extends RestoreFlags {
  readonly passphraseFile?: string;
  readonly recoveryFile?: string;
  readonly foreground?: boolean;
  readonly start: boolean;
}

/** `backup` and `restore`. */
export const backupCommands = (local: Local, session: Open): readonly Command[] => [
  backupCommand(local, session),
  restoreCommand(local, session),
];

const PASSPHRASE_HELP =
  '\nThe passphrase comes from --passphrase-file, CNSMO_PASSPHRASE or the terminal.\n';

const backupCommand = (local: Local, session: Open): Command =>
  new Command('backup')
    .description('write the state of this member to a file, encrypted with a passphrase')
    .argument('<file>', 'a file that does not exist')
    .option('--keys', 'with the keys of this member, so that it can be restored as itself')
    .option('--passphrase-file <file>', 'read the passphrase from a file')
    .addHelpText(
      'after',
      `${PASSPHRASE_HELP}\nThe newest 64 MiB of the audit log are in it.\n` +
        '\nExample:\n  cnsmo backup --keys vm1.age\n',
    )
    .action(async (file: string, flags: BackupFlags, command: Command) => {
      const { places, show, hint, patiently } = session(command);
      const passphrase = await findPassphrase(local, flags.passphraseFile, 'new');
      const sealed = { path: file, passphrase };
      const writing = local.backup(places, sealed, flags.keys === true);
      const made = await patiently('encrypting', writing);
      const { mesh, member, bytes, hasKeys, isWhole } = made;
      const what = hasKeys ? 'with its keys' : 'without keys';
      await show(
        { file, mesh, member, keys: hasKeys, whole: isWhole, bytes },
        () => `Member ${member} of mesh ${mesh} is in ${file}, ${what}.\n`,
      );
      if (!isWhole)
        hint('The journal here is damaged: what was lost from it is not in the file.\n');
      hint(
        hasKeys
          ? 'Whoever has the file and the passphrase is this member: keep them apart.\n'
          : 'It can found a new mesh (cnsmo restore --fork). To bring this member back: --keys.\n',
      );
    });

const LIVES_HELP =
  '\nWhile members of its mesh answer where the backup knows them to be, this is\n' +
  'refused without --rejoin or --fork; while the member itself does, without\n' +
  '--fork. Should it live elsewhere after all, both stop writing until\n' +
  'cnsmo recover ends that.\n';

const restoreCommand = (local: Local, session: Open): Command =>
  new Command('restore')
    .description('make this VM the member of a backup again, or with --fork found a new mesh')
    .argument('<file>', 'what cnsmo backup wrote')
    .addOption(
      new Option('--rejoin', 'the VM of this member is gone: take its place in its mesh').conflicts(
        'fork',
      ),
    )
    .option('--fork', 'found a new mesh with the name, prefix and intent of the backup')
    .option('--passphrase-file <file>', 'read the passphrase from a file')
    .option('--member <name>', 'with --fork: name of this VM (default: its host name)')
    .option('--recovery-file <file>', 'with --fork: write the recovery code there')
    .option('--port <port>', 'TCP and UDP port of the mesh (default: as in the backup)')
    .option('--advertise <addr[:port]>', 'address at which others reach this VM')
    .option('--interface <name>', 'name of the VPN interface (default: as in the backup)')
    .option('--install-tools', 'install what is missing of ip, wg, nft and haproxy')
    .addOption(new Option('--foreground', 'run the daemon in this process').conflicts('start'))
    .option('--no-start', 'only prepare the state')
    .addHelpText(
      'after',
      `${LIVES_HELP}${PASSPHRASE_HELP}\nExample:\n  cnsmo restore vm1.age --rejoin\n`,
    )
    .action(async (file: string, typed: Flags, command: Command) => {
      const open = session(command);
      const { passphraseFile, recoveryFile, foreground, start: isStarted, ...flags } = typed;
      refuseWithoutFork(typed);
      const passphrase = await findPassphrase(local, passphraseFile, 'known');
      let code: string | null = null;
      const keepCode = async (made: string): Promise<void> => {
        if (recoveryFile === undefined) code = made;
        else await local.writeSecret(recoveryFile, `${made}\n`);
      };
      const watch = { onStep: open.watch.onStep, keepCode };
      const restored = await local.restore(open.places, { path: file, passphrase }, flags, watch);
      const { mesh, name, ipv4, awaitsOthers } = restored;
      const body = { mesh, name, ipv4, fork: flags.fork === true };
      await open.show(code === null ? body : { ...body, recoveryCode: code }, () =>
        flags.fork === true
          ? `New mesh ${mesh} founded. This VM is ${name}, ${ipv4}.\n` +
            codeText(code, recoveryFile)
          : `This VM is ${name} of mesh ${mesh} again${ipv4 === null ? '' : `, ${ipv4}`}.\n`,
      );
      if (awaitsOthers) open.hint(LAST_WORDS);
      if (!isStarted) return;
      if (foreground === true) await local.daemon(open.places);
      else await start(local, open);
    });

const LAST_WORDS =
  'What it said after the backup comes back from the members that it knew; before it has heard ' +
  'one, it says nothing new. If none is left: cnsmo recover --alone.\n';

const codeText = (code: string | null, file: string | undefined): string =>
  code === null
    ? `The recovery code is in ${file ?? 'its file'}.\n`
    : `Recovery code, shown only now: ${code}\n`;

function refuseWithoutFork({ fork, member, recoveryFile }: Flags): void {
  if (fork === true) return;
  const field = member === undefined ? 'recovery-file' : 'member';
  const value = member ?? recoveryFile;
  if (value === undefined) return;
  const why = 'a member that is restored has its name, and its mesh a recovery code';
  throw new Fault('usage', { field, value, why, remedy: `leave it out, or add --fork` });
}

/** The passphrase; one that is `new` is typed twice. It is never taken from an argument. */
async function findPassphrase(
  local: Local,
  file: string | undefined,
  age: 'new' | 'known',
): Promise<string> {
  const given =
    file === undefined
      ? local.takeEnv('CNSMO_PASSPHRASE')
      : ((await local.readSecret(file)).split(/\r?\n/)[0] ?? '');
  const passphrase = given ?? (await askPassphrase(local, age));
  if (passphrase !== '') return passphrase;
  throw unfit('empty', 'it would protect nothing', 'choose a passphrase of several words');
}

async function askPassphrase(local: Local, age: 'new' | 'known'): Promise<string> {
  if (!local.isInputTerminal) {
    throw new Fault('usage', {
      field: 'passphrase',
      value: '(none)',
      why: 'a passphrase is needed',
      remedy: 'give it by --passphrase-file, in CNSMO_PASSPHRASE or at a terminal',
    });
  }
  const typed = await local.readHidden('Passphrase: ');
  if (age === 'known' || typed === '') return typed;
  if ((await local.readHidden('The same again: ')) === typed) return typed;
  throw unfit('(not shown)', 'the second was another than the first', 'type both again');
}

const unfit = (value: string, why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'passphrase', value, why, remedy });
