/**
 * Rule: lb forwarding — that this VM passes on what is for backends: a frontend does, and most VMs
 * have it off.
 *
 * 1. Only switched on, and taken back when the service goes: others may have come to rely on it.
 * 2. A VM that forwards IPv6 takes no more router advertisements, and loses its way out, unless it
 *    is told to: those that took them go on.
 */
import type { HostResult } from '../../ports.ts';
import type { Command, CommandProbe, Undo } from '../service.ts';

/** How this VM forwards. Null: it has not that family. */
export interface Forwarding {
  readonly ipv4: boolean | null;
  readonly ipv6: boolean | null;
  /** Interfaces that take router advertisements only while IPv6 is not forwarded. */
  readonly advertised: readonly string[];
}

const PLACE4 = '/proc/sys/net/ipv4/ip_forward';
const CONF6 = '/proc/sys/net/ipv6/conf';
const PLACE6 = `${CONF6}/all/forwarding`;

/** What lists it: a line `PATH:VALUE` for each. Where there is no IPv6, its paths are missing. */
export const FORWARDING: CommandProbe = {
  name: 'forwarding',
  argv: ['sh', '-c', `grep -Hs . ${PLACE4} ${PLACE6} ${CONF6}/*/accept_ra; true`],
};

/** Reads the list. */
export const readForwarding = ({ stdout }: HostResult): Forwarding => {
  const values = new Map(
    stdout.split('\n').flatMap((line) => {
      const split = line.lastIndexOf(':');
      return split < 0 ? [] : [[line.slice(0, split), line.slice(split + 1)] as const];
    }),
  );
  const isOn = (path: string): boolean | null => {
    const value = values.get(path);
    return value === undefined ? null : value !== '0';
  };
  const advertised = [...values].flatMap(([path, value]) => {
    const [, name] = /^\/proc\/sys\/net\/ipv6\/conf\/(.+)\/accept_ra$/.exec(path) ?? [];
    return name === undefined || name === 'all' || name === 'lo' || value !== '1' ? [] : [name];
  });
  return { ipv4: isOn(PLACE4), ipv6: isOn(PLACE6), advertised };
};

/** Ids in the ledger. */
const UNDO4 = 'lb-forward-ipv4';
const UNDO6 = 'lb-forward-ipv6';

/** The commands that switch it on. `made`: what is in the ledger. */
export const forwardSteps = (
  { ipv4, ipv6, advertised }: Forwarding,
  made: ReadonlySet<string>,
): readonly Command[] => [
  ...(ipv4 === false ? [write(UNDO4, 'IPv4 was not forwarded', [PLACE4, '1', '0'])] : []),
  // Who had forwarding on before knows what it means.
  ...(ipv6 === false || made.has(UNDO6)
    ? advertised.map((name) =>
        write(`lb-advertised-${name}`, `router advertisements would not be taken at ${name}`, [
          ...[`${CONF6}/${name}/accept_ra`, '2', '1'],
        ]),
      )
    : []),
  ...(ipv6 === false ? [write(UNDO6, 'IPv6 was not forwarded', [PLACE6, '1', '0'])] : []),
];

/** `place`: the file, what is written there, and what was there. */
const write = (
  id: string,
  found: string,
  [path = '', value = '', before = '']: string[],
): Command => ({
  kind: 'run',
  argv: writing(path, value),
  found: [found],
  undo: { [id]: { kind: 'run', argv: writing(path, before) } satisfies Undo },
});

const writing = (path: string, value: string): readonly string[] => [
  // An interface may be gone when this is undone.
  ...['sh', '-c', '[ ! -e "$2" ] || echo "$1" >"$2"', 'sh', value, path],
];
