/** Rule: test proxies — what HAProxy has, for the tests. */
import type { ProxySlot } from './haproxy-state.ts';

/** A slot that nobody uses, or what of it is otherwise. */
export const slot = (change: Partial<ProxySlot> = {}): ProxySlot => ({
  ...{ name: 's1', address: '0.0.0.0', port: 8080, weight: 1, state: 'out' },
  ...{ isDown: false, connections: 0 },
  ...change,
});
