/**
 * Rule: vpn key text — a WireGuard key as `wg` writes it.
 *
 * The same members are looked at over and over, so the text of each key is made once.
 */
import { base64 } from '@scure/base';

const texts = new WeakMap<Uint8Array, string>();

/** A key of 32 bytes as text. The bytes may not be changed afterwards. */
export function keyText(key: Uint8Array): string {
  const text = texts.get(key) ?? base64.encode(key);
  texts.set(key, text);
  return text;
}
