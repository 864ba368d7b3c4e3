/**
 * Rule: plain yaml — an answer as YAML that can neither move nor paint a terminal.
 *
 * A file of its own because it is loaded only for who asks for YAML.
 */
import { Document, visit } from 'yaml';
import { UNPLAIN } from './plain-text.ts';

/** YAML knows no halves of a character: one beyond the basic plane is escaped whole. */
const escapeOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
};

/**
 * YAML that reads back to the same, in which the characters that `plainJson` escapes are escaped.
 * Only double quotes know escapes, so whatever holds such a character stands in them.
 */
export function plainYaml(body: unknown): string {
  const document = new Document(body);
  visit(document, {
    Scalar: (_key, scalar) => {
      const { value } = scalar;
      if (typeof value === 'string' && value.search(UNPLAIN) >= 0) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString().replace(UNPLAIN, escapeOf);
}
