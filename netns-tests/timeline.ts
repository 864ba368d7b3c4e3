/**
 * Edge: timeline — what a test did and waited for, with times: read it when the test failed.
 */

/** The acts of one test. */
export interface Timeline {
  /** Does something and notes when it began, how long it took and whether it failed. */
  readonly act: <Result>(what: string, work: () => Promise<Result>) => Promise<Result>;
  /** Notes that something happened, at this moment. */
  readonly note: (what: string) => void;
  /** One line each, in order of their end. */
  lines(): readonly string[];
}

/** An empty timeline; its times count from here. */
export function openTimeline(): Timeline {
  const startMs = performance.now();
  const lines: string[] = [];
  const add = (what: string, beginMs: number): void => {
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    const [at, took] = [seconds(beginMs - startMs), seconds(performance.now() - beginMs)];
    lines.push(`${at.padStart(7)} s  +${took.padStart(5)} s  ${what}`);
  };
  return {
    lines: () => lines,
    note: (what) => add(what, performance.now()),
    act: async (what, work) => {
      const beginMs = performance.now();
      try {
        const result = await work();
        add(what, beginMs);
        return result;
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        add(`${what}  FAILED: ${why}`, beginMs);
        throw error;
      }
    },
  };
}
