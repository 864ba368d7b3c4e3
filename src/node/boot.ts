/**
 * Loop: boot — keeps what the services want loaded at boot, before the network is up and before
 * this program runs: a file for each, which a unit of systemd hands to `nft`.
 *
 * 1. The file is of the last state that was read back whole. One that cannot be written is told of
 *    and holds up nothing: the host is as it should be until the next boot.
 */
import { Fault } from '../fault.ts';
import type { Ports } from '../ports.ts';

/** Begins the name of each such file. */
const PREFIX = 'boot-';

const encoder = new TextEncoder();

/** Makes the function that keeps a text of a service; null removes it. */
export function createBoot({
  disk,
  log,
}: Pick<Ports, 'disk' | 'log'>): (service: string, text: string | null) => Promise<void> {
  const kept = new Map<string, string | null>();
  return async (service, text) => {
    if (kept.get(service) === text) return;
    const name = `${PREFIX}${service}`;
    try {
      if (text === null) await disk.remove(name);
      else await disk.write(name, encoder.encode(text));
      kept.set(service, text);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.warn('boot-not-kept', { service, why: error.message });
    }
  };
}
