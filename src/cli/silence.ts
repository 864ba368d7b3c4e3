/**
 * Loop: silence — why no daemon answers on this VM, and the words for it.
 */
import { Fault } from '../fault.ts';
import type { Local, Places } from './local.ts';

/** A daemon is there; a member without one; only root can tell; no member. */
export type Silence = 'starting' | 'stopped' | 'hidden' | 'none';

/** Which it is, where a question found no daemon. */
export async function silenceOf(local: Local, places: Places): Promise<Silence> {
  if (await local.hasDaemon(places)) return 'starting';
  const isMember = await local.isMember(places);
  if (isMember === null) return 'hidden';
  return isMember ? 'stopped' : 'none';
}

/** What a daemon does that is there and cannot be asked. */
export const STARTING = 'is starting, and does not answer yet';

/** Starting a daemon is no remedy where one is starting, or there is no mesh. */
export async function explained(local: Local, places: Places, error: unknown): Promise<never> {
  if (!(error instanceof Fault) || error.code !== 'no-daemon') throw error;
  const silence = await silenceOf(local, places);
  if (silence === 'starting') throw isStarting(places);
  throw silence === 'none' ? inNoMesh(places) : error;
}

const isStarting = ({ state }: Places): Fault =>
  new Fault('no-daemon', {
    field: 'daemon',
    value: state,
    why: STARTING,
    remedy: 'wait for it with: cnsmo status --wait ready',
  });

/** What a VM says that is no member. */
export const inNoMesh = ({ state }: Places): Fault =>
  new Fault('no-daemon', {
    field: 'daemon',
    value: state,
    why: 'this VM is in no mesh',
    remedy: 'found one with cnsmo init, or join one with cnsmo join',
  });
