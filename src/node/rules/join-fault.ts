/**
 * Rule: join fault — what a joiner is told when the mesh does not take it in.
 */
import { Fault } from '../../fault.ts';
import type { JoinRefusal } from './join-message.ts';

const REASONS: Readonly<Record<JoinRefusal, { field: string; why: string; remedy: string }>> = {
  'used-up': { field: 'token', why: 'used up', remedy: 'ask an operator for a new one' },
  revoked: { field: 'token', why: 'revoked', remedy: 'ask an operator for a new one' },
  expired: { field: 'token', why: 'expired', remedy: 'ask an operator for a new one' },
  'name-taken': {
    field: 'member',
    why: 'another member has that name',
    remedy: 'choose another with --member',
  },
  invalid: {
    field: 'token',
    why: 'the mesh does not accept the request',
    remedy: 'check that both sides run the same version of cnsmo',
  },
  evicted: {
    field: 'state',
    why: 'this VM was evicted from the mesh and its key is void',
    remedy: 'delete the state directory and join with a new token',
  },
  full: {
    field: 'prefix',
    why: 'every address of the mesh is taken',
    remedy: 'remove members that are gone',
  },
};

/** The fault for a refusal. `detail` came from the entry, `name` is the one asked for. */
export function joinFault(refusal: JoinRefusal, detail: string, name: string): Fault {
  const { field, why, remedy } = REASONS[refusal];
  const value = field === 'member' ? name : '(hidden)';
  const shown = refusal === 'full' ? detail : field === 'state' ? 'evicted' : value;
  const more = refusal === 'invalid' && detail !== '' ? `${why} (${detail})` : why;
  return new Fault('refused', { field, value: shown, why: more, remedy });
}
