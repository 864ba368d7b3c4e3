/**
 * Rule: lb listeners — which programs of this VM have a port at its addresses, by what `ss` lists.
 *
 * A frontend would take the port from them without a word, so it stays closed as long as they do.
 */
import type { HostResult } from '../../ports.ts';
import type { CommandProbe } from '../service.ts';

/** A program that has a port. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  /** Without brackets; `*`, `0.0.0.0` or `::`: all. */
  readonly host: string;
  readonly port: number;
  /** Its name and process, as far as this VM tells. */
  readonly program: string | null;
}

/** What lists them. */
export const LISTENERS: CommandProbe = {
  ...{ name: 'listeners', argv: ['ss', '-Hltunp'], isOfOthers: true },
};

const LINE =
  /^(tcp|udp)\s+\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(?:\s+users:\(\("([^"]*)",pid=(\d+))?/;

/** Reads the list. Null: it cannot be read, as where there is no `ss`. */
export const readListeners = ({ status, stdout }: HostResult): readonly Listener[] | null => {
  if (status !== 0) return null;
  return stdout.split('\n').flatMap((line): readonly Listener[] => {
    const [, protocol, place, port, name, pid] = LINE.exec(line) ?? [];
    if (protocol !== 'tcp' && protocol !== 'udp') return [];
    const [host = ''] = (place ?? '')
      .replace(/^\[|\]$/g, '')
      .replace(/\](?=%)/, '')
      .split('%');
    const program = name === undefined ? null : `${name}, process ${pid}`;
    return [{ protocol, host, port: Number(port), program }];
  });
};

/** Whether a program that has it there would lose connections to the other addresses. */
export const isInTheWay = (
  { host }: Listener,
  own: { readonly ipv4: string | null; readonly ipv6: string },
): boolean => host !== own.ipv4 && host !== own.ipv6 && !LOOPBACK.test(host);

/** IPv4 in IPv6 as well: so programs of Java have it. */
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;
