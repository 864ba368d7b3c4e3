/**
 * Rule: join fault — what a joiner is told when the mesh does not take it in.
 */
import { endpointText } from '../../crdt/endpoints.ts';
import type { Token, TokenEntry } from '../../crdt/token.ts';
import { Fault } from '../../fault.ts';
import type { JoinRefusal } from './join-message.ts';
import { OUR_VERSIONS, type Versions } from './sync-message.ts';

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
    remedy: 'ask an operator for a new token, and join with that',
  },
  'address-taken': {
    field: 'entry',
    why: 'the address that it offered was taken meanwhile',
    remedy: 'run join again',
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

/** One entry did not answer; another may. */
export const noAnswer = (entry: TokenEntry, why: string, cause: unknown): Fault =>
  new Fault(
    'timeout',
    {
      field: 'entry',
      value: endpointText(entry.address),
      why,
      remedy: 'check that the member runs and that its port is open for TCP',
    },
    cause,
  );

/** Whether it took this VM's connection. */
export const wasThere = ({ cause }: Fault): boolean =>
  cause instanceof Fault && cause.facts.field === 'peer';

const SAME_VERSION = 'run the same version of cnsmo on both sides';

/** One entry is of another version; another may not be, while a mesh is upgraded. */
export const otherVersion = ({ address }: TokenEntry, { wire, document }: Versions): Fault =>
  new Fault('refused', {
    field: 'entry',
    value: endpointText(address),
    why:
      `it speaks wire version ${wire}, document version ${document}, ` +
      `this VM ${OUR_VERSIONS.wire} and ${OUR_VERSIONS.document}`,
    remedy: SAME_VERSION,
  });

/** One entry's clock is too far from ours, by so many ms; positive: ours is ahead. */
export const otherClock = ({ address }: TokenEntry, aheadMs: number): Fault =>
  new Fault('refused', {
    field: 'entry',
    value: endpointText(address),
    why: `our clock is ${Math.round(aheadMs / 1000)} s ahead of its own`,
    remedy: 'asking the next',
  });

/** This VM's clock is too far from most members', by so many ms; positive: ahead. */
export const badClock = (aheadMs: number): Fault =>
  new Fault('refused', {
    field: 'clock',
    value: `${Math.round(Math.abs(aheadMs) / 1000)} s`,
    why: `${aheadMs > 0 ? 'ahead of' : 'behind'} the clock of the mesh, which takes 10 s at most`,
    remedy: 'set the clock, with chrony or systemd-timesyncd, then run join again',
  });

/** The token is of no use, whoever is asked. */
export const badToken = (why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'token', value: '(hidden)', why, remedy });

/** No entry let this VM in. `last`: why the last one did not. */
export function unreachable(token: Token, last: unknown): Fault {
  const tried = [...new Set(token.entries.map((e) => endpointText(e.address)))];
  const detail = last instanceof Fault ? ` (${last.facts.why})` : '';
  if (last instanceof Fault && last.facts.remedy === SAME_VERSION) return last;
  return new Fault(
    'timeout',
    {
      field: 'token',
      value: tried.join(' '),
      why: `no member that it names let this VM in${detail}`,
      remedy: 'check the network and that the token is fresh, then run join again',
    },
    last,
  );
}
