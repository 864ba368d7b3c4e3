/** What package-lock.json pins of each package that npm installs. */
import { readFileSync } from 'node:fs';

/** One package of the lock. */
export interface Locked {
  readonly version: string;
  /** Hashes of its archive, as `sha512-BASE64`; links to folders have none. */
  readonly integrity?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The lock: packages by their folder from the root of the project, which is '' itself. */
export type Lock = Readonly<Record<string, Locked>>;

/** Reads the lock of the project. */
export const readLock = (): Lock =>
  (JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Lock }).packages;

/** The SHA-512 of a package's archive as hexadecimal digits, or null when the lock has none. */
export const sha512Of = ({ integrity = '' }: Locked): string | null => {
  const base64 = /(?:^|\s)sha512-(\S+)/.exec(integrity)?.[1];
  return base64 === undefined ? null : Buffer.from(base64, 'base64').toString('hex');
};
