/**
 * Rule: nft elements — elements of sets and maps as a simulated kernel keeps them, and as nft
 * lists them.
 */

/** An element as it is kept. */
export interface Element {
  readonly key: unknown;
  /** What tells it from others. */
  readonly text: string;
  /** What a map gives for it: a verdict, or a value. */
  readonly verdict: unknown;
  /** Unit: s; null: it stays. */
  readonly timeout: number | null;
  /** Virtual ms. */
  readonly endMs: number;
}

/** What a rule puts into a map. */
export interface Put {
  readonly map: string;
  readonly element: Pick<Element, 'key' | 'verdict' | 'timeout'>;
}

type Json = Readonly<Record<string, unknown>>;

/** An element as somebody adds it, or names it to take it away. */
export const elementOf = (nowMs: number, isMap: boolean, raw: unknown): Element => {
  const [first, verdict] = isMap && Array.isArray(raw) ? raw : [raw, undefined];
  const { elem } = Object(first) as { readonly elem?: Json };
  const timeout = elem?.timeout === undefined ? null : Number(elem.timeout);
  const left = Number(elem?.expires ?? timeout ?? Number.POSITIVE_INFINITY);
  const key = elem?.val ?? first;
  return { key, text: JSON.stringify(key), verdict, timeout, endMs: nowMs + left * 1_000 };
};

/** Whether its time is not over. */
export const isAlive = ({ endMs }: Element, nowMs: number): boolean => endMs > nowMs;

/** Whether a map gives the same for both. */
export const isSameData = (a: Element, b: Element): boolean =>
  JSON.stringify(a.verdict) === JSON.stringify(b.verdict);

/** What a set or a map has in a listing of nft; what the kernel counts is never more than none. */
export const listed = (
  nowMs: number,
  body: { readonly elem: readonly Element[]; readonly stmt?: unknown },
) => ({
  elem: body.elem
    .filter((each) => isAlive(each, nowMs))
    .map(({ key, verdict, timeout, endMs }) => {
      const expires = Math.floor((endMs - nowMs) / 1_000);
      const time = timeout === null ? {} : { timeout, expires };
      const counter = body.stmt === undefined ? {} : { counter: { packets: 0, bytes: 0 } };
      const more = { ...counter, ...time };
      const val = Object.keys(more).length === 0 ? key : { elem: { val: key, ...more } };
      return verdict === undefined ? val : [val, verdict];
    }),
});
