/**
 * Rule: screening — what speaks against a frame before it is read, from what is cheapest to its
 * signature.
 */
import type { Chain, ReceivedFrame } from './chain.ts';
import type { Roles } from './chains.ts';
import { isSameBytes } from './codec.ts';
import type { Desk, HeldWhy, Intake, Receipt, RejectedWhy } from './receiving.ts';

/** How frames are taken in one pass. */
export interface Terms extends Intake {
  readonly takesOwn: boolean;
  /** As they were when first asked for in this pass; else each frame would cost a projection. */
  readonly roles: () => Roles;
}

/** A frame that is longer than a node's sub-document can be. Unit: bytes. */
const LONG_BYTES = 384 * 1024;

/** A receipt that says what is bad for everybody. */
export const rejected = (why: RejectedWhy, detail: string): Receipt => ({
  verdict: 'rejected',
  why,
  detail,
});

/** A receipt that says what cannot be judged yet. */
export const held = (why: Exclude<HeldWhy, 'ahead'>): Receipt => ({ verdict: 'held', why });

/** What speaks against a frame, or null. */
export const screen = (
  desk: Desk,
  chain: Chain,
  received: ReceivedFrame,
  terms: Terms,
): Receipt | null => {
  const { frame, author } = received;
  if (!isSameBytes(frame.mesh, desk.mesh)) return rejected('mesh', 'it is of another mesh');
  const isOwn = author === desk.self.id;
  if (!isTrusted(chain, terms) && !(isOwn && (terms.takesOwn || !terms.isLoading))) {
    return held('unknown-author');
  }
  const placement = chain.place(received);
  if (placement === 'known') return { verdict: 'known' };
  if (placement === 'gap' && !(isOwn && !terms.isLoading)) return held('gap');
  if (isBulky(chain, received, terms)) return held('quota');
  return received.isSigned ? null : rejected('signature', 'the author did not sign it');
};

/**
 * Whether a frame is so long that its author may not say it, whatever it says: to check the
 * signature of 9 MiB takes as long as that of a thousand frames.
 */
const isBulky = (chain: Chain, { bytes, author }: ReceivedFrame, terms: Terms): boolean =>
  bytes.length > LONG_BYTES &&
  !terms.isLoading &&
  terms.roles().quotaOf(author).bytes < bytes.length &&
  chain.weight().bytes < bytes.length;

const isTrusted = (chain: Chain, terms: Terms): boolean =>
  chain.head() !== null || terms.roles().certified.has(chain.author);
