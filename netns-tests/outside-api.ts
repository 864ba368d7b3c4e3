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
  readonly cause: string | null;
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

/** The same, and waits until there are any, at most so long. */
export const awaitEvents = (
  vm: Vm,
  after: string,
  waitMs: number,
): Promise<{ readonly events: readonly EventRow[]; readonly cursor: string }> =>
  ask(vm, `/v1/events?after=${after}&waitMs=${waitMs}`, { timeoutMs: waitMs + ANSWER_MS });

/**
 * Hears the stream of events of the VM's daemon from now on, until it ends; what it gives stops it.
 */
export async function followEvents(vm: Vm, hear: (event: EventRow) => void): Promise<() => void> {
  const { cursor } = await askEvents(vm, null);
  const path = `/v1/events?stream=true&after=${cursor}`;
  const asking = request({ socketPath: socketOf(vm), path, headers: HEADERS, agent: false });
  asking.on('error', () => undefined); // It was stopped.
  asking.once('response', (answer) => {
    let rest = '';
    answer.setEncoding('utf8');
    answer.on('error', () => undefined);
    answer.on('data', (more: string) => {
      const lines = `${rest}${more}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { events } = JSON.parse(line) as { readonly events: readonly EventRow[] };
        for (const event of events) hear(event);
      }
    });
  });
  asking.end();
  return () => void asking.destroy();
}

/** Gives a member another name, as this VM's operator. */
export const renameAt = (vm: Vm, member: string, name: string): Promise<unknown> =>
  ask(vm, `/v1/members/${member}/name`, { method: 'PUT', body: { name } });

/** Uses a verb of a service, as this VM's operator. Its answer is that of the verb. */
export const askVerb = (
  vm: Vm,
  service: string,
  verb: string,
  given: Readonly<Record<string, unknown>>,
): Promise<unknown> =>
  ask(vm, `/v1/services/${service}/${verb}`, { method: 'POST', body: { arguments: given } });

/** The same with any body; gives status and answer, whatever they are. */
export const tryVerb = (vm: Vm, service: string, verb: string, body: unknown): Promise<Answer> =>
  exchange(vm, `/v1/services/${service}/${verb}`, { method: 'POST', body });

/** What a daemon answers. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

interface AskOptions {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

async function ask<Told>(vm: Vm, path: string, options: AskOptions = {}): Promise<Told> {
  const { status, text: said } = await exchange(vm, path, options);
  if (status !== 200) throw new Error(`${vm.name}: ${path}: ${status}: ${said}`);
  return JSON.parse(said) as Told;
}

/** A socket with a path is reached by the path, whatever network namespace it was made in. */
const socketOf = (vm: Vm): string => `/proc/${vm.machine().pid}/root/run/cnsmo/api.sock`;
const HEADERS = { host: 'cnsmo', 'content-type': 'application/json' };

function exchange(
  vm: Vm,
  path: string,
  { method = 'GET', body, timeoutMs = ANSWER_MS }: AskOptions,
): Promise<Answer> {
  const socketPath = socketOf(vm);
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const asking = request({ socketPath, method, path, headers: HEADERS, agent: false, signal });
    asking.once('error', reject);
    asking.once('response', (answer) => {
      text(answer).then(
        (heard) => resolve({ status: answer.statusCode ?? 0, text: heard }),
        reject,
      );
    });
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
