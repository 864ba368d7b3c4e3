import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findProgram } from './command.ts';
import { renderBootUnit, renderUnit } from './systemd-unit.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-unit-'));
after(() => rmSync(root, { recursive: true, force: true }));
const places = { binary: '/usr/local/bin/cnsmo', state: '/var/lib/cnsmo', run: '/run/cnsmo' };

test('the unit keeps children alive, starts again and locks down only what we do not need', () => {
  // Goal: invariants 1 to 6. Method: lines that must and that must not be there.
  const lines = renderUnit(places).split('\n');
  for (const line of [
    'Environment=MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072',
    'Type=notify',
    'NotifyAccess=all',
    'ExecStart=/usr/local/bin/cnsmo daemon --state /var/lib/cnsmo --run /run/cnsmo',
    'Restart=on-failure',
    'RestartPreventExitStatus=6',
    'RestartSec=3',
    'OOMPolicy=continue',
    'ConditionPathExists=|/var/lib/cnsmo/genesis',
    'ConditionPathExists=|/var/lib/cnsmo/leaving',
    'KillMode=process',
    'After=network.target',
    'DeviceAllow=char-misc rw',
    'NoNewPrivileges=yes',
    'WantedBy=multi-user.target',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  const banned =
    /^(Wants|Requires|WatchdogSec|PrivateDevices|PrivateTmp|ProtectHome|MemoryDenyWriteExecute)=/;
  for (const line of lines) assert.doesNotMatch(line, banned);
});

test('systemd itself finds no fault with the unit', async (t) => {
  // Goal: no misspelt setting. Method: systemd-analyze, with a binary that exists here.
  if (!(await findProgram('systemd-analyze'))) return t.skip('needs systemd-analyze');
  const path = join(root, 'cnsmo-verified.service');
  writeFileSync(path, renderUnit({ ...places, binary: '/usr/bin/env' }));
  const verify = 'systemd-analyze verify --man=no "$0" 2>&1 || true';
  const said = execFileSync('sh', ['-c', verify, path], { encoding: 'utf8' });
  const ours = said.split('\n').filter((line) => line.includes('cnsmo-verified'));
  assert.deepEqual(ours, []);
});

test('the unit of early boot loads what was kept, before the network, and asks no variable', () => {
  // Goal: its order, and that systemd expands no dollar of the shell's. Method: lines that must be.
  const lines = renderBootUnit(places).split('\n');
  for (const line of [
    'DefaultDependencies=no',
    'Before=network-pre.target shutdown.target',
    'ConditionPathExistsGlob=/var/lib/cnsmo/boot-*',
    'WantedBy=sysinit.target',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  const start = lines.find((line) => line.startsWith('ExecStart=')) ?? '';
  assert.match(start, /nft -j -f "\$\$file"/);
  assert.doesNotMatch(start.replaceAll('$$', ''), /\$/);
});

for (const path of ['/a b', '/a%n', '/a$x', '/a"b', "/a'b", '/a\nExecStart=/bin/sh', '/a;b', '']) {
  test(`the path ${JSON.stringify(path)} is refused`, () => {
    // Goal: no path adds a line or a word to the unit. Method: it in each of the three places.
    for (const name of ['binary', 'state', 'run']) {
      assert.throws(() => renderUnit({ ...places, [name]: path }), /cannot take as it is/);
    }
  });
}
