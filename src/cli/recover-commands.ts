/**
 * Loop: recover commands — recover: go on as the one holder of this VM's key.
 */
import { Command } from 'commander';
import type { Recovered } from '../node/recover.ts';
import type { Session } from './session.ts';

/** `recover`. */
export const recoverMemberCommand = (session: (command: Command) => Session): Command =>
  new Command('recover')
    .description('go on after this VM was cloned, restored from a copy, or lost its journal')
    .option('--alone', 'no other member is left: go on from what this disk holds')
    .addHelpText(
      'after',
      '\nRun it on the one VM that is to stay; on a copy run cnsmo leave --local first.\n' +
        '\nExample:\n  cnsmo recover\n',
    )
    .action(async (flags: { alone?: boolean }, command: Command) => {
      const { call, show, patiently } = session(command);
      const body = { alone: flags.alone === true };
      const asking = call('POST', '/v1/recover', body);
      const done = (await patiently(
        'asking whether another VM uses this key',
        asking,
      )) as Recovered;
      await show(done, () => TEXTS[done.reason ?? 'none']);
    });

const TEXTS = {
  key: 'This VM goes on as the only holder of its key; what it said before stands.\n',
  journal: 'This VM goes on from what its disk and others hold.\n',
  none: 'Nothing to recover: this VM is in no doubt about its key or its journal.\n',
} as const;
