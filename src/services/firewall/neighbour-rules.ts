/**
 * Rule: firewall neighbour rules — what the rules of another program's chain do with what comes in
 * on our interface or leaves by it, as far as a look can tell.
 *
 * 1. Only what is certain counts: a last rule that takes everything, and a rule for our interface
 *    that accepts. All else is left open.
 */
import type { Json } from './foreign-asks.ts';
import { isNamed } from './foreign-passage.ts';
import { statementsOf, targetOf } from './foreign-rules.ts';

/** Rules of a table as they were listed, by chain. */
type ByChain = ReadonlyMap<string, readonly Json[]>;

/** Whether a chain ends with a rule that drops or refuses whatever gets there. */
export const endsClosed = (rules: ByChain, chain: string): boolean => {
  const last = rules.get(chain)?.at(-1);
  if (last === undefined) return false;
  const statements = statementsOf(last);
  return isForAll(statements) && statements.some((each) => 'drop' in each || 'reject' in each);
};

/** A base chain. `isOpen`: by its policy what leaves it passes. */
interface Base {
  readonly rules: ByChain;
  readonly chain: string;
  readonly isOpen: boolean;
}

/** Whether it, or a chain to which it leads, accepts all that comes in on, or leaves by, ours. */
export const letsPass = (
  { rules, chain, isOpen }: Base,
  name: string,
  key: 'iif' | 'oif',
): boolean => {
  const seen = new Set([chain]);
  for (const each of seen) {
    for (const rule of rules.get(each) ?? []) {
      const statements = statementsOf(rule);
      const targets = statements.flatMap(targetOf);
      for (const target of targets) seen.add(target);
      if (!isForInterface(statements, name, key)) continue;
      if (statements.some((one) => 'accept' in one)) return true;
      // From here it comes to the policy.
      if (isOpen && each === chain && statements.some((one) => 'return' in one)) return true;
      if (targets.some((target) => acceptsAll(rules, target))) return true;
    }
  }
  return false;
};

/** Nothing of a rule asks for anything. */
const isForAll = (statements: readonly Json[]): boolean =>
  statements.every((each) => ['counter', 'log', 'drop', 'reject', 'accept'].some((n) => n in each));

const acceptsAll = (rules: ByChain, chain: string): boolean =>
  (rules.get(chain) ?? []).some((rule) => {
    const statements = statementsOf(rule);
    return isForAll(statements) && statements.some((each) => 'accept' in each);
  });

/** It asks for the interface, and for nothing else. */
const isForInterface = (statements: readonly Json[], name: string, key: string): boolean => {
  const matches = statements.flatMap(({ match }) => (match === undefined ? [] : [match as Json]));
  const [only, ...more] = matches;
  if (only === undefined || more.length > 0 || only.op !== '==') return false;
  const { meta } = Object(only.left) as { readonly meta?: { readonly key?: unknown } };
  if (meta?.key !== `${key}name` && meta?.key !== key) return false;
  const { set } = Object(only.right) as { readonly set?: unknown };
  const names: readonly unknown[] = Array.isArray(set) ? set : [only.right];
  return names.some((each) => isNamed(String(each), name));
};
