/**
 * Rule: names — what members, meshes and labels may be called.
 *
 * Names become DNS labels and parts of rule texts on every host, so they are narrow; labels follow
 * Kubernetes' shape.
 */

/** What a name is made of: a DNS label of RFC 1123, 1 to 63 characters. */
export const NAME_PATTERN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_KEY_PATTERN = /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/;
/** What the value of a label is made of. It may be empty. */
export const LABEL_VALUE_PATTERN = /^[A-Za-z0-9._-]{0,63}$/;

/** Most labels of one member or invite. */
export const LABELS_MAX = 16;

/** Outcome of reading a text that a person wrote. */
export type Parsed<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly why: string };

/** A member's or mesh's name, taken as it stands. */
export const parseName = (text: string): Parsed<string> =>
  NAME_PATTERN.test(text)
    ? { ok: true, value: text }
    : {
        ok: false,
        why: 'a name has 1 to 63 characters a-z, 0-9 and -, and neither begins nor ends with -',
      };

/** Words that mean more than one member where a member can be named. */
const RESERVED: readonly string[] = ['all', 'any', 'mesh'];

/** The name that somebody wants for a member: one that means that member and nothing else. */
export const parseMemberName = (text: string): Parsed<string> =>
  RESERVED.includes(text) ? { ok: false, why: 'means more than one member' } : parseName(text);

/** Whether a text may be a label's key. Two words are left out: no record may hold them. */
export const isLabelKey = (text: string): boolean =>
  LABEL_KEY_PATTERN.test(text) && text !== 'constructor' && text !== 'prototype';

/** One `key=value`. The value may be empty; the text may not lack the `=`. */
export const parseLabel = (text: string): Parsed<readonly [key: string, value: string]> => {
  const split = text.indexOf('=');
  if (split < 0) return { ok: false, why: 'a label is written key=value' };
  const [key, value] = [text.slice(0, split), text.slice(split + 1)];
  if (!isLabelKey(key)) {
    return {
      ok: false,
      why: 'a key has 1 to 63 characters a-z, 0-9, . _ / - and begins and ends with a-z or 0-9',
    };
  }
  if (!LABEL_VALUE_PATTERN.test(value)) {
    return { ok: false, why: 'a value has 0 to 63 characters A-Z, a-z, 0-9, . _ and -' };
  }
  return { ok: true, value: [key, value] };
};
