/**
 * Edge: environment — what the programs that we start are told of their surroundings: nothing of
 * ours.
 */

/** Where tools are searched, in order. */
export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The whole environment of every program that we start, before what a caller adds to it. */
export const FIXED_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: SEARCH_PATH,
  LC_ALL: 'C',
  LANG: 'C',
};

/**
 * What a tool's allocator is told. nft makes a list of all that it hears of the kernel out of small
 * pieces: taken in steps of 4 MiB and large pages, a change of a large table costs half the CPU.
 * What was measured: D101. Another C library reads none of it.
 */
const ALLOCATION: Readonly<Record<string, string>> = {
  nft: 'glibc.malloc.hugetlb=1:glibc.malloc.top_pad=4194304:glibc.malloc.mmap_threshold=4194304',
};

/** The environment of one run of a tool. */
export const environmentOf = (tool: string): Readonly<Record<string, string>> => {
  const allocation = ALLOCATION[tool];
  return allocation === undefined
    ? FIXED_ENVIRONMENT
    : { ...FIXED_ENVIRONMENT, GLIBC_TUNABLES: allocation };
};
