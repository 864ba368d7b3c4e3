/**
 * Loop: entry — the member's side of a join: any member can be one.
 *
 * Requests are judged one after the other, so that checking an invite's uses and spending one of
 * them is one step.
 */
import { endpointsOf } from '../crdt/endpoints.ts';
import type { InviteId } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Clock, Crypto, Endpoint, Log, SwarmNode } from '../ports.ts';
import type { LocalState } from './local-state.ts';
import type { Replica } from './replica.ts';
import { type AdmitAsk, type AdmitContext, admit } from './rules/admit.ts';
import {
  decodeJoinAsk,
  encodeJoin,
  JOIN_BYTES_MAX,
  type JoinAnswer,
} from './rules/join-message.ts';

/** Members that an answer names for the joiner's next steps. FORMATS, "Token": at most 8. */
const ENTRIES_MAX = 8;

interface EntryContext {
  readonly local: LocalState;
  readonly replica: Replica;
  readonly self: AdmitContext['self'];
}

/** Serves the join protocol on a swarm node until the returned function is called. */
export function serveJoins(
  ports: { readonly crypto: Crypto; readonly clock: Clock; readonly log: Log },
  context: EntryContext,
  swarm: SwarmNode,
): () => void {
  let turn: Promise<unknown> = Promise.resolve();
  const options = { bytesMax: JOIN_BYTES_MAX, inviteMayUse: true };
  return swarm.handle('join', options, async ({ peer, standing, remote }, request) => {
    const ask = decodeJoinAsk(request);
    if (ask === null || standing !== 'invite') throw new Error('a join request that is none');
    if (ask.kind === 'hello') return encodeJoin(welcome(context, remote, ports.clock.wallMs()));
    const answered = turn.then(() => decide(ports, context, peer as InviteId, ask));
    turn = answered.catch(() => undefined);
    return encodeJoin(await answered);
  });
}

const welcome = (context: EntryContext, remote: Endpoint, wallMs: number): JoinAnswer => ({
  v: 1,
  kind: 'welcome',
  genesis: context.local.genesisBytes,
  observed: remote.host,
  wallMs,
});

async function decide(
  ports: { readonly crypto: Crypto; readonly clock: Clock; readonly log: Log },
  { replica, self }: EntryContext,
  invite: InviteId,
  ask: AdmitAsk,
): Promise<JoinAnswer> {
  const view = replica.view();
  const admissions = admissionsOf(replica, self);
  const knowledge = { view, self, admissions, wallMs: ports.clock.wallMs() };
  const decided = admit(ports.crypto, knowledge, invite, ask);
  const entries = entriesOf(view);
  if (decided.kind === 'retry') return { v: 1, kind: 'retry', entries };
  if (decided.kind === 'refused') {
    ports.log.info('join-refused', { invite, why: decided.why });
    return { v: 1, kind: 'refused', why: decided.why, detail: decided.detail };
  }
  if (decided.edit !== null) await replica.write([decided.edit]);
  ports.log.info('member-admitted', { name: decided.name, ipv4: decided.ipv4 });
  return { v: 1, kind: 'admitted', name: decided.name, ipv4: decided.ipv4, entries };
}

const admissionsOf = (replica: Replica, self: AdmitContext['self']): number =>
  replica.pathsOf(self).filter((path) => path.startsWith('trust/admission/')).length;

const entriesOf = (view: View): { member: string; host: string; port: number }[] =>
  view.members
    .filter((member) => !member.hasLeft)
    .flatMap((member) => {
      const endpoint = endpointsOf(member, view.mesh)[0];
      return endpoint === undefined ? [] : [{ member: member.id, ...endpoint }];
    })
    .slice(0, ENTRIES_MAX);
