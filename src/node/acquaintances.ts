/**
 * Loop: acquaintances — which members there are and where, in a file of its own beside the journal.
 *
 * A member whose journal is lost or damaged knows neither whom to let in nor whom to ask, and a
 * founder has no token to read it from. What it said itself only those others can give back.
 * 1. The file is read only while the journal is in doubt, and written only while it is not.
 */
import { endpointsOf } from '../crdt/endpoints.ts';
import { type MemberId, parseMemberId } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Clock, Disk, Endpoint, Log } from '../ports.ts';
import { createWake } from './wake.ts';

const FILE = 'acquaintances';
/** Members that are remembered: one that answers is enough. */
const MEMBERS_MAX = 32;
/** Shortest time between two looks. Unit: ms. A mesh that forms changes many times a second. */
const PAUSE_MS = 2_000;
/** Longest time between two looks. Unit: ms. */
const LOOK_MS = 600_000;

/** A member and one place where it was. */
export interface Acquaintance {
  readonly member: MemberId;
  readonly endpoint: Endpoint;
}

/** The running loop. */
export interface Acquaintances {
  mark(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Those that the file names; none when there is none or it does not read. */
export async function readAcquaintances(disk: Disk): Promise<readonly Acquaintance[]> {
  const bytes = await disk.read(FILE);
  if (bytes === null) return [];
  try {
    const lines = new TextDecoder().decode(bytes).trim().split('\n');
    return lines.flatMap((line) => {
      const [id = '', host = '', port = ''] = line.split(' ');
      const member = parseMemberId(id);
      return member === null ? [] : [{ member, endpoint: { host, port: Number(port) } }];
    });
  } catch {
    return [];
  }
}

/** Makes the loop; it does nothing until `run`. */
export function createAcquaintances(
  { clock, disk, log }: { readonly clock: Clock; readonly disk: Disk; readonly log: Log },
  self: MemberId,
  replica: { readonly view: () => View; readonly isInDoubt: () => boolean },
): Acquaintances {
  const wake = createWake(clock);
  const state = { written: '' };
  const keep = async (): Promise<void> => {
    if (replica.isInDoubt()) return;
    const text = textOf(replica.view(), self);
    if (text === state.written) return;
    await disk.write(FILE, new TextEncoder().encode(text));
    state.written = text;
  };
  return {
    mark: wake.mark,
    run: async (signal) => {
      while (!signal.aborted) {
        await keep().catch((error: unknown) =>
          log.warn('acquaintances-not-kept', { why: String(error) }),
        );
        await clock.sleep(PAUSE_MS, signal);
        await wake.wait(LOOK_MS, signal);
      }
    },
  };
}

const textOf = (view: View, self: MemberId): string =>
  view.members
    .filter(({ id, hasLeft }) => id !== self && !hasLeft)
    .slice(0, MEMBERS_MAX)
    .flatMap((member) =>
      endpointsOf(member, view.mesh).map(({ host, port }) => `${member.id} ${host} ${port}\n`),
    )
    .join('');
