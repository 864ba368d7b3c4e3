/**
 * Rule: vpn read device — what `wg` says of our interface.
 *
 * 1. `wg show … dump` holds the private key and preshared keys: they are dropped here, and no text
 *    of that output goes into a problem.
 */
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import type { HostResult } from '../../ports.ts';
import type { ObservedDevice, ObservedPeer, Reading } from './state.ts';

/** Columns of the dump's first line: private key, public key, port, mark. wg(8), "show". */
const DEVICE_COLUMNS = 4;
/**
 * Columns of the lines after it: key, preshared key, endpoint, ips, handshake, rx, tx, keepalive.
 */
const PEER_COLUMNS = 8;

/** The engine's state; null when nothing answers `wg` for this interface. */
export const readDump = (
  result: HostResult | undefined,
  name: string,
): Reading<ObservedDevice | null> =>
  result === undefined
    ? { ok: false, why: `wg show ${name} dump: not run` }
    : finish(dumpInPieces(result, name, UNMETERED));

/** The same, in pieces. It is remembered of a result. */
export function* dumpInPieces(
  result: HostResult,
  name: string,
  meter: Meter,
): Generator<void, Reading<ObservedDevice | null>> {
  const known = dumps.get(result);
  if (known?.name === name) return known.reading;
  const reading = yield* readLines(result, name, meter);
  dumps.set(result, { name, reading });
  return reading;
}

const dumps = new WeakMap<
  HostResult,
  { readonly name: string; readonly reading: Reading<ObservedDevice | null> }
>();

/** Time to read a peer. Unit: ms, as measured. */
const PEER_MS = 0.005;

function* readLines(
  result: HostResult,
  name: string,
  meter: Meter,
): Generator<void, Reading<ObservedDevice | null>> {
  const refuse = (line: number): Reading<never> => ({
    ok: false,
    why: `wg show ${name} dump: line ${line} cannot be read; check the version of wg`,
  });
  if (result.status !== 0) return { ok: true, value: null };
  const [first = '', ...rest] = result.stdout.trimEnd().split('\n');
  const [, publicKey, port, , ...more] = first.split('\t');
  const portNumber = readNumber(port);
  const isDevice = first.split('\t').length === DEVICE_COLUMNS && more.length === 0;
  if (!isDevice || publicKey === undefined || portNumber === null) return refuse(1);
  const peers: ObservedPeer[] = [];
  for (const [index, line] of rest.entries()) {
    const peer = readPeer(line.split('\t'));
    if (peer === null) return refuse(index + 2);
    peers.push(peer);
    if (meter.isDue(PEER_MS)) yield;
  }
  const value = { publicKey: readOptional(publicKey), port: portNumber, peers };
  return { ok: true, value };
}

const readPeer = (columns: readonly string[]): ObservedPeer | null => {
  if (columns.length !== PEER_COLUMNS) return null;
  const [publicKey = '', presharedKey = '', endpoint = '', ips = ''] = columns;
  const [handshakeS, rxBytes, txBytes] = columns.slice(4).map(readNumber);
  const keepaliveS = columns[7] === 'off' ? 0 : readNumber(columns[7]);
  if (typeof handshakeS !== 'number' || typeof rxBytes !== 'number') return null;
  if (typeof txBytes !== 'number' || keepaliveS === null) return null;
  return {
    publicKey,
    hasPresharedKey: readOptional(presharedKey) !== null,
    endpoint: readOptional(endpoint),
    allowedIps: ips === '(none)' ? [] : ips.split(',').toSorted(),
    handshakeAtMs: handshakeS === 0 ? null : handshakeS * 1000,
    rxBytes,
    txBytes,
    keepaliveS,
  };
};

const readOptional = (text: string): string | null => (text === '(none)' ? null : text);

const readNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
