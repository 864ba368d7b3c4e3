/**
 * Rule: lineage — the recoveries of a mesh: which root key came after which, and whom it made an
 * operator.
 *
 * 1. The genesis commits the key of recovery 1, recovery n the key of n + 1. A gap ends the
 *    lineage.
 * 2. A recovery stays one when its author is evicted: a code that was shown must never count a
 *    second time.
 * 3. Of two with one number, the one of the lower member id holds.
 */

import type { MemberId } from './ids.ts';
import { checkRoot } from './recovery.ts';
import {
  compareText,
  type Flaw,
  type Ground,
  type Statement,
  type Testimony,
} from './statements.ts';

/** The lineage, as far as it goes. */
export interface Lineage {
  /** The member of recovery n at index n - 1. */
  readonly recovered: readonly MemberId[];
  /** What the next recovery's root key must hash to. */
  readonly nextRootHash: Uint8Array;
  /** Recoveries that several members made, and who. */
  readonly doubled: readonly { readonly number: number; readonly members: readonly MemberId[] }[];
  readonly flaws: readonly Flaw[];
}

/** Follows the recoveries from the genesis on. */
export function findLineage(ground: Ground, testimonies: readonly Testimony[]): Lineage {
  const recovered: MemberId[] = [];
  const doubled: { readonly number: number; readonly members: readonly MemberId[] }[] = [];
  const flaws: Flaw[] = [];
  let rootHash = ground.genesis.nextRootHash;
  for (let number = 1; ; number++) {
    const claims = testimonies.flatMap(({ said }) => said.root.get(String(number)) ?? []);
    const sound = claims
      .filter((claim) => {
        const why = whyNot(ground, number, rootHash, claim);
        if (why !== null) flaws.push({ kind: 'root', path: claim.path, author: claim.author, why });
        return why === null;
      })
      .sort((a, b) => compareText(a.author, b.author));
    const [first] = sound;
    if (first === undefined) return { recovered, nextRootHash: rootHash, doubled, flaws };
    if (sound.length > 1) doubled.push({ number, members: sound.map(({ author }) => author) });
    recovered.push(first.author);
    rootHash = first.record.nextRootHash;
  }
}

const whyNot = (
  { crypto, meshId }: Ground,
  number: number,
  rootHash: Uint8Array,
  { author, record }: Statement<'root'>,
): string | null => checkRoot(crypto, { mesh: meshId, number, author, rootHash }, record);
