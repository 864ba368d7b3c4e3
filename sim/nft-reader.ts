/**
 * Rule: nft reader — the words of one line of nft's own language, one after the other, and the
 * values among them: what `nft-text.ts` reads commands with.
 *
 * It knows what the product writes (`services/nft/text.ts`), and throws at all else.
 */

/** An expression, as nft's JSON has it. */
export type Json = Readonly<Record<string, unknown>>;

/** Reads a line. */
export interface Reader {
  /** The next word, which stays; empty at the end. */
  peek(): string;
  /** The next word. */
  take(): string;
  /** Takes a word that must be this one. */
  expect(word: string): void;
  /** Takes the next word if it is this one. */
  skip(word: string): boolean;
  /** Gives a part of a word back. */
  giveBack(word: string): void;
}

const WORDS = /"[^"]*"|[{}(),;|]|[^\s{}(),;|]+/g;

/** Begins to read. */
export function openReader(line: string): Reader {
  const words = (line.match(WORDS) ?? []).toReversed();
  const peek = (): string => words.at(-1) ?? '';
  const take = (): string => words.pop() ?? unread(line, 'its end');
  return {
    peek,
    take,
    expect: (word) => {
      const found = take();
      if (found !== word) unread(line, found);
    },
    skip: (word) => {
      if (peek() !== word) return false;
      words.pop();
      return true;
    },
    giveBack: (word) => void words.push(word),
  };
}

/** Ends the run: the simulator's nft is to be taught. */
export const unread = (line: string, word: string): never => {
  throw new Error(`the simulated nft does not read '${word}' in: ${line}`);
};

/** What stands between braces, or all of it where `end` is another word; with commas between. */
export function listIn<Item>(reader: Reader, end: string, read: () => Item): readonly Item[] {
  const items: Item[] = [];
  while (!reader.skip(end)) {
    items.push(read());
    reader.skip(',');
  }
  return items;
}

const PAYLOADS: ReadonlySet<string> = new Set(['ip', 'ip6', 'tcp', 'udp', 'th']);

/** A value, or an expression that has one: parts with dots between, a mask, a map's answer. */
export function readValue(reader: Reader): unknown {
  const parts = [readPart(reader)];
  while (reader.skip('.')) parts.push(readPart(reader));
  const [first] = parts;
  const whole = parts.length === 1 ? first : { concat: parts };
  if (reader.skip('&')) {
    reader.expect('(');
    const flags: string[] = [];
    while (!reader.skip(')')) {
      flags.push(reader.take());
      reader.skip('|');
    }
    return { '&': [whole, { '|': flags }] };
  }
  return reader.skip('map') ? { map: { key: whole, data: readMap(reader) } } : whole;
}

/** A map by its name, or as it stands in its rule. */
export const readMap = (reader: Reader): unknown =>
  reader.skip('{') ? { set: listIn(reader, '}', () => readElement(reader)) } : reader.take();

/** An element: a key, with times, and what a map gives for it. */
export function readElement(reader: Reader): unknown {
  const val = readValue(reader);
  const times: Record<string, number> = {};
  for (const name of ['timeout', 'expires']) {
    if (reader.skip(name)) times[name] = secondsIn(reader.take());
  }
  const key = Object.keys(times).length === 0 ? val : { elem: { val, ...times } };
  return reader.skip(':') ? [key, readVerdict(reader) ?? readValue(reader)] : key;
}

/** A verdict; null, and nothing is taken, where there is none. */
export function readVerdict(reader: Reader): Json | null {
  const word = reader.peek();
  if (word === 'jump' || word === 'goto') {
    reader.take();
    return { [word]: { target: reader.take() } };
  }
  if (word !== 'accept' && word !== 'drop' && word !== 'return') return null;
  reader.take();
  return { [word]: null };
}

function readPart(reader: Reader): unknown {
  const word = reader.take();
  if (word === '{') return { set: listIn(reader, '}', () => readValue(reader)) };
  if (word === 'ct' && reader.skip('original')) {
    const key = reader.take();
    return { ct: { key: PAYLOADS.has(key) ? `${key} ${reader.take()}` : key, dir: 'original' } };
  }
  if (word === 'meta' || word === 'ct') return { [word]: { key: reader.take() } };
  if (word === 'numgen') {
    return { numgen: { mode: reader.take(), ...readNumbers(reader, { offset: 0 }) } };
  }
  if (word === 'jhash') {
    const expr = readValue(reader);
    return { jhash: { expr, ...readNumbers(reader, {}) } };
  }
  if (word === 'fib') {
    const flags = [reader.take()];
    while (reader.skip('.')) flags.push(reader.take());
    return { fib: { result: reader.take(), flags } };
  }
  if (PAYLOADS.has(word)) return { payload: { protocol: word, field: reader.take() } };
  return word.startsWith('"') ? word.slice(1, -1) : atom(word);
}

/** `mod 4 seed 7 offset 2`. */
function readNumbers(reader: Reader, numbers: Readonly<Record<string, number>>): Json {
  const read: Record<string, number> = { ...numbers };
  while (['mod', 'seed', 'offset'].includes(reader.peek())) {
    read[reader.take()] = Number(reader.take());
  }
  return read;
}

const NUMBER = /^\d+$/;
const RANGE = /^(\d+)-(\d+)$/;
const PREFIX = /^([\da-f.:]+)\/(\d+)$/;

/** A word that is a value. */
const atom = (word: string): unknown => {
  if (NUMBER.test(word)) return Number(word);
  const [, first, last] = RANGE.exec(word) ?? [];
  if (first !== undefined) return { range: [Number(first), Number(last)] };
  const [, addr, len] = PREFIX.exec(word) ?? [];
  return addr === undefined ? word : { prefix: { addr, len: Number(len) } };
};

const SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** A time as nft reads it: `600s`, `1h30m`. Unit of what it gives: s. */
const secondsIn = (text: string): number =>
  [...text.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 0),
    0,
  );
