/**
 * Edge: UDP ports — whether somebody has a port, by the kernel's own list: that names the sockets
 * of the kernel's WireGuard too, which belong to no process.
 */
import { readText } from './files.ts';

/** A list for each family; that of IPv6 is absent without it. */
const LISTS: readonly string[] = ['/proc/net/udp', '/proc/net/udp6'];

/** Of this network namespace; never rejects. Where no list can be read, as if somebody had it. */
export async function isUdpPortBound(port: number): Promise<boolean> {
  const texts = await Promise.all(LISTS.map((path) => readText(path).catch(() => null)));
  const lists = texts.filter((text) => text !== null);
  return lists.length === 0 || lists.some((text) => boundPorts(text).includes(port));
}

/** The local ports of a list: headings, then rows whose second word is `ADDRESS:PORT` in hex. */
const boundPorts = (list: string): readonly number[] =>
  list
    .split('\n')
    .slice(1)
    .map((line) => Number.parseInt(line.trim().split(/\s+/)[1]?.split(':')[1] ?? '', 16));
