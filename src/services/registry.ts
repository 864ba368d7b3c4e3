/**
 * Rule: registry — the services that this build carries. A new one is a folder and a line here.
 */
import { firewall } from './firewall/firewall.ts';
import { lb } from './lb/lb.ts';
import type { Seen, Service } from './service.ts';
import { vpn } from './vpn/vpn.ts';

/** A service whose own records only itself can read. */
export type AnyService = Service<unknown, unknown>;

/**
 * Forgets a service's own types. Sound as long as a service is given only what it returned itself,
 * which is all that an agent does.
 */
const erase = <Desired, Observed>(service: Service<Desired, Observed>): AnyService => ({
  ...service,
  *digest(view, self, seen, meter) {
    yield* service.digest?.(view, self, seen as Seen<Observed>, meter) ?? [];
  },
  read: (results, self, before) => service.read(results, self, before as Observed | null),
  plan: (view, self, observed) => service.plan(view, self, observed as Observed),
  later: (observed, elapsedMs) => service.later?.(observed as Observed, elapsedMs) ?? observed,
  diff: (desired, observed) => service.diff(desired as Desired, observed as Observed),
  signs: (desired, observed, view, self) =>
    service.signs(desired as Desired, observed as Observed, view, self),
  boot: (desired) => service.boot?.(desired as Desired) ?? null,
  summary: (observed, view, self) => service.summary(observed as Observed, view, self),
});

/** All services, in the order in which they are started. */
export const SERVICES: readonly AnyService[] = [erase(vpn), erase(firewall), erase(lb)];

/** Their names: what a VM may consent to. */
export const SERVICE_NAMES: readonly string[] = SERVICES.map(({ name }) => name);
