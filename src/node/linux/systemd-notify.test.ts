import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findProgram } from './command.ts';
import { announceReady } from './systemd-notify.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-notify-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** A log that keeps the names of its warnings. */
const logged = () => {
  const warnings: string[] = [];
  return { warnings, warn: (event: string) => void warnings.push(event) };
};

test('without a socket nobody is told, and with a wrong one the log is', async () => {
  // Goal: harmless outside of systemd, never silent inside. Method: none, an empty one, and one
  // that is not there.
  const log = logged();
  await announceReady(log, '');
  assert.deepEqual(log.warnings, []);
  await announceReady(log, join(root, 'nobody'));
  assert.deepEqual(log.warnings, ['not-announced']);
});

test('what is said is what systemd reads', async (t) => {
  // Goal: the words of sd_notify(3). Method: a socket of datagrams, by a program that can make one.
  if (!(await findProgram('systemd-notify'))) return t.skip('needs systemd-notify');
  if (!(await findProgram('perl'))) return t.skip('needs perl, for Node has no such sockets');
  const path = join(root, 'notify');
  const code = `use Socket; $| = 1;
    socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die;
    print "bound\\n"; recv($s, my $said, 999, 0); print $said; exit`;
  const child = spawn('perl', ['-e', code, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const isBound = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.startsWith('bound')) resolve();
    });
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await isBound;
  await announceReady(logged(), path);
  await ended;
  assert.match(said, /^READY=1$/m);
});
