/**
 * Rule: firewall lane memo — the same object for a lane that says the same: what is made of lanes
 * is remembered by the object, and most news of the state changes none of them.
 */
import { openMemo } from '../../crdt/memo.ts';
import type { Cidr } from '../selectors/cidr.ts';
import type { Meant } from '../selectors/selectors.ts';
import type { Clause, Guard, Lane } from './lane.ts';

/** Lanes that are remembered, and the longest of them: of a policy that a person wrote. */
const LANES_MAX = 64;
const CLAUSES_MAX = 64;
const TEXT_LENGTH_MAX = 16_384;

const lanes = openMemo<Lane>(LANES_MAX);

/** This lane, or one that says the same and was made before. */
export const knownLane = (lane: Lane): Lane => {
  if (lane.clauses.length + lane.audits.length > CLAUSES_MAX) return lane;
  const text = textOf(lane);
  return text.length > TEXT_LENGTH_MAX ? lane : lanes(text, () => lane);
};

/** All that a lane says. What a clause has of its rule is said by that. */
const textOf = ({ clauses, audits, guards, ...rest }: Lane): string =>
  JSON.stringify([rest, clauses.map(clauseText), audits.map(clauseText), guards.map(guardText)]);

const clauseText = ({ rule, remote, local }: Clause): unknown => {
  const { claim, ...said } = rule;
  return [said, claim.author, claim.hlc, textsOf(remote), textsOf(local)];
};

const guardText = ({ remote, ...rest }: Guard): unknown => [rest, textsOf(remote)];

const textsOf = (meant: Meant): readonly string[] | null =>
  meant === null ? null : meant.map(({ text }: Cidr) => text);
