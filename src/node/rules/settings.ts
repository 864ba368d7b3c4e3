/**
 * Rule: settings — the flags that init and join share, from text to values, each with the reason
 * when it is refused.
 */
import { canBeHost, isAddress, parsePrefix4, parsePrefix6 } from '../../crdt/addresses.ts';
import { parseMemberName, parseName } from '../../crdt/names.ts';
import { Fault } from '../../fault.ts';
import type { Endpoint } from '../../ports.ts';

/** The flags as typed; absent ones take their default. */
export interface SettingTexts {
  readonly mesh?: string;
  readonly member?: string;
  readonly prefix?: string;
  readonly prefix6?: string;
  readonly port?: string;
  readonly interface?: string;
  readonly advertise?: string;
  readonly services?: string;
  readonly allowRun?: boolean;
  readonly notEligible?: boolean;
}

/** The flags as values. `prefix6` null: a random one is made. */
export interface Settings {
  readonly mesh: string;
  readonly member: string;
  readonly prefix: string;
  readonly prefix6: string | null;
  readonly port: number;
  readonly interface: string;
  readonly advertised: Endpoint | null;
  readonly services: readonly string[];
  readonly allowRun: boolean;
  /** Whether this VM may have the core role. */
  readonly eligible: boolean;
}

const INTERFACE_PATTERN = /^[a-z][a-z0-9_-]{0,14}$/;

/**
 * Reads the flags. `known`: the services that there are. Fault 'refused' names the first one that
 * is not acceptable.
 */
export function readSettings(
  texts: SettingTexts,
  hostname: string,
  known: readonly string[],
): Settings {
  const port = readPort(texts.port ?? '7300');
  return {
    mesh: readName('mesh', texts.mesh ?? 'mesh'),
    member: readName('member', texts.member ?? shortName(hostname)),
    prefix: readPrefix('prefix', texts.prefix ?? '10.10.0.0/16', parsePrefix4),
    prefix6:
      texts.prefix6 === undefined ? null : readPrefix('prefix6', texts.prefix6, parsePrefix6),
    port,
    interface: readInterface(texts.interface ?? 'cnsmo0'),
    advertised:
      texts.advertise === undefined ? null : readEndpoint('advertise', texts.advertise, port),
    services: texts.services === undefined ? known : readServices(texts.services, known),
    allowRun: texts.allowRun ?? false,
    eligible: texts.notEligible !== true,
  };
}

/** The list of services a VM consents to, each of them `known`. */
export function readServices(text: string, known: readonly string[]): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (known.includes(name)) continue;
    throw refused('services', name, 'no such service', `choose from ${known.join(',')}`);
  }
  return [...new Set(names)];
}

/**
 * `ADDR` or `ADDR:PORT`, IPv6 with a port in brackets. `port`: where none is given. Fault 'refused'
 * for what is no address at which another VM can be reached.
 */
export function readEndpoint(field: string, text: string, port: number): Endpoint {
  if (isAddress(text)) return { host: reachable(field, text), port };
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  if (!isAddress(host)) {
    const remedy = 'give a numeric address, as 203.0.113.5, 203.0.113.5:7300 or [2001:db8::5]:7300';
    throw refused(field, text, 'not an address', remedy);
  }
  return {
    host: reachable(field, host),
    port: match?.[3] === undefined ? port : readPort(match[3]),
  };
}

function reachable(field: string, host: string): string {
  if (canBeHost(host)) return host;
  const why = 'an address at which no VM can reach another';
  throw refused(field, host, why, 'give the public address of the VM');
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw refused('port', text, 'not a port', 'give a number from 1 to 65535');
}

function readName(field: string, text: string): string {
  const name = field === 'member' ? parseMemberName(text) : parseName(text);
  if (name.ok) return text;
  const remedy = 'use 1 to 63 lower-case letters, digits and dashes, not at the ends';
  throw refused(field, text, name.why, remedy);
}

function readInterface(text: string): string {
  if (INTERFACE_PATTERN.test(text)) return text;
  const remedy = 'use 1 to 15 of a-z, 0-9, _ and -, a letter first';
  throw refused('interface', text, 'not a name for an interface', remedy);
}

function readPrefix(
  field: string,
  text: string,
  parse: (text: string) => { readonly ok: boolean; readonly why?: string },
): string {
  const prefix = parse(text);
  if (prefix.ok) return text;
  const remedy =
    field === 'prefix' ? 'give one as 10.10.0.0/16' : 'give one as fd12:3456:789a::/64';
  throw refused(field, text, prefix.why ?? 'not a prefix', remedy);
}

/** The host's own name as a member's: its first label, with what does not fit left out. */
const shortName = (hostname: string): string =>
  (hostname.split('.')[0] ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63) || 'vm';

const refused = (field: string, value: string, why: string, remedy: string): Fault =>
  new Fault('refused', { field, value: value === '' ? '(empty)' : value, why, remedy });
