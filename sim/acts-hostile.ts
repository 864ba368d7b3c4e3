/**
 * Edge: acts of hostile members — a member's key in hands that mean harm.
 *
 * Its daemon ends, and a program of the attacker's takes its place: it speaks the swarm's protocols
 * under the member's own key, forges what it can and answers with lies. In the end its VM is thrown
 * away. Nobody else may lose anything, and all must agree about what it said.
 */
import { base32nopad } from '@scure/base';
import { type MemberId, memberIdOf, type PeerKey } from '../src/crdt/ids.ts';
import { decodeJournal } from '../src/crdt/journal.ts';
import { trustPath } from '../src/crdt/paths.ts';
import { encodeSync, NO_INTRODUCTION } from '../src/node/rules/sync-message.ts';
import type { SwarmNode } from '../src/ports.ts';
import { throwAway } from './acts-disk.ts';
import { meetAll, steal } from './acts-intruder.ts';
import { anyOperator, evictBy, type Victim } from './eviction.ts';
import { drawForms, type Forger, forge } from './forgery.ts';
import { openImpostor } from './impostor.ts';
import type { Machine } from './machine.ts';
import type { Dice } from './random.ts';
import type { Room } from './room.ts';
import { openSlander } from './slander.ts';
import { type Act, anyExpendable, type Storm } from './storm.ts';
import { pauseRun } from './world.ts';

/** Longest attack, and the time between two blows. Unit: ms. */
const ATTACK_MS_MAX = 60_000;
const BLOW_MS_MAX = 2_000;
/** Longest wait for anything of the swarm. Unit: ms. */
const WAIT_MS = 5_000;

/** A node turns hostile for a while; then its VM is gone. */
export const hostile: Act = async (storm, dice) => {
  const { room, doomed } = storm;
  const chosen = await anyExpendable(storm, dice);
  if (chosen === null) return;
  const { machine, id } = chosen;
  doomed.add(machine.name);
  room.hall.hostile.add(id);
  const { daemon } = machine;
  daemon?.end('crash');
  await attack(storm, machine, dice);
  if (dice.chance(0.5)) await evictHostile(storm, { machine, id }, dice);
  await throwAway(storm, machine, id);
};

/** Operators throw it out, with those whom it let in where none of them is a VM of the room. */
async function evictHostile(storm: Storm, victim: Victim, dice: Dice): Promise<void> {
  const operator = await anyOperator(storm);
  if (operator === null || operator === victim.machine) return;
  const admitted = operator.node?.replica.pathsOf(victim.id as MemberId) ?? [];
  const isAlone = [...storm.room.machines.values()].every(
    ({ node }) => node === null || !admitted.includes(trustPath('admission', node.self)),
  );
  await evictBy(storm, operator, { ...victim, isCascade: isAlone && dice.chance(0.7) });
}

/** The program of an attacker runs on the VM, under its key, for a while. */
export async function attack(storm: Storm, machine: Machine, dice: Dice): Promise<void> {
  const { room } = storm;
  const inviteSeed = (await steal(storm, machine))?.seed ?? null;
  const { crypto } = room;
  const { life, local, node } = await openImpostor(room, machine);
  room.tolerated.add(`author-forked ${memberIdOf(crypto.publicKey(local.keys.memberSeed))}`);
  // Booted before it is thrown away, its own daemon hears what the attacker said in its name.
  room.tolerated.add(`key-used-elsewhere ${machine.name}`);
  const journal = machine.platter.files.get('journal')?.cached ?? new Uint8Array();
  const forger: Forger = {
    crypto,
    seed: local.keys.memberSeed,
    meshId: local.meshId,
    victim: base32nopad.encode(local.genesis.founderKey).toLowerCase(),
    frames: distinct([...machine.archive, ...decodeJournal(crypto, journal.slice()).frames]),
    wallMs: 0,
    forms: drawForms(dice),
    stand: null,
    said: [],
    severed: null,
    harmful: null,
    inviteSeed,
  };
  await assail(room, machine, { node, forger, dice });
  life.end('exit');
}

const distinct = (frames: readonly Uint8Array[]): readonly Uint8Array[] => [
  ...new Map(frames.map((frame) => [Buffer.from(frame).toString('base64'), frame])).values(),
];

interface Arms {
  readonly node: SwarmNode;
  readonly forger: Forger;
  readonly dice: Dice;
}

/** Blow after blow: by gossip, in questions and in answers. */
async function assail(room: Room, machine: Machine, { node, forger, dice }: Arms): Promise<void> {
  const { scheduler, trace } = room;
  const untilMs = scheduler.nowMs() + dice.between(BLOW_MS_MAX, ATTACK_MS_MAX);
  const wallMs = (): number => machine.kernel.wallMs();
  const lies = (): { name: string; frames: readonly Uint8Array[] } =>
    forge(Object.assign(forger, { wallMs: Math.floor(wallMs()) }), dice);
  const messageOf = (frames: readonly Uint8Array[]): Uint8Array =>
    encodeSync({
      ...NO_INTRODUCTION,
      heads: [],
      frames: [...forger.said, ...frames],
      wallMs: Math.floor(wallMs()),
    });
  const tell = (peer: PeerKey, frames: readonly Uint8Array[]): void => {
    node.request(peer, 'sync', messageOf(frames), WAIT_MS).catch(() => undefined);
  };
  const bytesMax = 10 * 1024 * 1024;
  node.handle('sync', { bytesMax, inviteMayUse: false }, async () => messageOf(lies().frames));
  const known = (): MemberId[] =>
    [...room.hall.listeners.values()].map(({ self }) => self as MemberId);
  const slander = openSlander(node, dice.fork('slander'), known);
  while (scheduler.nowMs() < untilMs && machine.lives.size > 0) {
    meetAll(room, node);
    slander();
    const { name, frames } = lies();
    trace.note(scheduler.nowMs(), machine.name, `blow: ${name}`);
    const peers = node.connections().map(({ peer }) => peer);
    // Who says two things says each to some.
    if (name === 'equivocation') {
      for (const [index, peer] of peers.entries()) {
        const frame = frames[(index + dice.integer(2)) % frames.length];
        tell(peer, frame === undefined ? [] : [frame]);
      }
    } else {
      for (const frame of frames) void node.publish(frame);
      for (const peer of peers) tell(peer, lies().frames);
    }
    await pauseRun(room, dice.between(10, BLOW_MS_MAX));
  }
}
