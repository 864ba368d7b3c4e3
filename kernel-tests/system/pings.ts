/** Rule: pings — the answers in what `ping -D` prints, and whether one between them is missing. */

/** One answer. `atS`: when it came, seconds of the epoch. */
export interface Answer {
  readonly number: number;
  readonly atS: number;
}

/** The answers in the order in which they came, each once. */
export const readAnswers = (said: string): readonly Answer[] => {
  const answers = new Map<number, Answer>();
  for (const line of said.split('\n')) {
    const found = /^\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=(\d+) /.exec(line);
    const number = Number(found?.[2]);
    if (found === null || answers.has(number)) continue;
    answers.set(number, { number, atS: Number(found[1]) });
  }
  return [...answers.values()];
};

/** The numbers that are missing between the first answer and the last. */
export const missingOf = (answers: readonly Answer[]): readonly number[] => {
  const numbers = new Set(answers.map(({ number }) => number));
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  const missing: number[] = [];
  for (let number = first; number < last; number += 1) {
    if (!numbers.has(number)) missing.push(number);
  }
  return missing;
};
