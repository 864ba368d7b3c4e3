/**
 * Rule: lb compile proxy — keeps others from HAProxy's local ports.
 *
 * 1. Only what the table sent there may come in: whoever asked for a local port itself would reach
 *    backends as this VM, past the rules that are for it.
 */
import {
  ct,
  elementsOf,
  goto,
  has,
  is,
  isNot,
  meta,
  type NftChain,
  type NftSet,
  payload,
  RETURN,
} from '../nft/tables.ts';
import { engineOf } from './balancers.ts';
import { rule } from './compile-balancer.ts';
import type { Dispatch } from './dispatch.ts';

/** The local ports, where there are any. */
export const proxySets = (dispatches: readonly Dispatch[]): readonly NftSet[] => {
  const ports = localPorts(dispatches);
  if (ports.length === 0) return [];
  const elements = elementsOf(ports.map((key) => ({ key, verdict: null, rule: null })));
  return [{ name: SET, kind: 'set', type: 'inet_service', flags: [], isCounted: false, elements }];
};

/** The chains that refuse others at those ports. */
export const proxyChains = (dispatches: readonly Dispatch[]): readonly NftChain[] =>
  localPorts(dispatches).length === 0
    ? []
    : [
        {
          name: 'refuse/input',
          hook: { hook: 'input', prio: -10 },
          rules: [
            rule(has(ct('status'), 'dnat'), RETURN),
            rule(
              ...[isNot(meta('iifname'), 'lo'), is(payload('tcp', 'dport'), `@${SET}`)],
              goto('refuse'),
            ),
          ],
        },
      ];

const SET = 'local';

const localPorts = (dispatches: readonly Dispatch[]): readonly number[] =>
  dispatches
    .filter(({ balancer, targets }) => engineOf(balancer) === 'haproxy' && targets.length > 0)
    .flatMap(({ balancer: { listen, port } }) => {
      const [first, last] = listen.ports;
      return Array.from({ length: last - first + 1 }, (_, index) => port + index);
    });
