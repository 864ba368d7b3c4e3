/**
 * Rule: vpn — the service that gives this VM a WireGuard interface with a tunnel to every member.
 *
 * Direct, full mesh, no server: each member keeps every other as a peer. `read.ts` says what is,
 * `plan.ts` what should be, `diff.ts` what to run, `endpoint.ts` where a peer is, `signs.ts` and
 * `monitor.ts` when to look again.
 */
import type { NodeSelf, Opening, Service } from '../service.ts';
import { diff } from './diff.ts';
import { monitors } from './monitor.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { digest, read } from './read.ts';
import { summary } from './report.ts';
import { later, signs } from './signs.ts';
import type { VpnDesired, VpnObserved } from './state.ts';

const opening = (self: NodeSelf, protocol: 'tcp' | 'udp', why: string): Opening => ({
  zone: 'wan',
  protocol,
  ports: [self.port, self.port],
  why,
});

/** The VPN. */
export const vpn: Service<VpnDesired, VpnObserved> = {
  name: 'vpn',
  monitors,
  probes,
  digest,
  read,
  plan,
  later,
  diff,
  signs,
  summary,
  openings: (_view, self) => [
    opening(self, 'udp', 'WireGuard tunnels'),
    opening(self, 'tcp', 'swarm of the members'),
  ],
};
