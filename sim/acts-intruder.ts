/**
 * Edge: acts of intruders — whoever holds a token and is no member.
 *
 * It connects under the key of the invite, and says what such a one may and may not say: requests
 * to join that are good, forged, repeated and garbled, and all that only members may ask. Those
 * whom it lets in are nobody. Nothing else of it may get in.
 */
import { makeJoinRequest } from '../src/crdt/admission.ts';
import { inviteIdOf, memberIdOf } from '../src/crdt/ids.ts';
import type { Token } from '../src/crdt/token.ts';
import { readToken } from '../src/crdt/token.ts';
import { encodeJoin, type JoinAsk } from '../src/node/rules/join-message.ts';
import type { SwarmNode } from '../src/ports.ts';
import { startLife } from './life.ts';
import type { Machine } from './machine.ts';
import type { Dice } from './random.ts';
import type { Room } from './room.ts';
import { type Act, holdsMember, type Storm } from './storm.ts';
import { openSwarm } from './swarm.ts';
import { pauseRun } from './world.ts';

/** Longest visit, and the time between two blows. Unit: ms. */
const VISIT_MS_MAX = 60_000;
const BLOW_MS_MAX = 2_000;
const WAIT_MS = 5_000;
/** How many a stolen token lets in. */
const USES = 5;
/** Names of other protocols and channels. */
const PROTOCOLS = ['sync', 'core', 'question', 'digest'] as const;
const CHANNEL = 'liveness';

/** A token in hostile hands; null when nobody makes one. */
export async function steal({ room, world, promised }: Storm, thief: Machine) {
  for (const { name } of room.machines.values()) {
    if (name === thief.name) continue;
    const token = await world.invite(name, { uses: USES }).catch(() => null);
    const read = token === null ? null : readToken(room.crypto, token);
    if (read?.ok === true) {
      promised.stolen.add(inviteIdOf(room.crypto.publicKey(read.token.seed)));
      return read.token;
    }
  }
  return null;
}

/** An empty VM is in hostile hands for a while, and so is a token. */
export const intruder: Act = async (storm, dice) => {
  const { room } = storm;
  const isFree = (one: Machine): boolean =>
    !holdsMember(one) && one.lives.size === 0 && one.kernel.station.isOn;
  const machine = [...room.machines.values()].find(isFree);
  const token = machine === undefined ? null : await steal(storm, machine);
  if (machine === undefined || token === null || !isFree(machine)) return;
  const { scheduler, hall, crypto } = room;
  const life = startLife(scheduler, `${machine.name}.intruder`);
  machine.lives.add(life);
  life.onEnd(() => machine.lives.delete(life));
  const node = await openSwarm(hall, crypto, machine.kernel.station, life).open({
    seed: token.seed,
    psk: token.psk,
    port: null,
    meshId: token.meshId,
    standing: () => 'member',
    isOverlay: () => false,
    judge: () => 'ignore',
  });
  hall.hostile.add(node.self);
  room.tolerated.add('join-other-version').add('version-mismatch');
  const untilMs = scheduler.nowMs() + dice.between(BLOW_MS_MAX, VISIT_MS_MAX);
  while (scheduler.nowMs() < untilMs && life.isAlive()) {
    meetAll(room, node);
    for (const { peer } of node.connections()) {
      const [protocol, body] = blowOf(room, token, dice);
      room.trace.note(scheduler.nowMs(), life.name, `blow: ${protocol}`);
      node.request(peer, protocol, body, WAIT_MS).catch(() => undefined);
      node.send(peer, CHANNEL, dice.bytes(dice.integer(200)));
    }
    for (const frame of framesOf(room, dice)) void node.publish(frame);
    await pauseRun(room, dice.between(10, BLOW_MS_MAX));
  }
  life.end('exit');
};

/** Dials everybody who listens. */
export function meetAll({ hall }: Room, node: SwarmNode): void {
  for (const party of hall.listeners.values()) {
    const [host = ''] = party.station.addresses;
    const endpoints = [{ host: party.station.publicHost ?? host, port: 7300 }];
    if (party.self !== node.self) node.dial(party.self, endpoints, WAIT_MS).catch(() => undefined);
  }
}

/** A frame that somebody said, as it is or garbled. */
function framesOf({ machines }: Room, dice: Dice): readonly Uint8Array[] {
  const { archive } = dice.pick([...machines.values()]);
  return archive.length === 0 ? [] : [garbled(dice.pick(archive), dice)];
}

function garbled(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = bytes.slice(0, dice.chance(0.2) ? dice.integer(bytes.length) : bytes.length);
  for (let n = dice.integer(4); n > 0 && copy.length > 0; n -= 1) {
    copy[dice.integer(copy.length)] = dice.integer(256);
  }
  return copy;
}

type Blow = (room: Room, token: Token, dice: Dice) => readonly [protocol: string, Uint8Array];

const BLOWS: readonly Blow[] = [
  (room, token, dice) => ['join', encodeJoin(admitOf(room, token, dice))],
  (room, token, dice) => ['join', garbled(encodeJoin(admitOf(room, token, dice)), dice)],
  (room, token, dice) => {
    const wrong = dice.pick(['inviteSignature', 'memberSignature'] as const);
    return ['join', encodeJoin({ ...admitOf(room, token, dice), [wrong]: dice.bytes(64) })];
  },
  (_, __, dice) => ['join', encodeJoin({ kind: 'hello', memberKey: dice.bytes(32) })],
  (_, __, dice) => ['join', dice.bytes(dice.integer(2_000))],
  (_, __, dice) => [dice.pick(PROTOCOLS), dice.bytes(dice.integer(2_000))],
];

const blowOf: Blow = (room, token, dice) => dice.pick(BLOWS)(room, token, dice);

/** A request to be taken in: under a key of nobody, at an address and by a name of anybody. */
function admitOf(room: Room, token: Token, dice: Dice): JoinAsk {
  const memberSeed = dice.bytes(32);
  const name = dice.chance(0.3)
    ? dice.pick([...room.machines.keys()])
    : `ghost-${dice.integer(99)}`;
  const ipv4 = `10.10.${dice.integer(3)}.${1 + dice.integer(9)}`;
  const keys = { mesh: token.meshId, memberSeed, inviteSeed: token.seed, wgKey: dice.bytes(32) };
  const request = makeJoinRequest(room.crypto, { ...keys, name, ipv4 });
  room.hall.hostile.add(memberIdOf(room.crypto.publicKey(memberSeed)));
  return { kind: 'admit', ...request };
}
