/**
 * Edge: ssh caller — the connection by which a person reached this machine, so that no change of
 * policy cuts it.
 *
 * sshd tells its children in `SSH_CONNECTION`; sudo takes it from them. Then the next ancestor that
 * has it is asked, which root may do.
 */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Caller } from '../../services/verb.ts';

/** How many ancestors are asked. Unit: count. A shell, sudo and a multiplexer are four or five. */
const ANCESTORS_MAX = 16;

/** The connection, or null for who came otherwise. */
export async function sshCaller(ownValue: string | undefined): Promise<Caller | null> {
  if (ownValue !== undefined) return readConnection(ownValue);
  let pid = process.ppid;
  for (let at = 0; at < ANCESTORS_MAX && pid > 1; at += 1) {
    const value = await environmentOf(pid, 'SSH_CONNECTION');
    if (value !== null) return readConnection(value);
    pid = await parentOf(pid);
  }
  return null;
}

/**
 * `<remote address> <remote port> <own address> <own port>`; null for anything else, and for who
 * comes by way of this machine itself: from where, nobody can tell.
 */
export function readConnection(text: string): Caller | null {
  const [from = '', fromPort = '', to = '', toPort = '', ...rest] = text.trim().split(' ');
  const remote = { host: plainHost(from), port: Number(fromPort) };
  const local = { host: plainHost(to), port: Number(toPort) };
  const isGood = [remote, local].every(
    ({ host, port }) => isIP(host) !== 0 && Number.isInteger(port) && port > 0 && port < 65_536,
  );
  const isKnown = !/^(?:127\.|::1$)/.test(remote.host);
  return isGood && isKnown && rest.length === 0 ? { remote, local } : null;
}

/** Without the zone of a link-local address, and without the shell of a mapped one. */
const plainHost = (host: string): string => host.replace(/%.*$/, '').replace(/^::ffff:/i, '');

async function environmentOf(pid: number, name: string): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  const entry = text.split('\0').find((one) => one.startsWith(`${name}=`));
  return entry === undefined ? null : entry.slice(name.length + 1);
}

/** The fourth field of `stat`, counted from the end of the name, which may hold anything. */
async function parentOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}
