/** Edge: swim people — who the members of a modelled mesh are, and signatures for them. */
import { type MemberId, memberIdOf } from '../src/crdt/ids.ts';
import type { SwimSigner } from '../src/node/rules/swim-message.ts';

/** The member of a number. */
export function idAt(index: number): MemberId {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, index);
  return memberIdOf(key);
}

/** Signatures that everybody believes: they are not what is modelled here. */
export const unsigned: SwimSigner = {
  alive: () => new Uint8Array(64),
  isAlive: () => true,
  answer: () => new Uint8Array(64),
  isAnswer: () => true,
};
