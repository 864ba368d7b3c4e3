/**
 * Who may import what: the floors of the project. The first row whose `files` matches a path is its
 * row.
 *
 * `types` may be imported as types only. Imports inside the own folder of a service are allowed by
 * its row. Everything that no row allows is forbidden.
 */

/**
 * One row: paths it speaks of, and patterns of files (from the root) and modules that they may
 * import.
 */
export interface Floor {
  readonly name: string;
  readonly files: RegExp;
  readonly may: readonly RegExp[];
  readonly types?: readonly RegExp[];
}

/** Contract files of floor 0. */
const GROUND = [/^src\/crdt\//, /^src\/(?:ports|process-port|sign|log-book|fault)\.ts$/];
/** What a service is, and what may be asked of it. */
const CONTRACT = /^src\/services\/(?:service|verb|arguments|callers|loop)\.ts$/;
/** What services have in common: tables of nft, and who is meant. It knows none of them. */
const COMMON = [
  /^src\/services\/(?:nft|selectors)\//,
  /^src\/services\/(?:checksum|objects|port-ranges|refuse|schema-parts|typed-words|behind)\.ts$/,
];
/** Packages that are pure: no clock, no randomness, no input or output. */
const PURE = [/^zod\/mini$/, /^@scure\/base$/, /^ipaddr\.js$/];
const NODE = /^node:/;
const ANY_PACKAGE =
  /^(?!yjs$|\.|src\/|scripts\/|sim\/|fuzz\/|scenarios\/|netns-tests\/|kernel-tests\/|release-tests\/|bench\/)/;
/** Crypto depends on its arguments alone, so the virtual world and tests use the real one. */
const CRYPTO = /^src\/node\/linux\/crypto\.ts$/;

/** The floors, first match wins. */
export const FLOORS: readonly Floor[] = [
  { name: 'process port', files: /^src\/process-port\.ts$/, may: [] },
  { name: 'fault, sign, log book', files: /^src\/(?:fault|sign|log-book)\.ts$/, may: [] },
  { name: 'ports', files: /^src\/ports\.ts$/, may: GROUND },
  { name: 'crdt', files: /^src\/crdt\//, may: [...GROUND, ...PURE, /^yjs$/, /^lib0(?:\/|$)/] },
  {
    name: 'registry of services',
    files: /^src\/services\/registry\.ts$/,
    may: [/^src\/services\//, ...GROUND],
  },
  {
    name: 'loop of a service',
    files: /^src\/services\/[^/]+\/loop\.ts$/,
    may: [CONTRACT, ...GROUND],
  },
  {
    name: 'service',
    files: /^src\/services\//,
    may: [CONTRACT, ...COMMON, ...GROUND, ...PURE],
  },
  {
    name: 'rules of the node',
    files: /^src\/node\/rules\//,
    may: [/^src\/node\/rules\//, ...GROUND, ...PURE],
    types: [CONTRACT],
  },
  {
    name: 'edge',
    files: /^src\/node\/linux\//,
    may: [/^src\/(?!cli\/|main\.ts)/, NODE, ANY_PACKAGE],
  },
  {
    name: 'node',
    files: /^src\/node\//,
    may: [
      /^src\/node\/(?!linux\/)/,
      /^src\/services\/(?:service|verb|arguments|callers|loop|registry)\.ts$/,
      ...GROUND,
      ...PURE,
    ],
  },
  {
    name: 'from what is typed to what is refused',
    files: /^src\/cli\/hostile\.ts$/,
    may: [/^src\/(?!node\/linux\/|main\.ts)/, /^yaml$/],
  },
  {
    name: 'cli',
    files: /^src\/cli\//,
    may: [
      /^src\/cli\//,
      /^src\/fault\.ts$/,
      /^src\/crdt\/(?:names|ids|token)\.ts$/,
      /^src\/services\/(?:registry|arguments)\.ts$/,
      ...PURE,
      /^commander$/,
      /^yaml$/,
    ],
    types: [
      /^src\/(?:ports|log-book)\.ts$/,
      /^src\/crdt\/view\.ts$/,
      /^src\/node\/(?!linux\/)/,
      CONTRACT,
    ],
  },
  { name: 'main', files: /^src\/main\.ts$/, may: [/^src\//, NODE, ANY_PACKAGE] },
  { name: 'scenarios', files: /^scenarios\//, may: [/^scenarios\//, /^node:assert\/strict$/] },
  {
    name: 'sim',
    files: /^sim\//,
    may: [
      /^sim\//,
      /^scenarios\//,
      /^src\/(?!node\/linux\/|cli\/|main\.ts)/,
      CRYPTO,
      NODE,
      ...PURE,
    ],
  },
  {
    name: 'fuzz',
    files: /^fuzz\//,
    may: [
      /^fuzz\//,
      /^sim\/random\.ts$/,
      /^src\/crdt\//,
      /^src\/ports\.ts$/,
      CRYPTO,
      NODE,
      ...PURE,
    ],
  },
  {
    // One service on its real engine, without the daemon around it.
    name: 'engines in namespaces',
    files: /^netns-tests\/(?:engine-[a-z]+|[a-z]+-engine\.test)\.ts$/,
    may: [/^netns-tests\//, /^src\/(?!cli\/|main\.ts)/, NODE, ANY_PACKAGE],
  },
  {
    // What the state costs is measured on the rules and the loops that hold it.
    name: 'bench of the state',
    files: /^bench\/state\//,
    may: [/^bench\//, /^src\/(?:crdt|node)\//, CRYPTO, NODE],
  },
  {
    // A mesh of 1,000 is made on disk, and a flooder speaks the swarm's own protocol.
    name: 'bench of waits',
    files: /^bench\/waits\//,
    may: [/^(?:bench|netns-tests)\//, /^src\/(?:ports\.ts$|crdt\/|node\/)/, NODE],
  },
  {
    // What the daemon tells nft of its surroundings, they tell it as well.
    name: 'benches of the firewall and the balancer',
    files: /^bench\/(?:firewall|lb)\//,
    may: [
      /^(?:bench|netns-tests|scripts)\//,
      /^src\/(?:crdt|services)\//,
      /^src\/node\/linux\/environment\.ts$/,
      NODE,
    ],
  },
  {
    // The detectors themselves, where there are more than a machine holds, and weeks.
    name: 'bench of liveness',
    files: /^bench\/liveness\//,
    may: [
      /^(?:bench|netns-tests|scripts)\//,
      /^sim\/(?:healing|swim-model)\.ts$/,
      /^src\/node\/rules\/(?:neighbours|swim-presets)\.ts$/,
      NODE,
    ],
  },
  {
    name: 'real worlds',
    files: /^(?:netns-tests|kernel-tests|release-tests|bench)\//,
    may: [
      /^(?:netns-tests|kernel-tests|release-tests|bench|scripts|scenarios)\//,
      NODE,
      ANY_PACKAGE,
    ],
    types: [/^src\//],
  },
  { name: 'scripts', files: /^scripts\//, may: [/^scripts\//, NODE, ANY_PACKAGE] },
];

/** Files that only tests use: they may import what tests may. */
export const TEST_SUPPORT = /(?:^|\/)test-[a-z-]+\.ts$|-contract(?:-[a-z-]+)?\.ts$/;

/** What tests may import beside what their floor may. */
export const TESTS_MAY: readonly RegExp[] = [
  NODE,
  /^(?:fast-check|cborg)$/,
  CRYPTO,
  /^sim\//,
  /^src\/services\/test-(?:ask|toy|view)\.ts$/,
];
