/** Rule: libraries — the files that a program loads before it runs, from what ldd(1) prints. */

/** Absolute paths of libraries and loader. `missing`: names that the loader does not find. */
export const librariesIn = (
  lddOutput: string,
): { readonly files: readonly string[]; readonly missing: readonly string[] } => {
  const lines = lddOutput.split('\n').map((line) => line.trim());
  const files = lines.flatMap((line) => /^(?:\S+ => )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  const missing = lines.flatMap((line) => /^(\S+) => not found/.exec(line)?.[1] ?? []);
  return { files, missing };
};
