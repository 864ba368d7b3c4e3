/**
 * Rule: nft text — commands in nft's own language as what nft's JSON calls the same: so a
 * simulated kernel is changed in one way, however it is told.
 */
import {
  type Json,
  listIn,
  openReader,
  type Reader,
  readElement,
  readMap,
  readValue,
  readVerdict,
  unread,
} from './nft-reader.ts';

/** One command: what is added, deleted or flushed. */
export type Change = Readonly<
  Partial<Record<'add' | 'delete' | 'flush', Readonly<Record<string, Json>>>>
>;

/** The commands, a line each. The same object for the same line. */
export const changesOf = (text: string): readonly Change[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const change = known.get(line) ?? changeOf(line);
      if (known.size >= LINES_MAX) known.clear();
      known.set(line, change);
      return change;
    });

/** Several VMs are told the same, and one VM again and again. */
const LINES_MAX = 8_192;
const known = new Map<string, Change>();

function changeOf(line: string): Change {
  const reader = openReader(line);
  const [verb, first] = [reader.take(), reader.take()];
  const kind = first === 'ct' ? `ct ${reader.take()}` : first;
  const family = reader.take();
  if (verb !== 'add' && verb !== 'delete' && verb !== 'flush') return unread(line, verb);
  const body =
    kind === 'table'
      ? { family, name: reader.take() }
      : {
          ...{ family, table: reader.take(), [kind === 'rule' ? 'chain' : 'name']: reader.take() },
          ...BODIES[kind]?.(reader),
        };
  if (reader.peek() !== '') unread(line, reader.peek());
  return { [verb]: { [kind]: body } };
}

/** What stands behind the name, if anything. */
const BODIES: Readonly<Record<string, (reader: Reader) => Json>> = {
  chain: (reader) => {
    if (!reader.skip('{')) return {};
    const fields: Record<string, unknown> = {};
    while (!reader.skip('}')) {
      const name = reader.take();
      fields[name === 'priority' ? 'prio' : name] = priority(reader.take());
      reader.skip(';');
    }
    return fields;
  },
  set: readSet,
  map: readSet,
  element: (reader) => {
    reader.expect('{');
    return { elem: listIn(reader, '}', () => readElement(reader)) };
  },
  rule: readRule,
  'ct timeout': (reader) => {
    reader.expect('{');
    const fields: Record<string, unknown> = {};
    while (!reader.skip('}')) {
      const name = reader.take();
      fields[name] = reader.skip('=') ? readPolicy(reader) : reader.take();
      reader.expect(';');
    }
    return fields;
  },
};

/** `{ syn_sent : 2, close : 2 }`. */
function readPolicy(reader: Reader): Json {
  reader.expect('{');
  const times = listIn(reader, '}', () => {
    const state = reader.take();
    reader.expect(':');
    return [state, Number(reader.take())] as const;
  });
  return Object.fromEntries(times);
}

const priority = (word: string): unknown => (/^-?\d+$/.test(word) ? Number(word) : word);

/** `{ type a . b : c . d; flags x,y; size n; }`. */
function readSet(reader: Reader): Json {
  if (!reader.skip('{')) return {};
  const fields: Record<string, unknown> = {};
  while (!reader.skip('}')) {
    const name = reader.take();
    if (name === 'type') {
      const type = readTypes(reader);
      fields.type = type.length === 1 ? type[0] : type;
      if (reader.skip(':')) fields.map = readTypes(reader).join(' . ');
    } else if (name === 'flags') {
      const flags = [reader.take()];
      while (reader.skip(',')) flags.push(reader.take());
      fields.flags = flags;
    } else if (name === 'size') fields.size = Number(reader.take());
    else if (name === 'counter') fields.stmt = [{ counter: null }];
    else unread('a set', name);
    reader.expect(';');
  }
  return fields;
}

function readTypes(reader: Reader): readonly string[] {
  const types = [reader.take()];
  while (reader.skip('.')) types.push(reader.take());
  return types;
}

function readRule(reader: Reader): Json {
  const expr: Json[] = [];
  while (reader.peek() !== '' && reader.peek() !== 'comment') expr.push(readStatement(reader));
  if (!reader.skip('comment')) return { expr };
  return { expr, comment: reader.take().slice(1, -1) };
}

