/** Rule: mortals — members that can be ended and revived, of us and of others. */
import type { Sample } from '../figure.ts';

/** All samples: until the last of the others knew that it is dead, s; CPU time of the others. */
export interface Mortals {
  /** The VM's link goes, then the VM. */
  cutPower(name: string): Promise<Sample>;
  /** The member's process is killed; its host lives. */
  kill(name: string): Promise<Sample>;
  /** It comes back; resolves when all know. */
  revive(name: string): Promise<void>;
}
