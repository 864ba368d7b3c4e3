/**
 * Rule: lb outcomes — what came of a probe, in one word, and in words for people.
 *
 * `answered`; `refused`; `silent`: nothing came in time; `status N`: http said so; `exit N`: the
 * program ended so; `missing`: it cannot be run; `unable CODE`: whoever probes lacks what it takes,
 * which says nothing of the backend.
 */
export type Outcome = string;

/** Whether the backend serves, by it. */
export const isGood = (outcome: Outcome): boolean => outcome === 'answered';

/** Whether one such outcome is enough: the host itself says that nobody is there. */
export const isPlain = (outcome: Outcome): boolean => outcome === 'refused';

/** Whether nothing was tried. */
export const isUnable = (outcome: Outcome): boolean => outcome.split(' ')[0] === 'unable';

/** Why, for people. */
export const lackText = (outcome: Outcome): string =>
  `this VM could not try it (${outcome.split(' ')[1] ?? 'no reason'})`;

/** In words. What a hostile member made up is not repeated. */
export function wordsOf(outcome: Outcome): string {
  const [kind, number = ''] = outcome.split(' ');
  if (kind === 'refused') return 'refuses connections';
  if (kind === 'silent') return 'does not answer';
  if (kind === 'missing') return 'its check cannot be run';
  if (kind === 'status' && NUMBER.test(number)) return `answers with status ${number}`;
  if (kind === 'exit' && NUMBER.test(number)) return `its check ends with status ${number}`;
  return 'is down';
}

const NUMBER = /^\d{1,3}$/;
