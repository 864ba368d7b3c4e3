/**
 * Rule: test floods — the hostile updates that do harm by their number or their
 * expansion, written byte by byte; for tests only.
 */
import { ROOT_NAME } from './gate.ts';
import { joinBytes } from './signed.ts';
import { bytesOf, numbers } from './test-attacks.ts';

/** What it is, its updates, and what the gate says of each. */
type Flood = readonly [what: string, updates: readonly Uint8Array[], why: RegExp];

const text = (name: string): Uint8Array =>
  joinBytes(numbers(name.length), new TextEncoder().encode(name));

const ROOT = joinBytes(numbers(1), text(ROOT_NAME));
const NO_DELETIONS = numbers(0);

/** One client's structs from clock 0 on, as version 1 spells them. */
const structs = (client: number, all: readonly Uint8Array[], clock = 0): Uint8Array =>
  joinBytes(numbers(1, all.length, client, clock), ...all, NO_DELETIONS);

// Info bytes: 3 bytes content, 7 a type, 8 any; 0x80 a left neighbour, 0x20 the key of a map.
const TYPE_MAP = 1;

/** So many maps, each inside the one before. */
export const nestedMaps = (client: number, count: number): Uint8Array => {
  const head = (at: number): Uint8Array => (at === 0 ? ROOT : numbers(0, client, at - 1));
  const maps = Array.from({ length: count }, (_, at) =>
    joinBytes(bytesOf(0x27), head(at), text('k'), numbers(TYPE_MAP)),
  );
  return structs(client, maps);
};

/** So many roots with an element each. */
export const manyRoots = (client: number, count: number): Uint8Array =>
  structs(
    client,
    Array.from({ length: count }, (_, at) =>
      joinBytes(bytesOf(3), numbers(1), text(`r${at}`), numbers(0)),
    ),
  );

/** Version 2: so many structs of one client in some 25 bytes, by the length of a run. */
export const runLengthBomb = (client: number, count: number): Uint8Array => {
  const part = (bytes: Uint8Array): Uint8Array => joinBytes(numbers(bytes.length), bytes);
  const nothing = part(bytesOf());
  // A number as lib0 spells one with a sign: six bits, then seven at a time.
  const signed = (value: number): Uint8Array =>
    value < 64
      ? bytesOf(value)
      : joinBytes(bytesOf(0x80 | (value % 64)), numbers(Math.floor(value / 64)));
  return joinBytes(
    bytesOf(0),
    ...[nothing, part(signed(client)), nothing, nothing],
    part(bytesOf(0)), // Info: struct after struct is GC.
    part(bytesOf(0)), // No strings.
    ...[nothing, nothing],
    part(joinBytes(bytesOf(0x41), numbers(count - 2))), // Length 1, so many times.
    numbers(1, count, 0, 0),
  );
};

const series = (count: number, make: (at: number) => Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, at) => make(at));

/** How many updates a series has. Yjs needs seconds for as many, and keeps what waits for ever. */
const SERIES = 150;

/** All of them, on an empty document of the client id `own`. */
export const floodsOn = (own: number): readonly Flood[] => [
  ['v2 run-length bomb', [1_000, 20_000_000].map((count) => runLengthBomb(own, count)), /end/],
  ['100,000 roots', [manyRoots(own, 100_000)], /foreign root/],
  ['20,000 nested maps', [nestedMaps(own, 20_000)], /no element/],
  [
    'pending structs of 1 kB',
    series(SERIES, (at) => {
      const content = joinBytes(numbers(1_000), new Uint8Array(1_000));
      const item = joinBytes(bytesOf(0x83), numbers(own, 2 * at), content);
      return structs(own, [item], 2 * at + 1);
    }),
    /does not follow/,
  ],
  [
    'pending deletions',
    series(SERIES, (at) => {
      const ranges = Array.from({ length: 60 }, (_, n) => numbers(1_000 * at + 10 * n + 1, 5));
      return joinBytes(numbers(0, 1, own, ranges.length), ...ranges);
    }),
    /not exist yet/,
  ],
  [
    '10,000 client ids on one key',
    series(10_000, (at) => {
      const item = joinBytes(bytesOf(0x28), ROOT, text('k'), numbers(1, 119, 1, 0x61));
      return structs((own + 1 + at) % 2 ** 32, [item]);
    }),
    /foreign client/,
  ],
];
