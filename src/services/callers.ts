/**
 * Rule: callers — new connections to this VM that a service wants opened by other members: what is
 * asked of them, and what came of it, as text.
 */
import { type MemberId, parseMemberId } from '../crdt/ids.ts';
import type { Reached } from './verb.ts';

/** Past the tunnel, or through it. */
export type Way = 'outside' | 'inside';
/** Both ways, in the order of asking. */
export const WAYS: readonly Way[] = ['outside', 'inside'];

/** Who is to open connections to which TCP port of this VM. */
export interface Callers {
  readonly from: readonly MemberId[];
  readonly ways: readonly Way[];
  readonly port: number;
  /**
   * How often at most they are asked, while nobody gets an answer and somebody hears nothing. Where
   * that may be several times, one who gets an answer by all ways is enough: the others, who may
   * not tell at all, are not waited for.
   */
  readonly rounds: number;
}

/** What came of one. */
export interface Call {
  readonly member: MemberId;
  readonly way: Way;
  readonly reached: Reached;
}

/** A call as a line of text. */
export const callText = ({ member, way, reached }: Call): string => `${member} ${way} ${reached}`;

/** The call of a line, or null for what is none. */
export const readCall = (line: string): Call | null => {
  const [id = '', second, third] = line.split(' ');
  const member = parseMemberId(id);
  const way = WAYS.find((each) => each === second);
  const reached = REACHED.find((each) => each === third);
  if (member === null || way === undefined || reached === undefined) return null;
  return { member, way, reached };
};

const REACHED: readonly Reached[] = ['answered', 'refused', 'silent'];
