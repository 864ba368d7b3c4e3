/**
 * Rule: suggestion — the word that was probably meant.
 */

/** Most changes of a letter, by how long the word is: a third of it, and never more than 3. */
const changesMax = (word: string): number => Math.min(3, Math.max(1, Math.floor(word.length / 3)));

/** The known word that is nearest to what was typed, or begins with it; null when none is near. */
export function nearestWord(typed: string, known: readonly string[]): string | null {
  const begun = known.filter((word) => typed.length > 1 && word.startsWith(typed));
  if (begun.length === 1) return begun[0] ?? null;
  const [best] = known
    .map((word) => ({ word, changes: changesBetween(typed, word) }))
    .toSorted((a, b) => a.changes - b.changes);
  return best !== undefined && best.changes <= changesMax(typed) ? best.word : null;
}

/** Letters to add, drop, change, or swap with their neighbour (optimal string alignment). */
function changesBetween(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  const cell = (row: number, at: number): number => rows[row]?.[at] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          cell(i - 1, j) + 1,
          cell(i, j - 1) + 1,
          cell(i - 1, j - 1) + (isSame ? 0 : 1),
          isSwap ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return cell(a.length, b.length);
}
