/** The tiers of the test command, in order: what runs, how long it may take, what it needs. */
import type { ToolName } from './packages.table.ts';

/** One tier. */
export interface Tier {
  readonly name: string;
  /**
   * Command and arguments, from the root of the project; commands of node_modules/.bin come first.
   */
  readonly argv: readonly [string, ...string[]];
  /**
   * Longest time, ms. A tier over its budget has failed: it is stopped.
   */
  readonly budgetMs: number;
  readonly needs: readonly ToolName[];
  /** Its output is shown as it comes; else only when it failed. */
  readonly isLive?: boolean;
  /** The tier that must have passed for this one to make sense. */
  readonly after?: string;
  /** A file without which the tier is reported as absent instead of run. Only until it is built. */
  readonly absentWithout?: string;
}

const MINUTE_MS = 60_000;

/** Both worlds of the kernel are made by one program, which looks for all its tools. */
const KERNEL_NEEDS: readonly ToolName[] = [
  ...(['qemu', 'busybox', 'cpio', 'depmod', 'mmdebstrap', 'mke2fs', 'debian-keyring'] as const),
  ...(['ip', 'wg', 'ping', 'nft', 'unshare'] as const),
];

/** All tiers. The first six are `npm run check`. */
export const TIERS: readonly Tier[] = [
  { name: 'tidy', argv: ['node', 'scripts/tidy.ts'], budgetMs: MINUTE_MS, needs: ['git'] },
  { name: 'types', argv: ['tsc', '-p', '.'], budgetMs: MINUTE_MS, needs: [] },
  {
    name: 'format',
    argv: ['biome', 'check', '--error-on-warnings', '.'],
    budgetMs: MINUTE_MS,
    needs: [],
  },
  {
    name: 'lint',
    argv: ['oxlint', '--type-aware', '--deny-warnings'],
    budgetMs: MINUTE_MS,
    needs: [],
  },
  {
    // One process: to start one for each file costs as much as all tests together.
    name: 'unit',
    argv: [
      'node',
      '--test',
      '--test-isolation=none',
      'src/{crdt,services,cli}/**/*.test.ts',
      'src/node/rules/*.test.ts',
    ],
    budgetMs: MINUTE_MS,
    needs: [],
  },
  {
    // The loops on made-up ports, and what builds and tests.
    name: 'loops',
    argv: [
      'node',
      '--test',
      '--test-isolation=none',
      'src/node/*.test.ts',
      'scripts/**/*.test.ts',
      'kernel-tests/**/*.test.ts',
    ],
    budgetMs: MINUTE_MS,
    needs: ['git'],
  },
  {
    name: 'build',
    argv: ['node', 'scripts/build-binary.ts'],
    budgetMs: 5 * MINUTE_MS,
    needs: ['strip', 'git', 'debian-keyring'],
    absentWithout: 'src/main.ts',
  },
  {
    // Both architectures, a second build, and the foreign one under emulation. 60 s here.
    name: 'release',
    argv: ['node', '--test', '--test-concurrency=1', 'release-tests/**/*.test.ts'],
    budgetMs: 5 * MINUTE_MS,
    needs: ['strip', 'git', 'debian-keyring', 'unshare', 'ip', 'wg'],
    after: 'build',
  },
  {
    // The simulator's own parts: its edges keep the contracts of the real ones.
    name: 'sim-parts',
    argv: ['node', '--test', '--test-concurrency=2', 'sim/!(run|shrink|balancing).test.ts'],
    budgetMs: 3 * MINUTE_MS,
    needs: [],
  },
  {
    // Its planted bugs are found, and what fails is replayed and made smaller.
    name: 'sim-bugs',
    argv: ['node', '--test', '--test-concurrency=2', 'sim/{run,shrink,balancing}.test.ts'],
    budgetMs: 3 * MINUTE_MS,
    needs: [],
  },
  {
    // Hostile frames, by thousands.
    name: 'fuzz',
    argv: ['node', '--test', 'fuzz/**/*.test.ts'],
    budgetMs: MINUTE_MS,
    needs: [],
  },
  {
    name: 'sim',
    argv: ['node', 'sim/run.ts'],
    budgetMs: 3 * MINUTE_MS,
    needs: [],
    isLive: true,
    absentWithout: 'sim/run.ts',
  },
  {
    // Edges against the real host. The engines in namespaces belong to the tier netns: they share
    // /run/wireguard with what is tested here.
    name: 'edges',
    argv: ['node', '--test', '--test-concurrency=2', 'src/node/linux/**/*.test.ts'],
    budgetMs: 3 * MINUTE_MS,
    needs: ['ip', 'wg', 'ping', 'nft', 'haproxy', 'ss', 'tcpdump', 'unshare'],
    after: 'build',
  },
  {
    name: 'netns',
    argv: ['node', 'netns-tests/run.ts'],
    budgetMs: 30 * MINUTE_MS,
    needs: ['ip', 'wg', 'ping', 'nft', 'haproxy', 'ss', 'tcpdump', 'unshare'],
    isLive: true,
    after: 'build',
    absentWithout: 'netns-tests/run.ts',
  },
  {
    name: 'kernel',
    argv: ['node', 'kernel-tests/run.ts', 'namespaces'],
    budgetMs: 8 * MINUTE_MS,
    needs: KERNEL_NEEDS,
    isLive: true,
    after: 'build',
  },
  {
    // Its own budget: software emulation of a whole boot is the slowest thing here.
    name: 'systemd',
    argv: ['node', 'kernel-tests/run.ts', 'systemd'],
    budgetMs: 12 * MINUTE_MS,
    needs: KERNEL_NEEDS,
    isLive: true,
    after: 'build',
  },
];
