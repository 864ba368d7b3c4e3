/**
 * Edge: outside API — asks a VM's daemon without starting a process, so that looking at many VMs
 * does not disturb them.
 */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { MemberRow, StatusReport } from '../scenarios/world.ts';
import type { Vm } from './vm.ts';

/** Longest wait for an answer. Unit: ms. Twenty daemons on two cores are slow at times. */
const ANSWER_MS = 10_000;

/** An event as the daemon tells it. */
export interface EventRow {
  readonly time: string;
  readonly kind: string;
  readonly member: string | null;
  readonly text: string;
}

/** The VM's status. Rejects without a daemon. */
export const askStatus = (vm: Vm): Promise<StatusReport> => ask<StatusReport>(vm, '/v1/status');

/** The members that the VM knows. Rejects without a daemon. */
export const askMembers = (vm: Vm): Promise<readonly MemberRow[]> =>
  ask<readonly MemberRow[]>(vm, '/v1/members');

/** The events after a cursor, or all; and the next cursor. Rejects without a daemon. */
export const askEvents = (
  vm: Vm,
  after: string | null,
): Promise<{ readonly events: readonly EventRow[]; readonly cursor: string }> =>
  ask(vm, after === null ? '/v1/events' : `/v1/events?after=${after}`);

/** A socket with a path is reached by the path, whatever network namespace it was made in. */
async function ask<Answer>(vm: Vm, path: string): Promise<Answer> {
  const socketPath = `/proc/${vm.machine().pid}/root/run/cnsmo/api.sock`;
  const body = await new Promise<string>((resolve, reject) => {
    const headers = { host: 'cnsmo' };
    const signal = AbortSignal.timeout(ANSWER_MS);
    const asking = request({ socketPath, path, headers, agent: false, signal });
    asking.once('error', reject);
    asking.once('response', (answer) => {
      text(answer).then((said) => {
        if (answer.statusCode === 200) resolve(said);
        else reject(new Error(`${vm.name}: ${path}: ${answer.statusCode}: ${said}`));
      }, reject);
    });
    asking.end();
  });
  return JSON.parse(body) as Answer;
}
