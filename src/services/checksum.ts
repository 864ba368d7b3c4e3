/**
 * Rule: checksum — tells texts apart in few characters, and spreads them. It protects nothing.
 */

/** FNV-1a over UTF-8, 32 bits. */
export const fnv1a = (text: string): number => {
  let hash = 0x811c_9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash >>> 0;
};

/** The same as 8 digits of hex. */
export const checksum = (text: string): string => fnv1a(text).toString(16).padStart(8, '0');
