/**
 * Edge: lying clock — daemons whose clock is wrong: a library between them and the kernel reads
 * from a file, once a second, by how much. Their monotonic clock is right.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Vm } from './vm.ts';

const LYING_CLOCK = {
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1',
  FAKETIME_TIMESTAMP_FILE: '/var/lib/clock',
  FAKETIME_CACHE_DURATION: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
} as const;

/** By how much clocks of daemons that `startLying` started are wrong from now on. Unit: s. */
export const setClock = (vm: Vm, offS: number): void =>
  writeFileSync(join(vm.disk, 'clock'), `${offS < 0 ? '' : '+'}${offS}\n`);

/** Starts the daemon with such a clock. Its clock has to be set before. */
export async function startLying(vm: Vm): Promise<void> {
  // Not the shell's clock: the library keeps what its children share in files of the first process,
  // and a shell that ends takes them away from the daemon while that starts.
  const lie = Object.entries(LYING_CLOCK).map(([name, value]) => `'${name}=${value}'`);
  const daemon = '/usr/local/bin/cnsmo daemon > /var/log/wrong-clock 2>&1';
  await vm.must(['sh', '-c', `env ${lie.join(' ')} ${daemon} &`]);
}
