/**
 * Rule: memo — remembers the answers of a pure function, up to a bound.
 *
 * It only saves time: whoever asks gets the same answer with it and without it.
 */

/** Answers by key: the remembered one, else what `compute` says. */
export type Memo<Answer> = (key: string, compute: () => Answer) => Answer;

/**
 * An empty memo. Beyond `entriesMax` answers the oldest is forgotten. `kept`: a copy of a key for
 * who asks with pieces of something large, which would be kept as long as they are.
 */
export function openMemo<Answer>(
  entriesMax: number,
  kept: (key: string) => string = (key) => key,
): Memo<Answer> {
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
    answers.set(kept(key), answer);
    return answer;
  };
}
