/**
 * Loop: operator commands — operator add, remove, recover: who may change the mesh.
 */
import { Command } from 'commander';
import { Fault, type FaultCode } from '../fault.ts';
import type { Removal } from '../node/removal.ts';
import type { Local } from './local.ts';
import type { Session } from './session.ts';

type Open = (command: Command) => Session;

/** `operator` and what is below it. */
export function operatorCommand(local: Local, session: Open): Command {
  const operator = new Command('operator')
    .description('who may change the mesh')
    .addHelpText('after', '\nExample:\n  cnsmo operator add vm2\n');
  operator.addCommand(
    new Command('add')
      .description('give a member the operator role; done when it has it')
      .argument('<member>', 'name or id')
      .addHelpText('after', '\nExample:\n  cnsmo operator add vm2\n')
      .action(async (member: string, _flags, command: Command) => {
        const { call, show, patiently } = session(command);
        const given = call('POST', '/v1/operators', { member });
        await patiently(`waiting until ${member} has the role`, given);
        await show({ operator: member }, () => `${member} is an operator.\n`);
      }),
  );
  operator.addCommand(removeCommand(session));
  operator.addCommand(recoverCommand(local, session));
  return operator;
}

const removeCommand = (session: Open): Command =>
  new Command('remove')
    .description('take the role back; what the member decided stays, signed by this VM')
    .argument('<member>', 'name or id')
    .option('--dry-run', 'only show what would become of its statements')
    .addHelpText(
      'after',
      '\nIts invites are revoked; who joined by them stays.\n' +
        '\nExample:\n  cnsmo operator remove vm2 --dry-run\n',
    )
    .action(async (member: string, { dryRun = false }: { dryRun?: boolean }, command: Command) => {
      const { call, show } = session(command);
      const path = `/v1/operators/${encodeURIComponent(member)}`;
      const asked = dryRun ? call('GET', `${path}/removal`) : call('DELETE', path);
      const { name, statements } = (await asked) as Removal;
      const head = dryRun
        ? `If ${name} loses the role:\n`
        : `${name} is no operator any more. What it had said:\n`;
      const lines = statements.map(
        ({ path: at, fate, value }) =>
          `  ${FATES[fate]}  ${at}${value === null ? ' (deleted)' : ''}\n`,
      );
      await show({ removed: !dryRun, name, statements }, () =>
        lines.length > 0
          ? head + lines.join('')
          : `${name} is no operator${dryRun ? ', or said nothing as one' : ' any more'}.\n`,
      );
    });

const FATES: Readonly<Record<Removal['statements'][number]['fate'], string>> = {
  adopted: 'stays    ',
  revoked: 'revoked  ',
  overruled: 'overruled',
  void: 'no effect',
};

/** After these nothing was changed; after others the mesh may have taken the code. */
const NOTHING_DONE: ReadonlySet<FaultCode> = new Set(['usage', 'refused', 'forbidden']);

const recoverCommand = (local: Local, session: Open): Command =>
  new Command('recover')
    .description('make this VM an operator with the recovery code; prints the next code')
    .option('--code-file <file>', 'read the code from a file (else from standard input)')
    .option('--recovery-file <file>', 'write the next code there instead of printing it')
    .addHelpText('after', '\nExample:\n  cnsmo operator recover --code-file ./code\n')
    .action(async (flags: { codeFile?: string; recoveryFile?: string }, command: Command) => {
      const { call, show, hint } = session(command);
      if (flags.codeFile === undefined && local.isInputTerminal) hint('Recovery code: ');
      const typed =
        flags.codeFile === undefined
          ? await local.readInput()
          : await local.readSecret(flags.codeFile);
      const code = typed.trim();
      const next = (await call('POST', '/v1/recovery-codes', { code })) as { code: string };
      if (flags.recoveryFile !== undefined) {
        await local.writeSecret(flags.recoveryFile, `${next.code}\n`);
      }
      const isPrinted = flags.recoveryFile === undefined;
      await call('POST', '/v1/operators/recover', { code, nextCode: next.code }).catch((error) => {
        const mayBeDone = !(error instanceof Fault) || !NOTHING_DONE.has(error.code);
        if (isPrinted && mayBeDone) local.err(`If it was done, the next code is: ${next.code}\n`);
        throw error;
      });
      await show(
        { recovered: true, ...(isPrinted ? { recoveryCode: next.code } : {}) },
        () =>
          'This VM is an operator. The old recovery code is void.\n' +
          (isPrinted
            ? `Next recovery code, shown only now: ${next.code}\n`
            : `The next recovery code is in ${flags.recoveryFile ?? 'its file'}.\n`),
      );
    });
