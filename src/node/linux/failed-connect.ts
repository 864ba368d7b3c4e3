/** Edge: failed connect — what a connection tells that could not be made. */
import { codeOf } from './files.ts';

/**
 * What this VM lacks by itself: descriptors, memory, local ports, a way there, an address family.
 * It says nothing of whoever was to be reached.
 */
const OWN_LACKS: ReadonlySet<string> = new Set([
  ...['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN'],
  ...['EADDRNOTAVAIL', 'ENETUNREACH', 'ENETDOWN', 'EAFNOSUPPORT', 'EPERM', 'EACCES'],
]);

const isOwnLack = (code: string): boolean => OWN_LACKS.has(code);

/** `refused`; `unable CODE`: it is this VM's own trouble; else `silent`. */
export function failureOf(error: unknown): string {
  const code = codeOf(error) ?? '';
  if (code === 'ECONNREFUSED') return 'refused';
  return isOwnLack(code) ? `unable ${code}` : 'silent';
}