function readStatement(reader: Reader): Json {
  const verdict = readVerdict(reader);
  if (verdict !== null) return verdict;
  const word = reader.peek();
  const read = STATEMENTS[word];
  if (read === undefined) return readMatch(reader);
  reader.take();
  return read(reader, word);
}

const STATEMENTS: Readonly<Record<string, (reader: Reader, word: string) => Json>> = {
  counter: () => ({ counter: { packets: 0, bytes: 0 } }),
  masquerade: () => ({ masquerade: null }),
  ct: (reader, word) => {
    if (!reader.skip('timeout')) {
      reader.giveBack(word);
      return readMatch(reader);
    }
    reader.expect('set');
    return { 'ct timeout': reader.take().slice(1, -1) };
  },
  reject: (reader) => {
    reader.expect('with');
    const [kind, more] = [reader.take(), reader.take()];
    if (kind === 'tcp') return { reject: { type: `tcp ${more}` } };
    return { reject: { type: kind, expr: reader.take() } };
  },
  dnat: readRewrite,
  update: readPut,
  add: readPut,
  delete: readPut,
};

/** `update @map { key timeout 5s : data }`. */
function readPut(reader: Reader, op: string): Json {
  const map = reader.take();
  reader.expect('{');
  const val = readValue(reader);
  const time = reader.skip('timeout') ? { timeout: Number.parseInt(reader.take(), 10) } : {};
  const elem = { elem: { val, ...time } };
  if (!reader.skip(':')) {
    reader.expect('}');
    return { set: { op, set: map, elem } };
  }
  const data = readValue(reader);
  reader.expect('}');
  return { map: { op, map, elem, data } };
}

const ENDS_WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*)):(.*)$/;

/** `dnat ip to ADDRESS:PORT`, where both may be asked of maps. */
function readRewrite(reader: Reader): Json {
  const family = reader.take();
  const isBoth = reader.skip('addr') && reader.skip('.') && reader.skip('port');
  reader.expect('to');
  if (isBoth) return { dnat: { family, addr: readValue(reader) } };
  const word = reader.peek();
  const [, inner, outer, port] = ENDS_WITH_PORT.exec(word) ?? [];
  if (port !== undefined && (family === 'ip' || inner !== undefined)) {
    reader.take();
    return { dnat: { family, addr: inner ?? outer, port: readPort(reader, port) } };
  }
  if (family === 'ip6' && word.includes(':')) return { dnat: { family, addr: reader.take() } };
  return readAsked(reader, family);
}

/** The address is a map's answer, behind whose name the port may stand. */
function readAsked(reader: Reader, family: string): Json {
  const value = readValue(reader);
  const { map } = Object(value) as { readonly map?: { readonly key: unknown; data: unknown } };
  if (typeof map?.data !== 'string') {
    const word = reader.peek();
    if (!word.startsWith(':')) return { dnat: { family, addr: value } };
    reader.take();
    return { dnat: { family, addr: value, port: readPort(reader, word.slice(1)) } };
  }
  const [data = '', port] = map.data.split(':');
  const addr = { map: { key: map.key, data } };
  return {
    dnat: { family, addr, ...(port === undefined ? {} : { port: readPort(reader, port) }) },
  };
}

function readPort(reader: Reader, first: string): unknown {
  reader.giveBack(first);
  return readValue(reader);
}

/** Fields of flags: without a word one of them is enough. */
const FLAGGED: ReadonlySet<string> = new Set(['ct state', 'ct status', 'tcp flags']);

const OPERATORS: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '<=', '>=']);

function readMatch(reader: Reader): Json {
  const left = readValue(reader);
  if (reader.skip('vmap')) return { vmap: { key: left, data: readMap(reader) } };
  if (reader.skip('set')) return { mangle: { key: left, value: readValue(reader) } };
  const op = OPERATORS.has(reader.peek()) ? reader.take() : isFlagged(left) ? 'in' : '==';
  return { match: { op, left, right: readValue(reader) } };
}

const isFlagged = (left: unknown): boolean => {
  const [[kind, body] = ['', {}]] = Object.entries(Object(left) as Readonly<Record<string, Json>>);
  const { key, protocol, field } = body;
  return FLAGGED.has(
    kind === 'payload' ? `${String(protocol)} ${String(field)}` : `${kind} ${String(key)}`,
  );
};
