/**
 * Rule: oracle — whether a frame is bad for everybody, worked out from its bytes and the history
 * alone, in another way than the store does: what is must be rejected, which mutes its sender.
 */
import { isSameBytes } from '../src/crdt/codec.ts';
import { type Frame, isSigned, readFrame } from '../src/crdt/frame.ts';
import { clientIdOf, inspectUpdate } from '../src/crdt/gate.ts';
import { memberIdOf } from '../src/crdt/ids.ts';
import { contentOf, crypto, type History, idOf, type Party } from './mesh.ts';

/** What is known of an author. */
interface Line {
  readonly last: Frame;
  readonly lastHash: Uint8Array;
  /** How many items its document has. */
  readonly clock: number;
}

/**
 * Opens the oracle of a party that has heard all of a history, and nothing else. It knows its own
 * frames, so one in its name is checked wherever it stands.
 */
export const openOracle = (history: History, self: Party): ((bytes: Uint8Array) => boolean) => {
  const said = [...history.others, ...history.attacker];
  const lines = new Map<string, Line>();
  for (const bytes of said) {
    const last = contentOf(bytes);
    const name = nameOf(last.author);
    const client = clientIdOf(crypto, last.author, last.generation);
    const before = lines.get(name)?.clock ?? 0;
    const read = inspectUpdate(last.body, { client, clock: before });
    if (!read.ok) throw new Error(read.why);
    lines.set(name, { last, lastHash: crypto.sha256(bytes), clock: read.clock });
  }
  const known = new Set(said.map(nameOf));
  const [first] = said;
  const mesh = contentOf(first ?? new Uint8Array()).mesh;
  return (bytes) => {
    const read = readFrame(bytes);
    if (!read.ok) return true;
    const { frame } = read;
    if (!isSameBytes(frame.mesh, mesh)) return true;
    const line = lines.get(nameOf(frame.author));
    if (line === undefined || known.has(nameOf(bytes))) return false;
    const place = placeOf(frame, line);
    const isOwn = memberIdOf(frame.author) === idOf(self);
    if (place === 'replaced' || (place === 'gap' && !isOwn)) return false;
    if (!isSigned(crypto, frame)) return true;
    if (place === 'taken' || place === 'gap') return false; // A fork's proof, whatever it says.
    const client = clientIdOf(crypto, frame.author, frame.generation);
    const clock = place === 'next' ? line.clock : 0;
    return !inspectUpdate(frame.body, { client, clock }).ok;
  };
};

/** Where a frame stands. */
const placeOf = (
  { generation, sequence, previous }: Frame,
  { last, lastHash }: Line,
): 'next' | 'first' | 'taken' | 'gap' | 'replaced' => {
  if (generation > last.generation) return sequence === 0 ? 'first' : 'gap';
  if (generation < last.generation) return 'replaced';
  if (sequence <= last.sequence) return sequence === 0 ? 'first' : 'taken';
  const isNext =
    sequence === last.sequence + 1 &&
    previous instanceof Uint8Array &&
    isSameBytes(previous, lastHash);
  return isNext ? 'next' : 'gap';
};

const nameOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
