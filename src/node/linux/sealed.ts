/**
 * Edge: sealed — bytes encrypted with a passphrase, in the format of age: what `age --decrypt` of
 * any system opens as well.
 *
 * The passphrase goes through scrypt, which takes a second or two and 256 MB at both ends; nobody
 * can try many.
 */
import { Decrypter, Encrypter } from 'age-encryption';
import { Fault } from '../../fault.ts';

/** How every file of the format begins. */
const HEADER = 'age-encryption.org/v1\n';
/** The start of the line after it, where a passphrase is what opens the file. */
const BY_PASSPHRASE = '-> scrypt ';
/** scrypt's N is 2 to the power of this. age's own default. */
const WORK_FACTOR = 18;

/** Whether what begins so may be such a file; of its first byte or of more. */
export const mayBeSealed = (start: Uint8Array): boolean =>
  HEADER.startsWith(Buffer.from(start.subarray(0, HEADER.length)).toString());

/** Encrypts. `workFactor`: other than the usual only in tests, which have no time. */
export async function seal(
  content: Uint8Array,
  passphrase: string,
  workFactor = WORK_FACTOR,
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(workFactor);
  encrypter.setPassphrase(passphrase);
  return await encrypter.encrypt(content);
}

/**
 * Decrypts what stands in the file of this name. Fault 'refused' for another passphrase, for a file
 * that is no such one, and for one that was cut or changed.
 */
export async function unseal(
  content: Uint8Array,
  passphrase: string,
  file: string,
): Promise<Uint8Array> {
  const head = Buffer.from(content.subarray(0, HEADER.length + BY_PASSPHRASE.length)).toString();
  if (!head.startsWith(HEADER)) throw refused(file, 'is no backup', 'name one that cnsmo made');
  if (head.length === HEADER.length + BY_PASSPHRASE.length && !head.endsWith(BY_PASSPHRASE)) {
    throw refused(file, 'is encrypted for keys, not with a passphrase', 'name a backup of cnsmo');
  }
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(content);
  } catch (error) {
    const isOther = error instanceof Error && error.message.startsWith('no identity matched');
    if (isOther) throw refused('passphrase', 'does not open this backup', 'give another', error);
    const remedy = 'take another copy of it';
    throw refused(file, 'is cut or damaged', remedy, error);
  }
}

const refused = (value: string, why: string, remedy: string, cause?: unknown): Fault =>
  new Fault('refused', { field: 'backup', value, why, remedy }, cause);
