/**
 * Rule: memo — remembers the answers of a pure function, up to a bound.
 *
 * It only saves time: whoever asks gets the same answer with it and without it.
 */

/** Answers by key: the remembered one, else what `compute` says. */
export type Memo<Answer> = (key: string, compute: () => Answer) => Answer;

/** An empty memo. Beyond `entriesMax` answers the oldest is forgotten. */
export function openMemo<Answer>(entriesMax: number): Memo<Answer> {
  const answers = new Map<string, Answer>();
  return (key, compute) => {
    const known = answers.get(key);
    if (known !== undefined || answers.has(key)) return known as Answer;
    const answer = compute();
    if (answers.size >= entriesMax) {
      for (const oldest of answers.keys()) {
        answers.delete(oldest);
        break;
      }
    }
    answers.set(key, answer);
    return answer;
  };
}
